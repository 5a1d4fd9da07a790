// Records of the log: what a commit group is made of. Pure encoding; decoders take any bytes.
//
//   start      previous generation (varint), its valid length (varint)
//   data       revision (u64), producer, sequence of the message, index, rows; columns
//   loss       revision (u64), producer, first, count, cause, from, to, policy
//   commit     revision (u64), then for each producer that advanced: number, next, duplicates
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "engine/segment_store.hpp"
#include "fabric/historian/historian.hpp"

namespace millwright::historian {

enum class LogRecord : std::uint32_t { start = 1, data = 2, loss = 3, commit = 4 };

struct StartRecord {
  std::uint64_t previous_generation = 0;  ///< 0: none
  std::uint64_t previous_length = 0;      ///< bytes behind it were never acknowledged
};

/// What stands in front of the columns of a data record.
struct DataHead {
  Revision revision = 0;
  std::uint32_t producer = 0;
  Sequence sequence = 0;    ///< of the message
  std::uint32_t index = 0;  ///< of the first row
  std::uint64_t rows = 0;

  Sequence first() const { return sequence + index; }
  Sequence end() const { return first() + rows; }
};

struct LossRecord {
  Revision revision = 0;
  std::uint32_t producer = 0;
  LossEntry entry;  ///< range.incarnation is 0: the producer number implies it
};

struct CommitRecord {
  struct Advance {
    std::uint32_t producer = 0;
    Sequence next = 0;
    std::uint64_t duplicates = 0;  ///< in all
  };
  Revision revision = 0;
  std::vector<Advance> advances;
};

void encode(ByteWriter& out, const StartRecord& record);
/// Writes rows [from, rows.size()) of `rows` behind the head. The revision may be put in later.
void encode(ByteWriter& out, const DataHead& head, const engine::SampleColumns& rows,
            std::size_t from);
void encode(ByteWriter& out, const LossRecord& record);
void encode(ByteWriter& out, const CommitRecord& record);
/// Puts the revision into an encoded data, loss or commit payload.
void put_revision(std::span<std::byte> payload, Revision revision);
/// Revision of a data, loss or commit payload; 0 when it is too short.
Revision revision_of(ByteView payload);

Result<StartRecord> decode_start(ByteView payload);
/// Appends the rows to `out`; on failure `out` is unchanged.
Result<DataHead> decode_data(ByteView payload, engine::SampleColumns& out);
Result<LossRecord> decode_loss(ByteView payload);
Result<CommitRecord> decode_commit(ByteView payload);

/// A LossEntry without its incarnation, as log and manifest store it.
void encode_loss_entry(ByteWriter& out, const LossEntry& entry);
LossEntry decode_loss_entry(ByteReader& in);

}  // namespace millwright::historian
