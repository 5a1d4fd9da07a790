// What tier 2 of a gateway writes down beside its journal: a full checkpoint, and a log of the
// inputs since then, by which a restart computes the scorer's state again. Encoding, and the file
// of the log; when what is written is decided in tier_two.hpp.
//
// Log file: prefix (magic, version), then frames {u32 length | u32 CRC-32C over magic, length and
// content | content}. A frame is one group commit: complete, or not there. Devices are numbered by
// their first mention in the file, so a file is read on its own.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/digest.hpp"
#include "base/result.hpp"
#include "engine/disk.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "ontology/custody.hpp"
#include "wire/sparkplug/session.hpp"

namespace millwright::gateway {

/// Version of log and checkpoint. N-1 is read, N+1 refused (DESIGN D14).
inline constexpr std::uint8_t tier_two_format_version = 1;

/// How far tier 2 has used what an edge sent.
struct EdgePosition {
  std::string edge;
  ontology::Incarnation incarnation = 0;
  ontology::Sequence next = 0;

  bool operator==(const EdgePosition&) const = default;
};

/// A place in the journal of derived values.
struct OutputPosition {
  ontology::Incarnation incarnation = 0;  ///< 0: none
  ontology::Sequence next = 0;

  bool operator==(const OutputPosition&) const = default;
};

/// Identity of a derived scan but for its recipe (DESIGN D7): series by device, time, watermark.
struct ScanKey {
  std::string device;
  std::int64_t ts_us = 0;
  std::string source;  ///< recipe of the watermark: names producer and incarnation
  ontology::Sequence watermark = 0;

  auto operator<=>(const ScanKey&) const = default;
};
/// Scans that lie in the journal beyond what the scorer's state covers, each with the digest of its
/// values, qualities and recipes.
using PendingScans = std::map<ScanKey, Digest>;

struct Checkpoint {
  std::uint64_t generation = 0;  ///< number of the log that goes on from here
  std::vector<EdgePosition> positions;
  OutputPosition output;
  std::vector<std::string> active;  ///< models, by digest
  std::vector<ontology::DeviceSchema> schemas;
  Bytes state;
  PendingScans pending;
};

void encode(const Checkpoint& checkpoint, Bytes& out);
/// `corrupt`, or `unsupported_version` when written by a newer program. `path` is for the message.
Result<Checkpoint> decode_checkpoint(ByteView bytes, const std::string& path);

struct LoggedInput {
  std::uint32_t device = 0;  ///< index in LogContent::devices
  ontology::SequenceRange range;
  sparkplug::DataClass data_class = sparkplug::DataClass::live;
  ontology::Batch batch;
};

struct LogFrame {
  std::vector<LoggedInput> inputs;
  std::vector<EdgePosition> positions;  ///< after the inputs; those that changed
  OutputPosition output;                ///< after the inputs
};

struct LogContent {
  std::vector<ontology::DeviceSchema> devices;
  std::vector<LogFrame> frames;
  std::uint64_t bytes_torn = 0;  ///< after the last whole frame: never acknowledged
  bool damaged = false;          ///< whole frames follow the torn place: these were acknowledged
};
/// Reads as far as frames are whole. `unsupported_version`; a file that is no log is all torn.
Result<LogContent> decode_log(ByteView bytes, const std::string& path);

/// The log being written. Owned by TierTwo.
class InputLog {
 public:
  explicit InputLog(engine::Disk& disk, std::string directory)
      : disk_(disk), directory_(std::move(directory)) {}

  /// The next frame begins the file of this generation; what `add` collected is forgotten.
  void begin(std::uint64_t generation);
  /// Adds an input to the next frame.
  void add(const ontology::DeviceSchema& schema, const ontology::SequenceRange& range,
           sparkplug::DataClass data_class, const ontology::Batch& batch);
  /// Appends the frame and syncs. After an error the file takes nothing more: write a checkpoint
  /// and begin the next generation.
  Result<void> commit(const std::vector<EdgePosition>& positions, const OutputPosition& output);

  std::uint64_t frame_bytes() const { return inputs_.size(); }
  std::uint64_t file_bytes() const { return file_bytes_; }
  /// Removes the files of all other generations.
  void remove_others() const;
  static std::string path_of(const std::string& directory, std::uint64_t generation);

 private:
  engine::Disk& disk_;
  std::string directory_;
  std::uint64_t generation_ = 0;
  std::unique_ptr<engine::File> file_;
  std::uint64_t file_bytes_ = 0;
  std::map<ontology::DeviceAddress, std::pair<std::uint32_t, ontology::DeviceSchema>> devices_;
  std::uint32_t device_count_ = 0;
  std::uint64_t input_count_ = 0;
  Bytes inputs_;
};

}  // namespace millwright::gateway
