#include "operations/release.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/id.hpp"
#include "operations/event_body.hpp"

namespace millwright::operations {
namespace {

using catalog::Node;

constexpr std::string_view manifest_format = "millwright-release/1";
constexpr std::string_view signed_format = "millwright-signed-release/1";

/// The one document of `text`, when it is of `format`.
Result<Node> read_document(std::string_view text, std::string_view format) {
  if (text.size() > manifest_bytes_max) {
    return fail(Code::invalid_input,
                fmt::format("{} bytes are above the bound of {}", text.size(), manifest_bytes_max));
  }
  auto read = governance::parse_canonical_json(text);
  if (!read || read->type != Node::Type::map) {
    return fail(Code::invalid_input, read ? "this is not a map" : read.error().message(),
                "send the bytes that were signed, unchanged");
  }
  Node& root = *read;
  const std::string found = root.text_at("format");
  if (found == format) return std::move(root);
  const auto family = format.substr(0, format.find('/') + 1);
  if (found.starts_with(family)) {
    return fail(Code::unsupported_version, fmt::format("format {} is not read here", found),
                "update this program");
  }
  return fail(Code::invalid_input, fmt::format("this is not a document of format {}", format));
}

std::unexpected<Error> not_canonical() {
  return fail(Code::invalid_input, "the document is not in its canonical form",
              "send the bytes that were signed, unchanged");
}

Node artifact_node(const Artifact& artifact) {
  auto node = Node::make_map();
  node.add("kind", Node::make_text(name_of(artifact.kind)));
  node.add("name", Node::make_text(artifact.name));
  node.add("sha256", Node::make_text(artifact.sha256.hex()));
  node.add("size", Node::make_integer(static_cast<std::int64_t>(artifact.size)));
  node.add("version", Node::make_integer(artifact.version));
  return node;
}

Artifact read_artifact(const Node& node, BodyReader& whole) {
  BodyReader reader(node);
  Artifact artifact;
  const auto kind = artifact_kind_named(reader.text("kind"));
  artifact.kind = kind.value_or(ArtifactKind::model);
  artifact.name = reader.text("name");
  artifact.sha256 = reader.digest("sha256");
  const std::int64_t size = reader.integer("size");
  artifact.size = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0));
  artifact.version = reader.integer("version");
  if (!reader.ok() || !kind || size < 0) whole.invalidate("artifacts");
  return artifact;
}

/// What must hold of a manifest beyond the shape of its fields.
std::vector<Problem> problems_of(const Manifest& manifest) {
  std::vector<Problem> problems;
  const auto wrong = [&](std::string path, std::string what, std::string expected) {
    problems.push_back({{"", 0, 0, std::move(path)}, std::move(what), std::move(expected), "", ""});
  };
  if (!is_valid_name(manifest.name)) wrong("name", "not a valid name", "a-z, 0-9, '_', '.', '-'");
  if (manifest.version < 1) wrong("version", "not a version", "a whole number from 1");
  if (manifest.artifacts.empty()) wrong("artifacts", "no artifact", "at least one");
  if (manifest.compatible.empty()) wrong("compatible", "no target fits", "at least one selector");
  if (manifest.author.empty()) wrong("author", "no author", "person/NAME");
  for (std::size_t i = 0; i < manifest.artifacts.size(); ++i) {
    const auto& artifact = manifest.artifacts[i];
    const std::string path = fmt::format("artifacts[{}]", i);
    if (!is_valid_name(artifact.name)) wrong(path + ".name", "not a valid name", "");
    if (artifact.version < 1) wrong(path + ".version", "not a version", "a whole number from 1");
    if (i == 0) continue;
    const auto& before = manifest.artifacts[i - 1];
    if (before.kind == artifact.kind && before.name == artifact.name) {
      wrong(path, "the same kind and name twice", "one artifact a kind and name");
    }
  }
  return problems;
}

Result<Bytes> from_hex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto high = std::string_view("0123456789abcdef").find(hex[i]);
    const auto low = std::string_view("0123456789abcdef").find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) break;
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  if (bytes.size() * 2 != hex.size()) return fail(Code::invalid_input, "not hexadecimal");
  return bytes;
}

}  // namespace

std::string Manifest::canonical() const {
  auto sorted = artifacts;
  std::ranges::sort(sorted);
  auto pieces = Node::make_list();
  for (const auto& artifact : sorted) pieces.items.push_back(artifact_node(artifact));
  auto selectors = compatible;
  std::ranges::sort(selectors);
  auto targets = Node::make_list();
  for (const auto& s : selectors) targets.items.push_back(Node::make_text(s.text()));
  auto root = Node::make_map();
  root.add("artifacts", std::move(pieces));
  root.add("author", Node::make_text(author));
  root.add("compatible", std::move(targets));
  root.add("created", time_node(created));
  root.add("format", Node::make_text(manifest_format));
  root.add("name", Node::make_text(name));
  root.add("version", Node::make_integer(version));
  return catalog::canonical_json(root);
}

Result<Manifest> Manifest::parse(std::string_view canonical) {
  auto root = read_document(canonical, manifest_format);
  if (!root) return pass(std::move(root), "reading a release manifest");
  BodyReader reader(*root);
  Manifest manifest;
  manifest.name = reader.text("name");
  manifest.version = reader.integer("version");
  manifest.author = reader.text("author");
  manifest.created = reader.time("created");
  for (const auto& node : reader.list("artifacts")) {
    manifest.artifacts.push_back(read_artifact(node, reader));
  }
  for (const auto& node : reader.list("compatible")) {
    auto selector = Selector::parse(node.text);
    if (!selector) return pass(std::move(selector), "reading a release manifest");
    manifest.compatible.push_back(std::move(*selector));
  }
  if (!reader.ok()) {
    return fail(Code::invalid_input, reader.error("a release manifest").message());
  }
  if (auto problems = problems_of(manifest); !problems.empty()) {
    return std::unexpected(Error(Code::invalid_input, "the release manifest cannot be used")
                               .with_problems(std::move(problems)));
  }
  if (manifest.canonical() != canonical) return not_canonical();
  return manifest;
}

bool Manifest::runs_on(const Target& target) const {
  return std::ranges::any_of(compatible,
                             [&](const Selector& selector) { return selector.matches(target); });
}

std::string SignedRelease::encode() const {
  auto list = Node::make_list();
  for (const auto& one : signatures) {
    auto node = Node::make_map();
    node.add("key", Node::make_text(one.key));
    node.add("signature", Node::make_text(to_hex(one.signature)));
    list.items.push_back(std::move(node));
  }
  auto root = Node::make_map();
  root.add("format", Node::make_text(signed_format));
  root.add("manifest", Node::make_text(manifest));
  root.add("signatures", std::move(list));
  return catalog::canonical_json(root);
}

Result<SignedRelease> SignedRelease::decode(std::string_view text) {
  auto root = read_document(text, signed_format);
  if (!root) return pass(std::move(root), "reading a signed release");
  BodyReader reader(*root);
  SignedRelease release;
  release.manifest = reader.text("manifest");
  for (const auto& node : reader.list("signatures")) {
    BodyReader one(node);
    ReleaseSignature signature{one.text("key"), {}};
    auto bytes = from_hex(one.text("signature"));
    if (!bytes || !one.ok()) return not_canonical();
    signature.signature = std::move(*bytes);
    release.signatures.push_back(std::move(signature));
  }
  if (!reader.ok() || release.encode() != text) return not_canonical();
  return release;
}

std::string release_statement(std::string_view manifest) {
  return fmt::format("{}\n{}", signed_format, manifest);
}

Result<SignedRelease> sign_release(const Manifest& manifest, const Signer& signer) {
  const std::string text = manifest.canonical();
  if (auto read = Manifest::parse(text); !read) return pass(std::move(read), "signing a release");
  auto signature = signer.sign(as_bytes(release_statement(text)));
  if (!signature) return pass(std::move(signature), "signing a release");
  return SignedRelease{text, {{signer.key(), std::move(*signature)}}};
}

Result<Release> verify_release(const SignedRelease& release, const Verifier& verifier) {
  if (release.signatures.empty()) {
    return refuse("unsigned", "the release carries no signature", "sign it with a known key");
  }
  const std::string statement = release_statement(release.manifest);
  std::string key;
  for (const auto& one : release.signatures) {
    const auto state = verifier.verify(one.key, as_bytes(statement), one.signature);
    if (state == SignatureState::bad) {
      return refuse("bad_signature",
                    fmt::format("the signature by key '{}' does not fit the manifest", one.key),
                    "a byte was changed after signing, or another key signed");
    }
    if (state == SignatureState::good && key.empty()) key = one.key;
  }
  if (key.empty()) {
    return refuse("unknown_key",
                  fmt::format("key '{}' may not sign releases", release.signatures.front().key),
                  "register the key, or sign with a known one");
  }
  auto manifest = Manifest::parse(release.manifest);
  if (!manifest) return pass(std::move(manifest));
  ReleaseId id{manifest->name, manifest->version, sha256(as_bytes(release.manifest))};
  return Release{std::move(id), std::move(*manifest), std::move(key)};
}

Result<void> check_content(const Manifest& manifest, const ContentSource& content) {
  for (const auto& artifact : manifest.artifacts) {
    const std::string what =
        fmt::format("{} {}@{}", name_of(artifact.kind), artifact.name, artifact.version);
    auto bytes = content(artifact.sha256);
    if (!bytes && bytes.error().code() == Code::not_found) {
      return refuse("missing_artifact",
                    fmt::format("{} ({}) is not in the store", what, artifact.sha256.hex()),
                    "put the artifact before the release");
    }
    if (!bytes && bytes.error().code() == Code::corrupt) {
      return refuse("changed_byte", fmt::format("the stored bytes of {} have another digest", what),
                    "store it again from its source");
    }
    if (!bytes) return pass(std::move(bytes), fmt::format("reading {}", what));
    if (sha256(*bytes) != artifact.sha256 || bytes->size() != artifact.size) {
      return refuse("changed_byte",
                    fmt::format("the bytes of {} are not those of the manifest", what),
                    "store it again from its source");
    }
  }
  return {};
}

Result<governance::Event> Releases::register_release(const SignedRelease& release,
                                                     const Verifier& verifier,
                                                     const ContentSource& content,
                                                     std::string actor, Timestamp at) const {
  auto verified = verify_release(release, verifier);
  if (!verified) return pass(std::move(verified));
  const auto& id = verified->id;
  if (find(id.digest) != nullptr) {
    return fail(Code::already_exists,
                fmt::format("release {} {} is registered already", id.name, id.version));
  }
  if (const auto* last = newest(id.name); last != nullptr && id.version <= last->id.version) {
    return refuse("older_release",
                  fmt::format("{} {} is not above the registered version {}", id.name, id.version,
                              last->id.version),
                  fmt::format("versions only go up: use {}", last->id.version + 1));
  }
  if (auto checked = check_content(verified->manifest, content); !checked) {
    return pass(std::move(checked));
  }
  auto body = Node::make_map();
  body.add("digest", Node::make_text(id.digest.hex()));
  body.add("key", Node::make_text(verified->key));
  body.add("manifest", Node::make_text(release.manifest));
  return governance::Event{"release.registered", fmt::format("release/{}@{}", id.name, id.version),
                           std::move(actor), at, std::move(body)};
}

Result<void> Releases::apply(const governance::Event& event) {
  if (event.kind != "release.registered") return {};
  BodyReader reader(event.body);
  const std::string text = reader.text("manifest");
  const Digest digest = reader.digest("digest");
  std::string key = reader.text("key");
  auto manifest = Manifest::parse(text);
  if (!reader.ok()) return std::unexpected(reader.error(event.kind));
  if (!manifest) return pass(std::move(manifest), event.subject);
  if (sha256(as_bytes(text)) != digest) {
    return fail(Code::corrupt, fmt::format("{}: manifest and digest differ", event.subject));
  }
  ReleaseId id{manifest->name, manifest->version, digest};
  const auto [last, first] = newest_.try_emplace(id.name, digest);
  if (!first && releases_.at(last->second).id.version >= id.version) {
    return fail(Code::corrupt, fmt::format("{}: an older version follows", event.subject));
  }
  last->second = digest;
  releases_.insert_or_assign(digest, Release{std::move(id), std::move(*manifest), std::move(key)});
  return {};
}

const Release* Releases::find(const Digest& digest) const {
  const auto at = releases_.find(digest);
  return at == releases_.end() ? nullptr : &at->second;
}

const Release* Releases::newest(std::string_view name) const {
  const auto at = newest_.find(name);
  return at == newest_.end() ? nullptr : find(at->second);
}

}  // namespace millwright::operations
