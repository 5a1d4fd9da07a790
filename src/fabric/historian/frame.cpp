#include "fabric/historian/frame.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/format.hpp"

namespace millwright::historian {
namespace {

constexpr std::uint32_t frame_magic = 0x5246574D;  // "MWFR"
constexpr std::size_t header_copy_size = 16;

void put_u32(Bytes& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::byte>(value >> (8 * i));
}

std::uint32_t get_u32(ByteView bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(bytes[at + i]) << (8 * i);
  return value;
}

std::optional<FrameHeader> frame_header_at(ByteView file, std::size_t at, std::uint32_t salt) {
  if (file.size() - at < frame_header_size || get_u32(file, at) != frame_magic) return std::nullopt;
  if (crc32c(file.subspan(at, 20), salt) != get_u32(file, at + 20)) return std::nullopt;
  return FrameHeader{get_u32(file, at + 4), get_u32(file, at + 8), get_u32(file, at + 12),
                     get_u32(file, at + 16)};
}

/// Offset of the next valid frame header at or behind `at`, or the end of the file.
std::size_t next_frame(ByteView file, std::size_t at, std::uint32_t salt) {
  constexpr std::array magic{std::byte{0x4D}, std::byte{0x57}, std::byte{0x46}, std::byte{0x52}};
  auto from = file.begin() + static_cast<std::ptrdiff_t>(at);
  while (true) {
    const auto found = std::search(from, file.end(), magic.begin(), magic.end());
    const auto offset = static_cast<std::size_t>(found - file.begin());
    if (found == file.end() || frame_header_at(file, offset, salt)) return offset;
    from = found + 1;
  }
}

}  // namespace

Bytes encode_file_header(FileType type, std::uint32_t salt, std::uint8_t version) {
  Bytes copy;
  ByteWriter writer(copy);
  writer.raw(as_bytes("MWH"));
  writer.u8(static_cast<std::uint8_t>(type));
  writer.u8(version);
  writer.u8(0);
  writer.u16(0);
  writer.u32(salt);
  writer.u32(crc32c(copy));
  Bytes out = copy;
  out.insert(out.end(), copy.begin(), copy.end());
  return out;
}

Result<std::uint32_t> decode_file_header(ByteView file, FileType type, std::string_view name) {
  for (std::size_t at = 0; at + header_copy_size <= file.size() && at < file_header_size;
       at += header_copy_size) {
    const ByteView copy = file.subspan(at, header_copy_size);
    if (crc32c(copy.first(12)) != get_u32(copy, 12)) continue;
    if (as_text(copy.first(3)) != "MWH" || static_cast<char>(copy[3]) != static_cast<char>(type))
      continue;
    const auto version = static_cast<unsigned>(copy[4]);
    if (version > format_version) {
      return fail(Code::unsupported_version,
                  fmt::format("{} has format version {}; this program reads up to {}", name,
                              version, format_version),
                  "start the newer program that wrote it, or restore a backup of the older format");
    }
    return get_u32(copy, 8);
  }
  return fail(Code::corrupt, fmt::format("{} has no valid file header", name),
              "restore it from a backup");
}

std::optional<std::uint64_t> log_generation(std::string_view file_name) {
  const char* const end = file_name.data() + file_name.size();
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(file_name.data(), end, number);
  if (error != std::errc{} || std::string_view(stop, end) != ".log") return std::nullopt;
  return number;
}

std::size_t begin_frame(Bytes& out) {
  const std::size_t offset = out.size();
  out.resize(offset + frame_header_size);
  return offset;
}

void finish_frame(Bytes& out, std::size_t offset, std::size_t end, std::uint32_t ordinal,
                  std::uint32_t kind, std::uint32_t salt) {
  const std::size_t payload = offset + frame_header_size;
  put_u32(out, offset, frame_magic);
  put_u32(out, offset + 4, static_cast<std::uint32_t>(end - payload));
  put_u32(out, offset + 8, ordinal);
  put_u32(out, offset + 12, kind);
  put_u32(out, offset + 16, crc32c(ByteView(out).subspan(payload, end - payload), salt));
  put_u32(out, offset + 20, crc32c(ByteView(out).subspan(offset, 20), salt));
}

void append_frame(Bytes& out, ByteView payload, std::uint32_t ordinal, std::uint32_t kind,
                  std::uint32_t salt) {
  const std::size_t offset = begin_frame(out);
  out.insert(out.end(), payload.begin(), payload.end());
  finish_frame(out, offset, out.size(), ordinal, kind, salt);
}

FrameScan scan_frames(ByteView file, std::uint32_t salt) {
  FrameScan scan;
  scan.good_end = std::min<std::uint64_t>(file_header_size, file.size());
  std::size_t at = static_cast<std::size_t>(scan.good_end);
  std::uint32_t last_ordinal = 0;
  const auto damage = [&](std::size_t end, std::optional<FrameHeader> header) {
    scan.damaged.push_back({at, end - at, scan.frames.size(), header});
    at = end;
  };
  while (at < file.size()) {
    const auto header = frame_header_at(file, at, salt);
    if (!header) {
      damage(next_frame(file, at + 1, salt), std::nullopt);
      continue;
    }
    const std::size_t payload = at + frame_header_size;
    if (header->length > frame_length_max || header->length > file.size() - payload) {
      damage(next_frame(file, payload, salt), *header);
      continue;
    }
    const ByteView content = file.subspan(payload, header->length);
    if (crc32c(content, salt) != header->payload_crc) {
      damage(payload + header->length, *header);
      continue;
    }
    if (header->ordinal > last_ordinal) {
      scan.frames.push_back({at, header->ordinal, header->kind, content});
      last_ordinal = header->ordinal;
    }
    at = payload + header->length;
    scan.good_end = at;
  }
  return scan;
}

}  // namespace millwright::historian
