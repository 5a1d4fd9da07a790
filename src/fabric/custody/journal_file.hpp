// One file of the journal as the journal keeps it in memory. Private to journal.cpp and
// journal_read.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/format.hpp"
#include "fabric/custody/journal.hpp"
#include "fabric/custody/record.hpp"

namespace millwright::custody {

/// One file: where it ends, what of it is synced, and the tables that its data records refer to.
struct Journal::JournalFile : RecordReader {
  std::uint64_t number = 0;
  ontology::Incarnation incarnation = 0;
  ontology::Sequence first = 0;
  ontology::Sequence end = 0;
  std::uint64_t data_offset = 0;
  std::uint64_t synced = 0;
  Timestamp from{INT64_MAX}, to{INT64_MIN};
  std::unique_ptr<engine::File> handle;
  std::vector<ontology::DeviceSchema> devices;
  std::vector<Columns> columns;
  std::unordered_multimap<ontology::DeviceAddress, std::uint32_t> by_address;
  std::vector<bool> recipes_written;
  bool closed = false;

  /// Closed with its head and tables alone: nothing of it was ever accepted.
  bool holds_nothing() const { return closed && first == end && synced == data_offset; }
  const Columns* columns_of_device(std::uint32_t index) const override {
    return index < columns.size() ? &columns[index] : nullptr;
  }
  void add_device(const DeviceRecord& record) {
    if (record.index != devices.size())
      return;  // indices are dense by construction; anything else fails its data records
    columns.push_back(columns_of(record.schema));
    by_address.emplace(record.schema.address, record.index);
    devices.push_back(record.schema);
  }
  /// The index of a schema that this file has in its tables; a device that changed has several.
  std::optional<std::uint32_t> find_device(const ontology::DeviceSchema& schema) const {
    const auto [begin, finish] = by_address.equal_range(schema.address);
    for (auto it = begin; it != finish; ++it) {
      if (devices[it->second].metrics == schema.metrics) return it->second;
    }
    return std::nullopt;
  }
  void widen(const ontology::Batch& batch) {
    for (const ontology::Row& row : batch.rows) {
      from = std::min(from, Timestamp{row.ts_us});
      to = std::max(to, Timestamp{row.ts_us});
    }
  }
};

/// How damage is told: what, where, what becomes of it, what to do.
inline std::string damage_text(const std::string& path, std::uint64_t from, std::uint64_t to) {
  return fmt::format(
      "{} is damaged from byte {} to {}; accepted samples of it that the source cannot give again "
      "are declared as lost in the ledger (journal_corrupt); check the disk",
      path, from, to);
}

/// The next offset after `from` at which a frame with a correct checksum starts, or the end.
inline std::size_t resynchronise(ByteView bytes, std::size_t from) {
  for (std::size_t at = from + 1; at + frame_bytes < bytes.size(); ++at) {
    if (frame_at(bytes.subspan(at))) return at;
  }
  return bytes.size();
}

}  // namespace millwright::custody
