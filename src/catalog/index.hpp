// All resources by name, with templates expanded: what the cross-checks and the setups look things
// up in. Built for one pass, immutable; the resources outlive it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "catalog/asset_spec.hpp"
#include "catalog/device_spec.hpp"
#include "catalog/model_spec.hpp"
#include "catalog/outcome_spec.hpp"
#include "catalog/pipeline_spec.hpp"
#include "catalog/validate.hpp"
#include "ontology/address.hpp"

namespace millwright::catalog {

template <typename Spec>
struct Entry {
  const Declared* declared = nullptr;
  Spec spec;
};

/// One asset or device out of a resource that may stand for many.
struct Expanded {
  std::size_t entry = 0;  ///< index in Index::assets or Index::devices
  std::string name;
  std::string key;
};

/// A metric that measures a signal for a time.
struct SignalBinding {
  std::string asset;
  SignalSpec signal;  ///< with everything the type and the override say
  std::string path;   ///< ISA-95: enterprise/site/area/line/asset/signal
  ontology::DeviceAddress address;
  MetricSpec metric;
  std::optional<Timestamp> from;
  std::optional<Timestamp> until;
};

struct Index {
  explicit Index(const std::vector<Declared>& resources);

  std::map<std::string, Entry<SiteSpec>, std::less<>> sites;
  std::map<std::string, Entry<AssetTypeSpec>, std::less<>> types;
  std::vector<Entry<AssetSpec>> assets;
  std::vector<Entry<DeviceSpec>> devices;
  std::vector<Entry<SignalOverride>> signals;
  std::vector<Entry<PipelineSpec>> pipelines;
  std::vector<Entry<PersonSpec>> persons;
  std::map<std::string, Entry<UseCaseSpec>, std::less<>> use_cases;
  std::map<std::string, Entry<KpiSpec>, std::less<>> kpis;
  std::vector<Entry<RoleSpec>> roles;
  std::map<std::string, Entry<ModelSpec>, std::less<>> models;

  /// The first asset of each name, and all expansions in order.
  std::map<std::string, Expanded, std::less<>> asset_by_name;
  std::vector<Expanded> asset_instances;
  /// By site, edge and id.
  using DeviceKey = std::tuple<std::string, std::string, std::string>;
  std::map<DeviceKey, Expanded, std::less<>> device_by_key;
  std::vector<Expanded> device_instances;

  const AssetSpec* asset(std::string_view name) const;
  /// As declared, with the key of its template filled in; the name of one that is not declared.
  std::string asset_title(std::string_view name) const;
  /// Signals of a type, those of the types it extends included; stops at a cycle.
  std::vector<SignalSpec> signals_of_type(std::string_view type) const;
  /// `type` is `base` or extends it.
  bool is_a(std::string_view type, std::string_view base) const;
  /// Names of the assets that meet a selector, in order.
  std::vector<std::string> assets_of(const AssetSelector& selector) const;
  std::vector<std::string> parameters_of_type(std::string_view type) const;
  /// Signals of an asset with its overrides applied.
  std::vector<SignalSpec> signals_of_asset(std::string_view asset) const;
  /// Devices of a site with that id, of `edge` or of any when it is empty.
  std::vector<const Expanded*> find_devices(std::string_view site, std::string_view edge,
                                            std::string_view id) const;
  /// True when the pipeline is for the devices of that resource, or for this one of them.
  bool matches(const PipelineSpec& pipeline, const Entry<DeviceSpec>& device,
               std::string_view id) const;
  std::vector<SignalBinding> bindings() const;

 private:
  void expand();
};

/// Every metric that measures a declared signal, for the views that map series to signals.
std::vector<SignalBinding> signal_bindings(const std::vector<Resource>& resources);
/// Resources as they were read from the store.
std::vector<Declared> as_declared(const std::vector<Resource>& resources);

}  // namespace millwright::catalog
