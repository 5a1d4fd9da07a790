// Every kind with its table and what it is for.
#include "catalog/declaration_tables.hpp"

namespace millwright::catalog {

std::span<const Declaration> declarations() {
  static const Declaration table[] = {
      {Kind::site, "A place with edges and, where there is one, a gateway.", tables::site()},
      {Kind::asset_type, "A class of assets (ISA-95 equipment class): the signals that each has.",
       tables::asset_type()},
      {Kind::asset, "A thing that does work, at `enterprise/site/area/line/asset`.",
       tables::asset()},
      {Kind::device, "A thing that reports: what an edge reads, how, and what it measures.",
       tables::device()},
      {Kind::signal,
       "One signal of an asset where it differs from its type, or where its source changed.",
       tables::signal()},
      {Kind::pipeline, "What an edge does with values before they are stored.", tables::pipeline()},
      {Kind::person,
       "A person who may decide. One without a key is known and asked, but cannot approve.",
       tables::person()},
      {Kind::use_case,
       "An outcome that somebody wants and owns: its KPIs, the data and models that it needs, and "
       "when it is judged.",
       tables::use_case()},
      {Kind::kpi,
       "A number that says whether an outcome came: target, baseline and how it is taken.",
       tables::kpi()},
      {Kind::role,
       "Who decides what (RACI). Over all Role resources exactly one person is accountable for "
       "each decision about each kind of object.",
       tables::role()},
      {Kind::model,
       "How a model is trained and what it reads. Versions of it are made by training.",
       tables::model()},
  };
  return table;
}

}  // namespace millwright::catalog
