#include "operations/artifact.hpp"

#include "base/format.hpp"

namespace millwright::operations {

std::string_view name_of(ArtifactKind kind) {
  switch (kind) {
    case ArtifactKind::model:
      return "model";
    case ArtifactKind::pipeline:
      return "pipeline";
    case ArtifactKind::config:
      return "config";
  }
  return "";
}

std::optional<ArtifactKind> artifact_kind_named(std::string_view name) {
  for (const auto kind : {ArtifactKind::model, ArtifactKind::pipeline, ArtifactKind::config}) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

Result<Digest> parse_digest(std::string_view hex) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  Digest digest;
  bool good = hex.size() == 2 * digest.bytes.size();
  for (std::size_t i = 0; good && i < digest.bytes.size(); ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    good = high >= 0 && low >= 0;
    digest.bytes[i] = static_cast<std::byte>((high * 16 + low) & 0xff);
  }
  if (!good) {
    return fail(Code::invalid_input, fmt::format("'{}' is not a SHA-256 digest", hex),
                "64 lower-case hexadecimal digits");
  }
  return digest;
}

std::string_view rule_of(const Error& error) {
  const std::string_view message = error.message();
  const auto colon = message.find(':');
  if (colon == std::string_view::npos) return {};
  const auto rule = message.substr(0, colon);
  return rule.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos
             ? rule
             : std::string_view{};
}

std::unexpected<Error> refuse(std::string_view rule, std::string_view why, std::string remedy) {
  return fail(Code::refused, fmt::format("{}: {}", rule, why), std::move(remedy));
}

Result<ArtifactStore> ArtifactStore::open(engine::Disk& disk, std::string directory) {
  if (auto made = disk.make_directories(directory); !made) {
    return pass(std::move(made), "opening the artifact store");
  }
  return ArtifactStore(disk, std::move(directory));
}

std::string ArtifactStore::path_of(const Digest& digest) const {
  const std::string hex = digest.hex();
  return fmt::format("{}/{}/{}", directory_, hex.substr(0, 2), hex);
}

Result<Digest> ArtifactStore::put(ByteView content) {
  if (content.size() > content_bytes_max) {
    return fail(Code::exhausted, fmt::format("an artifact of {} bytes is above the bound of {}",
                                             content.size(), content_bytes_max));
  }
  const Digest digest = sha256(content);
  if (get(digest)) return digest;
  const std::string path = path_of(digest);
  if (auto made = disk_->make_directories(path.substr(0, path.rfind('/'))); !made) {
    return pass(std::move(made), "storing an artifact");
  }
  if (auto written = engine::replace_whole(*disk_, path, content); !written) {
    return pass(std::move(written), "storing an artifact");
  }
  return digest;
}

Result<Bytes> ArtifactStore::get(const Digest& digest) const {
  const std::string path = path_of(digest);
  auto there = has(digest);
  if (!there) return pass(std::move(there));
  if (!*there) {
    return fail(Code::not_found, fmt::format("artifact {} is not in the store", digest.hex()));
  }
  auto content = engine::read_whole(*disk_, path);
  if (!content) return pass(std::move(content), "reading an artifact");
  const Digest found = sha256(*content);
  if (found != digest) {
    return fail(Code::corrupt,
                fmt::format("changed_byte: the artifact stored as {} has digest {}", digest.hex(),
                            found.hex()),
                "store it again from its source");
  }
  return content;
}

Result<void> ArtifactStore::keep_only(const std::set<Digest>& digests) {
  auto folders = disk_->list(directory_);
  if (!folders) return pass(std::move(folders), "clearing the artifact store");
  for (const std::string& folder : *folders) {
    const std::string path = directory_ + "/" + folder;
    auto names = disk_->list(path);
    if (!names) return pass(std::move(names), "clearing the artifact store");
    for (const std::string& name : *names) {
      const auto digest = parse_digest(name);
      if (digest && digests.contains(*digest)) continue;
      if (auto done = disk_->remove(path + "/" + name); !done) {
        return pass(std::move(done), "clearing the artifact store");
      }
    }
  }
  return {};
}

Result<bool> ArtifactStore::has(const Digest& digest) const {
  return disk_->exists(path_of(digest));
}

}  // namespace millwright::operations
