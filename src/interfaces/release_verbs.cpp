// Making a release: its artifacts at the hub, its manifest signed by the person's key.
#include <algorithm>
#include <charconv>
#include <ostream>

#include "base/format.hpp"
#include "governance/base64.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/delivery_verbs.hpp"
#include "models/bundle.hpp"
#include "operations/release.hpp"

namespace millwright::interfaces {

namespace {

using operations::Artifact;
using operations::ArtifactKind;

/// Signs with the key of a person; verifiers know it by the person's name.
class PersonSigner final : public operations::Signer {
 public:
  explicit PersonSigner(const Identity& identity) : identity_(identity) {}
  std::string key() const override { return identity_.person; }
  Result<Bytes> sign(ByteView message) const override {
    const auto signature = identity_.key.sign(message);
    return Bytes(signature.bytes.begin(), signature.bytes.end());
  }

 private:
  const Identity& identity_;
};

/// `name@N`; nothing when the text is not of that form.
std::optional<std::pair<std::string, std::int64_t>> named_version(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  std::int64_t version = 0;
  const std::string_view number = text.substr(at + 1);
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), version);
  if (code != std::errc{} || end != number.data() + number.size() || version < 1)
    return std::nullopt;
  return std::pair(std::string(text.substr(0, at)), version);
}

Result<void> upload(HubClient& hub, std::string_view content) {
  auto stored = hub.post("/api/v1/artifacts",
                         Json::object({{"content", governance::to_base64(as_bytes(content))}}));
  if (!stored) return pass(std::move(stored), "uploading an artifact");
  return {};
}

/// A registered model version: its bytes are fetched, so that what is signed was seen.
Result<Artifact> registered_model(HubClient& hub, const std::string& name, std::int64_t version) {
  auto models = hub.get("/api/v1/models");
  if (!models) return pass(std::move(models));
  std::vector<std::string_view> names;
  for (const Json& model : (*models)["models"].items()) {
    names.push_back(model["name"].string());
    if (model["name"].string() != name || model["version"].integer() != version) continue;
    auto digest = operations::parse_digest(model["digest"].string());
    if (!digest) return pass(std::move(digest));
    auto bytes = hub.text("/api/v1/artifacts/" + digest->hex());
    if (!bytes) return pass(std::move(bytes), "fetching the model");
    if (sha256(as_bytes(*bytes)) != *digest)
      return fail(Code::corrupt, fmt::format("{}@{} is not what its digest says", name, version));
    return Artifact{ArtifactKind::model, name, version, *digest, bytes->size()};
  }
  const auto nearest = nearest_name(name, names);
  return fail(Code::not_found, fmt::format("the hub has no model {}@{}", name, version),
              nearest.empty() || nearest == name ? std::string("see 'millwright model list'")
                                                 : fmt::format("did you mean '{}'?", nearest));
}

Result<Artifact> model_artifact(HubClient& hub, const Terminal& terminal, const std::string& text) {
  auto bytes = terminal.read_file(text);
  if (!bytes) {
    if (const auto named = named_version(text))
      return registered_model(hub, named->first, named->second);
    return pass(std::move(bytes), "model " + text);
  }
  auto bundle = models::decode_bundle(as_bytes(*bytes));
  if (!bundle) return pass(std::move(bundle), text);
  if (auto done = upload(hub, *bytes); !done) return pass(std::move(done));
  return Artifact{ArtifactKind::model, bundle->name, bundle->version, sha256(as_bytes(*bytes)),
                  bytes->size()};
}

Result<Artifact> file_artifact(HubClient& hub, const Terminal& terminal, ArtifactKind kind,
                               const std::string& text) {
  const auto equals = text.find('=');
  const auto named = named_version(std::string_view(text).substr(0, equals));
  if (equals == std::string::npos || !named) {
    return fail(Code::invalid_input, fmt::format("'{}' names no artifact", text),
                fmt::format("write --{} NAME@N=FILE", operations::name_of(kind)));
  }
  auto bytes = terminal.read_file(text.substr(equals + 1));
  if (!bytes) return pass(std::move(bytes));
  if (auto done = upload(hub, *bytes); !done) return pass(std::move(done));
  return Artifact{kind, named->first, named->second, sha256(as_bytes(*bytes)), bytes->size()};
}

Result<std::vector<Artifact>> artifacts_of(HubClient& hub, const Terminal& terminal,
                                           const ReleaseOptions& options) {
  std::vector<Artifact> out;
  const auto add = [&](Result<Artifact> artifact) -> Result<void> {
    if (!artifact) return pass(std::move(artifact));
    out.push_back(std::move(*artifact));
    return {};
  };
  for (const std::string& model : options.models) {
    if (auto done = add(model_artifact(hub, terminal, model)); !done) return pass(std::move(done));
  }
  for (const std::string& text : options.pipelines) {
    auto done = add(file_artifact(hub, terminal, ArtifactKind::pipeline, text));
    if (!done) return pass(std::move(done));
  }
  for (const std::string& text : options.configs) {
    auto done = add(file_artifact(hub, terminal, ArtifactKind::config, text));
    if (!done) return pass(std::move(done));
  }
  std::ranges::sort(out);
  return out;
}

Result<std::vector<operations::Selector>> selectors_of(const ReleaseOptions& options) {
  std::vector<operations::Selector> out;
  for (const std::string& text : options.targets) {
    auto selector = operations::Selector::parse(text);
    if (!selector) return pass(std::move(selector), "--for " + text);
    out.push_back(std::move(*selector));
  }
  if (out.empty()) out.emplace_back();
  return out;
}

}  // namespace

Result<void> DeliveryVerbs::create_release(const ReleaseOptions& options) {
  auto identity = identity_of(options.identity, terminal_);
  if (!identity) return pass(std::move(identity));
  hub_.sign_as(*identity, clock_);
  operations::Manifest manifest;
  manifest.name = options.name;
  manifest.author = identity->actor();
  manifest.created = clock_.utc_now();
  auto selectors = selectors_of(options);
  if (!selectors) return pass(std::move(selectors));
  manifest.compatible = std::move(*selectors);
  auto releases = hub_.get("/api/v1/releases");
  if (!releases) return pass(std::move(releases));
  for (const Json& release : (*releases)["releases"].items()) {
    if (release["name"].string() == options.name)
      manifest.version = std::max(manifest.version, release["version"].integer());
  }
  ++manifest.version;
  auto artifacts = artifacts_of(hub_, terminal_, options);
  if (!artifacts) return pass(std::move(artifacts));
  manifest.artifacts = std::move(*artifacts);
  auto signed_release = operations::sign_release(manifest, PersonSigner(*identity));
  if (!signed_release) return pass(std::move(signed_release));
  auto made = hub_.post("/api/v1/releases", Json::object({{"signed", signed_release->encode()}}));
  if (!made) return pass(std::move(made));
  View view;
  view.document = *made;
  view.headers = {"RELEASE", "DIGEST", "ARTIFACTS", "AUTHOR"};
  view.rows.push_back({fmt::format("{}@{}", (*made)["name"].string(), (*made)["version"].text()),
                       (*made)["digest"], exact(std::uint64_t{manifest.artifacts.size()}),
                       manifest.author});
  print(view, output_, terminal_.out);
  return {};
}

}  // namespace millwright::interfaces
