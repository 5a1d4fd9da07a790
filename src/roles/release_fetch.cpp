#include "roles/release_fetch.hpp"

#include "base/format.hpp"

namespace millwright::roles {
namespace {

using operations::Artifact;
using operations::refuse;

FetchOutcome refused(std::unexpected<Error> error) {
  return {.done = std::move(error), .may_retry = false};
}
FetchOutcome later(Error error) {
  return {.done = std::unexpected(std::move(error)), .may_retry = true};
}

/// Fetches content and checks that it is what its digest says.
Result<Bytes> fetch_checked(const Digest& digest, const Fetch& fetch, FetchOutcome& outcome) {
  auto content = fetch(digest);
  if (!content) {
    const Error error = content.error();
    outcome = error.code() == Code::not_found ? refused(refuse("missing_artifact", error.message()))
                                              : later(error);
    return content;
  }
  if (sha256(*content) == digest) return content;
  outcome = refused(
      refuse("changed_byte", fmt::format("what came for {} has another digest", digest.hex())));
  return std::unexpected(outcome.done.error());
}

Result<void> check_rules(const operations::Release& release, const FetchOrder& order) {
  if (release.id.digest != order.order.order.release) {
    return refuse("another_release", fmt::format("{} version {} is not the release that is ordered",
                                                 release.id.name, release.id.version));
  }
  if (!release.manifest.runs_on(order.target)) {
    return refuse("incompatible_target", fmt::format("{} version {} is not for {}", release.id.name,
                                                     release.id.version, order.target.id));
  }
  if (!order.runs || order.runs->name != release.id.name || order.may_go_down) return {};
  if (release.id.version > order.runs->version || release.id == *order.runs) return {};
  return refuse("older_release",
                fmt::format("version {} of {} is not above {}, which runs", release.id.version,
                            release.id.name, order.runs->version));
}

FetchOutcome fetch_artifact(const Artifact& artifact, const Fetch& fetch,
                            operations::ArtifactStore& store) {
  if (auto known = store.get(artifact.sha256); known && known->size() == artifact.size) return {};
  FetchOutcome outcome;
  const auto content = fetch_checked(artifact.sha256, fetch, outcome);
  if (!content) return outcome;
  if (content->size() != artifact.size) {
    return refused(
        refuse("changed_byte", fmt::format("{} has {} bytes, the manifest says {}", artifact.name,
                                           content->size(), artifact.size)));
  }
  if (auto stored = store.put(*content); !stored) return later(stored.error());
  return {};
}

}  // namespace

FetchOutcome fetch_release(const FetchOrder& order, const Fetch& fetch,
                           const operations::Verifier& verifier, operations::ArtifactStore& store) {
  FetchOutcome outcome;
  const auto text = fetch_checked(order.order.signed_release, fetch, outcome);
  if (!text) return outcome;
  const auto is_signed = operations::SignedRelease::decode(as_text(*text));
  if (!is_signed) {
    return refused(
        refuse("unreadable_release", is_signed.error().message(), is_signed.error().remedy()));
  }
  const auto release = operations::verify_release(*is_signed, verifier);
  if (!release) return refused(std::unexpected(release.error()));
  if (auto done = check_rules(*release, order); !done) {
    return refused(std::unexpected(done.error()));
  }
  for (const Artifact& artifact : release->manifest.artifacts) {
    outcome = fetch_artifact(artifact, fetch, store);
    if (!outcome.done) return outcome;
  }
  if (auto stored = store.put(as_bytes(is_signed->manifest)); !stored) {
    return later(stored.error());
  }
  return {};
}

}  // namespace millwright::roles
