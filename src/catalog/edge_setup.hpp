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
#include "catalog/model_spec.hpp"
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

/// One model that judges the scans of a device, for the stage that carries it out.
struct ScoreSetup {
  std::size_t after = 0;  ///< number of `DeviceSetup::stages` whose results it sees
  ScoreStage stage;
  ModelSpec model;
  std::string identity;  ///< of the Model resource: `name@generation:digest`
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
  /// Models of tier edge that judge this device; `stages` never holds a ScoreStage.
  std::vector<ScoreSetup> scores;
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

/// A device whose scans a gateway judges.
struct GatewayScore {
  std::string edge;
  std::string device;
  std::string asset;
  ModelSpec model;
  std::string identity;  ///< of the Model resource: `name@generation:digest`
};

/// All that the gateway of a site has to judge: the score stages of its edges' pipelines whose
/// models are of tier gateway. not_found: no such site.
Result<std::vector<GatewayScore>> gateway_scores(const std::vector<Resource>& resources,
                                                 std::string_view site);

}  // namespace millwright::catalog
