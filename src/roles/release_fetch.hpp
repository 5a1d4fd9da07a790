// What a target does on its worker: fetches a signed release and its artifacts, checks every rule,
// and stores them. Blocks.
#pragma once

#include <functional>
#include <optional>

#include "operations/artifact.hpp"
#include "operations/order_text.hpp"
#include "operations/release.hpp"

namespace millwright::roles {

/// An artifact by the digest of its bytes, from outside. Blocks; called on the worker's executor.
/// `not_found`: there is none; any other error: later.
using Fetch = std::function<Result<Bytes>(const Digest&)>;

struct FetchOrder {
  operations::ReleaseOrder order;
  operations::Target target;
  /// The release that runs, whose version only goes up; none: anything is newer.
  std::optional<operations::ReleaseId> runs;
  bool may_go_down = false;
};

struct FetchOutcome {
  Result<void> done;
  bool may_retry = false;  ///< of a failure: nothing was wrong with the release
};

/// Afterwards the manifest and each artifact are in the store.
FetchOutcome fetch_release(const FetchOrder& order, const Fetch& fetch,
                           const operations::Verifier& verifier, operations::ArtifactStore& store);

}  // namespace millwright::roles
