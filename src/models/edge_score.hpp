// Tier 1: a PCA bundle behind the port of pipelines (fabric/pipeline/stage_model.hpp). One instance
// judges one device. Needs nothing beyond this folder's own code: no Eigen, no foreign runtime.
//
// Verdict on a scan: T², SPE, score and flag of the bundle's window features. An input that is bad
// or missing is carried from the last usable one (the rule of FeatureWindow), and the verdict is
// then uncertain:bad_input; with no usable input in the scan, or one that never had any, there is
// no verdict: no value, bad:bad_input. Until the window is full the verdict is
// uncertain:incomplete_window. The port gives each scan one verdict: a scan that comes late is
// judged in its place, but verdicts given before are not given again, and one that is older than
// what the window keeps has no value and is bad:incomplete_window. Scans outside of the bundle's
// scope do not come here: the stage answers for them, and says where the window begins anew.
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "fabric/pipeline/stage_model.hpp"
#include "models/model_counters.hpp"

namespace millwright::models {

/// Scans that a version replaced judges beside its successor, over all devices of the edge.
inline constexpr std::uint64_t edge_reference_scans = 1000;

/// Makes instances of the model in an encoded bundle, which is decoded here, once; the id of each
/// is `name@N:digest`. `bind` takes metrics by the names of the bundle's inputs, in units that
/// convert, and any of the outputs of pipeline::anomaly_outputs(), and lists everything else.
/// Errors of decode_bundle; invalid_input for a bundle of another kind than pca. `counters`, where
/// given, are those of all instances together. `reference` (empty: none) is the bundle of the
/// version before: what it says of the first scans is only counted. One that is no PCA bundle, or
/// does not fit the metrics, is left out: the counters then say that nothing was compared. Its
/// window begins anew in each life of the process.
Result<pipeline::StageModelFactory> edge_score_factory(
    ByteView bundle, std::shared_ptr<ModelCounters> counters = nullptr, ByteView reference = {});

/// What stands in the place of a model that was withdrawn: each verdict has no value and is
/// bad:function_check, as before the first model. Its id is empty.
pipeline::StageModelFactory withdrawn_model();

}  // namespace millwright::models
