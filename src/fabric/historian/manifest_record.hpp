// Records of the manifest: the dictionaries (series, recipes, producers), the segments that exist,
// and the account as of the last seal. Pure encoding; decoders take any bytes.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "fabric/historian/historian.hpp"

namespace millwright::historian {

struct SiteRecord {
  std::uint16_t number = 0;  ///< from 1
  std::string name;
};

/// New series, or series whose unit changed.
struct SeriesRecord {
  std::vector<SeriesDefinition> series;
};

struct ProvenanceRecord {
  ProvenanceNumber number = 0;
  std::string canonical;
};

struct ProducerRecord {
  std::uint32_t number = 0;
  ProducerId producer;
  Incarnation incarnation = 0;
  Custody custody = Custody::acknowledged;
};

/// An immutable file of rows of one site and UTC day, sorted by (series, ts, revision).
struct Segment {
  std::uint64_t id = 0;
  std::string path;  ///< relative to the historian's directory
  std::uint16_t site = 0;
  std::int32_t day = 0;  ///< days since 1970-01-01
  std::uint64_t rows = 0;
  std::int64_t ts_min = 0, ts_max = 0;
  std::uint64_t series_min = 0, series_max = 0;
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;  ///< CRC-32C of the whole file

  bool operator==(const Segment&) const = default;
};

struct AccountUpdate {
  std::uint32_t producer = 0;
  Sequence next = 0;
  std::uint64_t stored = 0;
  std::uint64_t duplicates = 0;
  std::vector<LossEntry> losses;  ///< those not written before
};

/// One step of the set of segments: atomic, because it is one record.
struct EditionRecord {
  std::uint64_t sealed_through = 0;  ///< log generations up to it are in segments
  Revision revision = 0;
  std::uint64_t next_segment = 1;
  std::vector<Segment> added;
  std::vector<std::uint64_t> removed;
  std::vector<AccountUpdate> accounts;
};

using ManifestRecord =
    std::variant<SiteRecord, SeriesRecord, ProvenanceRecord, ProducerRecord, EditionRecord>;

/// Kind of a record as its frame carries it: 1 + position in the variant.
inline std::uint32_t kind_of(const ManifestRecord& record) {
  return static_cast<std::uint32_t>(record.index()) + 1;
}
Bytes encode(const ManifestRecord& record);
Result<ManifestRecord> decode_manifest_record(std::uint32_t kind, ByteView payload);

}  // namespace millwright::historian
