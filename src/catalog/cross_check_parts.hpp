// Inside of cross_check: one check per kind, and how problems are reported.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "catalog/index.hpp"
#include "catalog/validate.hpp"

namespace millwright::catalog {

using Names = std::map<std::string, const Declared*, std::less<>>;
struct NameTables {
  Names sites;
  Names types;
  Names assets;  ///< templates expanded
  Names persons;
  Names kpis;
  Names models;
};

class Reporter {
 public:
  void add(Problem problem) { problems_.push_back(std::move(problem)); }
  /// `path` is below spec; its place is looked up in the document.
  void add(const Declared& where, const std::string& path, std::string what, std::string expected,
           std::string nearest, std::string remedy);
  /// The resource of that name, or nullptr after a problem was added.
  const Declared* reference(const Declared& where, const std::string& path, Kind kind,
                            const std::string& name, const Names& known);
  std::vector<Problem> take() { return std::move(problems_); }

 private:
  std::vector<Problem> problems_;
};

/// `file:line`, or `the catalog` for a stored one.
std::string place_of(const Declared& declared);

void check_asset_type(const Entry<AssetTypeSpec>& entry, const Index& index,
                      const NameTables& names, Reporter& report);
void check_asset(const Entry<AssetSpec>& entry, const Index& index, const NameTables& names,
                 Reporter& report);
void check_device(const Entry<DeviceSpec>& entry, const Index& index, const NameTables& names,
                  Reporter& report);
void check_signals(const Index& index, const NameTables& names, Reporter& report);
void check_pipelines(const Index& index, const NameTables& names, Reporter& report);
void check_score_stage(const Entry<PipelineSpec>& pipeline, std::size_t stage, const Index& index,
                       const NameTables& names, Reporter& report);
void check_use_case(const Entry<UseCaseSpec>& entry, const Index& index, const NameTables& names,
                    Reporter& report);
void check_kpi(const Entry<KpiSpec>& entry, Reporter& report);
void check_model(const Entry<ModelSpec>& entry, const Index& index, const NameTables& names,
                 Reporter& report);
/// Persons exist; over all Roles one is accountable for each decision.
void check_roles(const Index& index, const NameTables& names, Reporter& report);
/// The edge exists at the site; nothing is said when the site does not.
void check_edge(const Declared& where, const std::string& site, const std::string& edge,
                const Index& index, Reporter& report);
/// The unit of a metric after the pipelines of its device: that of the last scale stage.
std::string unit_after(const Entry<DeviceSpec>& device, const MetricSpec& metric,
                       const Index& index);
/// Bounds are in order, rate and time limits fit numbers. `path` is that of the declaration.
void check_limits(const Declared& where, const std::string& path, const Limits& limits,
                  Reporter& report);
/// `code` can be turned into `wanted`; nothing is said of codes that do not parse.
void check_commensurable(const Declared& where, const std::string& path, const std::string& code,
                         const std::string& wanted, std::string_view of, Reporter& report);

}  // namespace millwright::catalog
