// What Site, AssetType, Asset, Signal and Person resources say, as plain data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "catalog/device_spec.hpp"
#include "catalog/document.hpp"
#include "catalog/pipeline_spec.hpp"
#include "ontology/value.hpp"

namespace millwright::catalog {

struct SiteSpec {
  std::string title;
  std::string enterprise = "plant";
  std::string time_zone;
  std::string gateway;             ///< empty: edges speak to the hub themselves
  std::vector<std::string> edges;  ///< ids
};

/// A signal as declared by a type or overridden by a Signal. What is absent was not said.
struct SignalSpec {
  std::string name;
  std::string title;
  std::string unit;
  std::optional<ontology::DataType> datatype;
  Limits limits;  ///< in `unit`
  std::optional<Duration> period;
  std::optional<bool> raw_kept;

  /// This one where it says something, `base` elsewhere.
  SignalSpec over(const SignalSpec& base) const;
};

struct AssetTypeSpec {
  std::string title;
  std::string extends;
  std::vector<SignalSpec> signals;
  std::vector<std::string> parameters;
};

struct AssetSpec {
  std::string resource;
  std::string title;
  std::string type;
  std::string site;
  std::string area;
  std::string line;
  std::string part_of;
  std::vector<std::string> parameters;  ///< names that are given
  std::optional<EachSpec> each;
};

/// A metric as the source of a signal during [from, until).
struct SignalSource {
  std::string device;
  std::string edge;  ///< empty: the only one of that id at the site
  std::string metric;
  std::optional<Timestamp> from;
  std::optional<Timestamp> until;
};

/// The calibration that is declared to be in force.
struct CalibrationSpec {
  std::string certificate;
  Timestamp calibrated;
  std::optional<Timestamp> valid_until;
  std::optional<double> uncertainty;  ///< expanded (k = 2), in the unit of the signal

  bool in_force(Timestamp at) const {
    return calibrated <= at && (!valid_until || at < *valid_until);
  }
};

struct SignalOverride {
  std::string resource;
  std::string asset;
  SignalSpec signal;  ///< name = quantity
  std::vector<SignalSource> sources;
  std::optional<CalibrationSpec> calibration;
};

struct PersonSpec {
  std::string full_name;
  std::string email;
  std::string public_key;  ///< Ed25519, Base64; empty: cannot approve
  std::vector<std::string> roles;
  std::vector<std::string> sites;  ///< empty: all
};

// Each reads a `spec`; shapes that are wrong count as absent, so that a document with problems can
// still be referred to.
SiteSpec parse_site_spec(const Node& spec);
AssetTypeSpec parse_asset_type_spec(const Node& spec);
AssetSpec parse_asset_spec(std::string_view name, const Node& spec);
SignalOverride parse_signal_spec(std::string_view name, const Node& spec);
PersonSpec parse_person_spec(const Node& spec);
std::optional<EachSpec> parse_each(const Node& spec);

/// Ids (or asset names) that a resource stands for with their keys: one with an empty key when
/// there is no `each`.
struct Instance {
  std::string name;
  std::string key;
};
std::vector<Instance> instances_of(std::string_view resource, const std::optional<EachSpec>& each);

}  // namespace millwright::catalog
