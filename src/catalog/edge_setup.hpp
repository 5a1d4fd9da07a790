// All that one edge has to do, taken from the catalog: its devices with every template expanded,
// the limits of their signals, and the pipelines that apply to each.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "catalog/device_spec.hpp"
#include "catalog/pipeline_spec.hpp"
#include "catalog/resource.hpp"

namespace millwright::catalog {

/// One metric of a device together with what its signal declares.
struct MetricSetup {
  MetricSpec spec;
  std::string signal_unit;         ///< UCUM code; empty: the metric measures no declared signal
  Limits limits;                   ///< in `signal_unit`
  std::optional<Duration> period;  ///< expected time between samples
  bool raw_kept = false;           ///< by its signal or by the pipeline
};

/// One device that reports under an id of its own.
struct DeviceSetup {
  std::string id;     ///< wire id, such as `test-007`
  std::string key;    ///< key of the template (`7`); empty for a single device
  std::string asset;  ///< may be empty
  std::vector<MetricSetup> metrics;
  std::optional<std::size_t> pipeline;  ///< index in EdgeSetup::pipelines; absent: values pass as
                                        ///< they are
  /// The stages of the pipeline for this device: flags by declared limits stand as one stage per
  /// metric with those limits in the metric's unit, aggregates have their expected counts.
  std::vector<StageSpec> stages;
};

/// Devices that share one driver instance: all of one Device resource, read in one pass.
struct SourceSetup {
  std::string resource;
  DriverSpec driver;  ///< variables expanded
  std::vector<DeviceSetup> devices;
};

struct PipelineSetup {
  PipelineSpec spec;
  std::string identity;  ///< `name@generation:digest`, as recipes say it
};

struct EdgeSetup {
  std::string site;
  std::string edge;
  std::vector<SourceSetup> sources;
  std::vector<PipelineSetup> pipelines;
};

/// Values for `${name}` in file parameters, such as {"data", "/srv/recordings"}.
using Variables = std::map<std::string, std::string>;

/// The setup of one edge from resources that passed `check`. not_found: no such site or edge;
/// invalid_input: a variable that a file parameter names is not given.
Result<EdgeSetup> edge_setup(const std::vector<Resource>& resources, std::string_view site,
                             std::string_view edge, const Variables& variables);

}  // namespace millwright::catalog
