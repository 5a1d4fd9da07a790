// The records of an edge's journal: framing with a checksum, and the encoding of batches. No files
// here (journal.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "ontology/custody.hpp"

namespace millwright::custody {

/// Version of the journal format. N-1 is read, N+1 refused (DESIGN D14).
inline constexpr std::uint8_t journal_format_version = 1;
/// Magic and version that open every journal file.
inline constexpr std::size_t file_prefix_bytes = 8;
/// Bytes before the content of a record: length (u32) and CRC-32C over length and content (u32).
inline constexpr std::size_t frame_bytes = 8;
/// No record is longer; a larger length is damage.
inline constexpr std::uint32_t record_bytes_max = 4 * 1024 * 1024;

/// First record of a file.
struct FileHead {
  ontology::Incarnation incarnation = 0;
  ontology::Sequence first_sequence = 0;
  std::uint64_t accepted_before = 0;  ///< samples of earlier incarnations of this journal
  std::vector<std::pair<std::string, std::string>> tokens;  ///< driver name, where it resumes
};

/// A device schema; data records name it by index. Files are self-contained.
struct DeviceRecord {
  std::uint32_t index = 0;
  ontology::DeviceSchema schema;
};

struct ProvenanceRecord {
  std::uint32_t number = 0;
  std::string canonical;
};

/// Samples of one device with consecutive sequence numbers.
struct DataRecord {
  ontology::Sequence first_sequence = 0;
  std::uint32_t device = 0;
  std::string driver;  ///< whose token this is; empty when there is none
  std::string token;   ///< where the driver resumes after this batch
  ontology::Batch batch;
};

struct LossRecord {
  ontology::LossEntry entry;
};

using Record = std::variant<FileHead, DeviceRecord, ProvenanceRecord, DataRecord, LossRecord>;

/// Columns by slot, for one device: what is needed to read a data record.
using Columns = std::vector<ontology::Column>;
Columns columns_of(const ontology::DeviceSchema& schema);

void append_file_prefix(Bytes& out);
/// `unsupported_version` for a newer format, `corrupt` for anything that is not a journal file.
Result<void> check_file_prefix(ByteView file, const std::string& path);

void append_record(Bytes& out, const FileHead& head);
void append_record(Bytes& out, const DeviceRecord& record);
void append_record(Bytes& out, const ProvenanceRecord& record);
void append_record(Bytes& out, const LossRecord& record);
/// `columns` are those of the device that the record names.
void append_record(Bytes& out, ontology::Sequence first_sequence, std::uint32_t device,
                   std::string_view driver, std::string_view token, const ontology::Batch& batch,
                   const Columns& columns);

/// Size of the whole frame at the start of `bytes` when its checksum holds, else nothing.
std::optional<std::size_t> frame_at(ByteView bytes);
/// Reads the content of a frame. `columns_of_device(index)` gives null for an unknown device, which
/// makes the record corrupt.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  virtual const Columns* columns_of_device(std::uint32_t index) const = 0;
  Result<Record> read(ByteView frame) const;
};

}  // namespace millwright::custody
