#include <algorithm>

#include "base/format.hpp"
#include "models/bundle.hpp"
#include "models/node_reader.hpp"

namespace millwright::models {
namespace {

using catalog::Node;

constexpr std::string_view magic = "MWMB";
constexpr std::uint8_t format_version = 1;
constexpr std::size_t check_size = 4;
// Numbers are stored: never reuse one.
enum : std::uint8_t { section_trees = 1, section_pca = 2, section_onnx = 3 };

std::unexpected<Error> corrupt(std::string what) {
  return fail(Code::corrupt, "a model bundle " + std::move(what), "fetch the artifact again");
}

/// The same error as corrupt: a manifest that does not fit is not the caller's input.
std::unexpected<Error> corrupt(Error error) {
  return std::unexpected(
      Error(Code::corrupt, "a model bundle has a manifest that does not fit: " + error.message())
          .with_problems(error.problems()));
}

std::optional<Digest> parse_digest(std::string_view hex) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  Digest out;
  if (hex.size() != 2 * out.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.bytes[i] = static_cast<std::byte>(high * 16 + low);
  }
  return out;
}

Training read_training(const Node& node, NodeReader& outer) {
  NodeReader reader(node);
  Training out;
  if (const auto at = parse_rfc3339(reader.text("at"))) {
    out.at = *at;
  } else {
    reader.wrong("at", "no time", "RFC 3339");
  }
  if (const auto data = parse_digest(reader.text("data_sha256"))) {
    out.data = *data;
  } else {
    reader.wrong("data_sha256", "no digest", "64 hexadecimal digits");
  }
  out.rows = reader.count("rows");
  out.groups = reader.count("groups");
  out.seed = reader.count("seed");
  out.parameters = reader.map("parameters");
  for (const catalog::Member& metric : reader.map("metrics").members) {
    if (!metric.value.is_number()) reader.wrong(metric.key, "not a number", "a number");
    out.metrics[metric.key] = metric.value.number;
  }
  out.trained_by = reader.text("trained_by");
  if (node.find("query") != nullptr) {
    out.query = reader.text("query");
    out.as_of = reader.count("as_of");
  }
  if (auto failed = reader.failure("training")) {
    for (Problem problem : failed->problems()) {
      problem.place.path = "training." + problem.place.path;
      outer.wrong(std::move(problem));
    }
  }
  return out;
}

/// Keeps a value, or passes its problems on.
template <typename T>
std::optional<T> kept(Result<T> parsed, std::string_view key, NodeReader& reader) {
  if (parsed) return std::move(*parsed);
  for (Problem problem : parsed.error().problems()) {
    problem.place.path = fmt::format("{}.{}", key, problem.place.path);
    reader.wrong(std::move(problem));
  }
  if (parsed.error().problems().empty()) {
    reader.wrong(key, parsed.error().message(), "what can be read");
  }
  return std::nullopt;
}

Result<Bundle> read_manifest(const Node& node) {
  NodeReader reader(node);
  Bundle out;
  out.name = reader.text("name");
  out.version =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(reader.count("version"), 0xFFFF'FFFFU));
  const std::string kind = reader.text("kind");
  if (const auto known = parse_kind(kind)) {
    out.kind = *known;
  } else {
    reader.wrong("kind", fmt::format("'{}'", kind), "rul or pca");
  }
  if (auto spec = kept(FeatureSpec::parse(reader.map("features")), "features", reader)) {
    out.features = std::move(*spec);
  }
  out.units = reader.texts("units");
  out.training = read_training(reader.map("training"), reader);
  out.intended_use = reader.text("intended_use");
  out.limits = reader.text("limits");
  if (out.kind == ModelKind::rul) {
    out.target = reader.text("target");
    out.target_unit = reader.text("target_unit");
    out.target_max = reader.number("target_max");
    out.intervals = kept(IntervalTable::parse(reader.map("intervals")), "intervals", reader);
  }
  if (auto failed = reader.failure("it cannot be used")) return std::unexpected(std::move(*failed));
  return out;
}

Result<void> read_section(std::uint8_t kind, ByteView bytes, Bundle& out) {
  switch (kind) {
    case section_trees: {
      auto trees = decode_trees(bytes);
      if (!trees) return std::unexpected(trees.error());
      out.trees = std::move(*trees);
      return {};
    }
    case section_pca: {
      auto pca = decode_pca(bytes);
      if (!pca) return std::unexpected(pca.error());
      out.pca = std::move(*pca);
      return {};
    }
    case section_onnx:
      out.onnx.assign(bytes.begin(), bytes.end());
      return {};
    default:
      return corrupt(fmt::format("has an unknown section {}", kind));
  }
}

void write_section(ByteWriter& writer, std::uint8_t kind, ByteView bytes) {
  writer.u8(kind);
  writer.block(bytes);
}

}  // namespace

Bytes encode(const Bundle& bundle) {
  MILLWRIGHT_ASSERT(bundle.problems().empty());
  Bytes out;
  ByteWriter writer(out);
  writer.raw(as_bytes(magic));
  writer.u8(format_version);
  writer.text(catalog::canonical_json(bundle.card()));
  if (bundle.trees) write_section(writer, section_trees, encode(*bundle.trees));
  if (bundle.pca) write_section(writer, section_pca, encode(*bundle.pca));
  if (!bundle.onnx.empty()) write_section(writer, section_onnx, bundle.onnx);
  writer.u32(crc32c(out));
  return out;
}

Result<Bundle> decode_bundle(ByteView bytes) {
  if (bytes.size() < magic.size() + 1 + check_size || as_text(bytes.first(magic.size())) != magic) {
    return corrupt("does not begin as one");
  }
  if (static_cast<std::uint8_t>(bytes[magic.size()]) > format_version) {
    return fail(Code::unsupported_version, "a model bundle was written by a newer program",
                "update this program before it takes the model");
  }
  const ByteView body = bytes.first(bytes.size() - check_size);
  ByteReader check(bytes.last(check_size));
  if (check.u32() != crc32c(body)) return corrupt("fails its checksum");
  ByteReader reader(body.subspan(magic.size() + 1));
  const std::string_view manifest = reader.text();
  const catalog::ParsedFile parsed =
      catalog::parse_yaml({.file = {}, .text = std::string(manifest)});
  if (!reader.ok() || !parsed.problems.empty() || parsed.documents.size() != 1) {
    return corrupt("has a manifest that cannot be read");
  }
  auto out = read_manifest(parsed.documents.front());
  if (!out) return corrupt(std::move(out.error()));
  std::uint8_t before = 0;
  while (reader.ok() && !reader.at_end()) {
    const std::uint8_t kind = reader.u8();
    const ByteView section = reader.block();
    if (!reader.ok() || kind <= before) return corrupt("has sections that are cut or out of order");
    before = kind;
    if (auto read = read_section(kind, section, *out); !read) return std::unexpected(read.error());
  }
  if (std::vector<Problem> problems = out->problems(); !problems.empty()) {
    return corrupt(Error(Code::corrupt, "its parts").with_problems(std::move(problems)));
  }
  // What a person reads and what is scored must be the same model.
  if (catalog::canonical_json(out->card()) != manifest) {
    return corrupt("has a manifest that is not its own");
  }
  return out;
}

}  // namespace millwright::models
