// Training of a declared model from stored rows: which devices, which columns, one query that can
// be asked again, the features, the fit, the bundle. Pure over a port that answers SQL, so that the
// command line (over a hub's API) and a program that has the historian in it train alike. Not here:
// registering what was trained (Office), files, threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "catalog/model_spec.hpp"
#include "catalog/resource.hpp"
#include "engine/table.hpp"
#include "models/bundle.hpp"
#include "models/training.hpp"

namespace millwright::stewardship {

/// Answers one reading statement over the historian's views (`samples`, `current`, …).
using QueryFn = std::function<Result<engine::Table>(const std::string& sql)>;

struct TrainingPorts {
  const models::TreeTrainer& trainer;
  models::ForEach for_each;
  /// models::onnx_of, which is linked where it is named.
  std::function<Bytes(const models::TreeEnsemble&, std::string_view name)> onnx;
};

struct TrainingRequest {
  std::uint32_t version = 1;           ///< that the bundle gets: the registry's next
  std::optional<std::uint64_t> as_of;  ///< revision; empty: the newest of the devices' samples
  std::string trained_by;              ///< program and version
};

struct TrainedBundle {
  models::Bundle bundle;
  Bytes bytes;    ///< encoded
  Digest digest;  ///< of `bytes`
  std::string query;
  std::uint64_t as_of = 0;
  std::vector<models::Candidate> candidates;  ///< what cross-validation compared; trees only
  /// Declared training devices of which nothing is stored, as site/edge/device.
  std::vector<std::string> silent;
};

/// What training of a model reads.
struct TrainingSource {
  /// A metric as it becomes an input: value × factor + offset.
  struct Column {
    std::string metric;
    double factor = 1;
    double offset = 0;
    bool operator==(const Column&) const = default;
  };
  struct Device {
    std::string site;
    std::string edge;
    std::string device;
    std::vector<Column> columns;  ///< one an input
    std::string state = {};       ///< metric that tells the state; empty without a scope
    std::string text() const { return site + "/" + edge + "/" + device; }
  };
  std::vector<Device> devices;     ///< by text
  std::vector<std::string> units;  ///< UCUM, one an input: of the asset type's signals
  std::string labels;              ///< `fleet=training`: what chose the devices

  /// One row a scan: `device`, `ts_us`, then a column an input in its order; what is bad or missing
  /// is NULL. With a scope two more, and a row also where only a state is told: the state, empty
  /// where it is bad, NULL where none is told; the number of rows of inputs. As `current` was at
  /// revision `as_of`.
  std::string sql(const catalog::ModelSpec& spec, std::uint64_t as_of) const;
  /// The newest revision of any sample of the devices: one row, one column.
  std::string revision_sql() const;
};

/// The devices whose Device resource carries the labels of `spec.training`. `invalid_input`: none
/// does; `refused`: one does not have an input or the state, with all of them, the nearest name and
/// unit.
Result<TrainingSource> training_source(const catalog::ModelSpec& spec,
                                       const std::vector<catalog::Resource>& resources);

/// Trains; with `while`, on stretches (stewardship/stretches.hpp). The same rows, specification and
/// version give the same bytes, on however many threads: the time of training in the bundle is that
/// of the revision. `not_found`: the query has no rows, or no stretch can be learnt from; else as
/// models::train and models::fit_pca.
Result<TrainedBundle> train_model(const catalog::ModelSpec& spec,
                                  const std::vector<catalog::Resource>& resources,
                                  const QueryFn& query, const TrainingPorts& ports,
                                  const TrainingRequest& request,
                                  const models::ReportProgress& progress = {});

/// The Model resource of that name. `not_found` names the nearest.
Result<catalog::ModelSpec> find_model_spec(std::string_view name,
                                           const std::vector<catalog::Resource>& resources);

}  // namespace millwright::stewardship
