// Framed files: a header with a format version, then records with a checksum each. Built so that
// one damaged byte costs one record: every frame has its own header checksum, so a scan finds the
// next frame behind damage. Pure; who reads and writes the bytes is not here.
//
//   file  = header, header (two copies), frame…
//   header= "MWH" type(1) version(1) 0 0 0 salt(4) crc32c of these 12 bytes(4)
//   frame = magic(4) length(4) ordinal(4) kind(4) crc32c of payload(4) crc32c of these 20 bytes(4),
//           payload(length); both checksums are seeded with the file's salt
// All numbers little endian. Ordinals grow by one; a repeated ordinal is a second copy.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace millwright::historian {

enum class FileType : char { log = 'L', manifest = 'M', last_values = 'V' };

inline constexpr std::uint8_t format_version = 1;
inline constexpr std::size_t file_header_size = 32;
inline constexpr std::size_t frame_header_size = 24;
inline constexpr std::uint32_t frame_length_max = 256u << 20;

struct FrameHeader {
  std::uint32_t length = 0;
  std::uint32_t ordinal = 0;
  std::uint32_t kind = 0;
  std::uint32_t payload_crc = 0;
};

struct Frame {
  std::uint64_t offset = 0;
  std::uint32_t ordinal = 0;
  std::uint32_t kind = 0;
  ByteView payload;
};

/// Bytes that are not a valid frame. `header` is known when only the payload is damaged.
struct DamagedSpan {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::size_t frames_before = 0;  ///< valid frames in front of it
  std::optional<FrameHeader> header;
};

struct FrameScan {
  std::vector<Frame> frames;  ///< views into the scanned bytes; second copies are left out
  std::vector<DamagedSpan> damaged;
  std::uint64_t good_end = 0;  ///< end of the last valid frame, or of the file header
};

/// Both copies of a file header.
Bytes encode_file_header(FileType type, std::uint32_t salt, std::uint8_t version = format_version);
/// Gives the salt. `corrupt`: neither copy is valid; `unsupported_version`: written by a newer
/// program. `name` is for messages.
Result<std::uint32_t> decode_file_header(ByteView file, FileType type, std::string_view name);

/// Number of a log generation by its file name, `00000001.log`.
std::optional<std::uint64_t> log_generation(std::string_view file_name);

/// Starts a frame in `out` and gives its offset; the payload is appended by the caller.
std::size_t begin_frame(Bytes& out);
/// Completes the frame that starts at `offset` and ends with `out`… at `end`.
void finish_frame(Bytes& out, std::size_t offset, std::size_t end, std::uint32_t ordinal,
                  std::uint32_t kind, std::uint32_t salt);
void append_frame(Bytes& out, ByteView payload, std::uint32_t ordinal, std::uint32_t kind,
                  std::uint32_t salt);

/// Every frame behind the file header.
FrameScan scan_frames(ByteView file, std::uint32_t salt);

}  // namespace millwright::historian
