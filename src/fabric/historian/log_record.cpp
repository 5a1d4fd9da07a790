#include "fabric/historian/log_record.hpp"

#include <algorithm>

namespace millwright::historian {
namespace {

using engine::SampleColumns;
using engine::ValueColumn;

constexpr std::uint64_t flag_quality = 1;
constexpr std::uint64_t flag_provenance = 2;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::corrupt, std::string("malformed ").append(what).append(" record"));
}

void encode_values(ByteWriter& out, const SampleColumns& rows, std::size_t from) {
  for (std::size_t i = from; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows.column[end] == rows.column[i]) ++end;
    out.varint(end - i);
    out.u8(static_cast<std::uint8_t>(rows.column[i]));
    for (; i < end; ++i) {
      switch (rows.column[i]) {
        case ValueColumn::f64:
          out.u64(rows.bits[i]);
          break;
        case ValueColumn::i64:
          out.signed_varint(static_cast<std::int64_t>(rows.bits[i]));
          break;
        case ValueColumn::text:
        case ValueColumn::blob:
          out.text(rows.payload(i));
          break;
        case ValueColumn::none:
          break;
      }
    }
  }
}

bool decode_values(ByteReader& in, std::uint64_t count, SampleColumns& out) {
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t run = in.varint();
    const auto column = static_cast<ValueColumn>(in.u8());
    if (!in.ok() || run == 0 || run > count - done || column > ValueColumn::none) return false;
    done += run;
    out.column.insert(out.column.end(), static_cast<std::size_t>(run), column);
    for (std::uint64_t i = 0; i < run; ++i) {
      std::uint64_t bits = 0;
      if (column == ValueColumn::f64) {
        bits = in.u64();
      } else if (column == ValueColumn::i64) {
        bits = static_cast<std::uint64_t>(in.signed_varint());
      } else if (column != ValueColumn::none) {
        const std::string_view content = in.text();
        bits = (static_cast<std::uint64_t>(out.arena.size()) << 32) | content.size();
        out.arena.append(content);
      }
      if (!in.ok()) return false;
      out.bits.push_back(bits);
    }
  }
  return true;
}

bool decode_columns(ByteReader& in, const DataHead& head, std::uint64_t flags, SampleColumns& out) {
  const auto count = static_cast<std::size_t>(head.rows);
  std::uint64_t series = 0;
  for (std::size_t i = 0; i < count; ++i) {
    series += static_cast<std::uint64_t>(in.signed_varint());
    out.series.push_back(series);
  }
  std::uint64_t ts = 0;
  for (std::size_t i = 0; i < count; ++i) {
    ts += static_cast<std::uint64_t>(in.signed_varint());
    out.ts.push_back(static_cast<std::int64_t>(ts));
  }
  if (!in.ok() || !decode_values(in, count, out)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    out.quality.push_back((flags & flag_quality) != 0 ? in.u16() : std::uint16_t{0});
  }
  std::uint64_t provenance = (flags & flag_provenance) != 0 ? 0 : in.varint();
  for (std::size_t i = 0; i < count; ++i) {
    if ((flags & flag_provenance) != 0) provenance = in.varint();
    if (provenance > UINT32_MAX) return false;
    out.provenance.push_back(static_cast<std::uint32_t>(provenance));
  }
  for (std::size_t i = 0; i < count; ++i) {
    out.index.push_back(head.index + static_cast<std::uint32_t>(i));
  }
  out.revision.insert(out.revision.end(), count, head.revision);
  out.sequence.insert(out.sequence.end(), count, head.sequence);
  out.producer.insert(out.producer.end(), count, head.producer);
  return in.ok() && in.at_end();
}

void shrink(SampleColumns& rows, std::size_t size, std::size_t arena) {
  rows.series.resize(size);
  rows.ts.resize(size);
  rows.revision.resize(size);
  rows.sequence.resize(size);
  rows.bits.resize(size);
  rows.index.resize(size);
  rows.provenance.resize(size);
  rows.producer.resize(size);
  rows.quality.resize(size);
  rows.column.resize(size);
  rows.arena.resize(arena);
}

}  // namespace

void encode(ByteWriter& out, const StartRecord& record) {
  out.varint(record.previous_generation);
  out.varint(record.previous_length);
}

void encode(ByteWriter& out, const DataHead& head, const SampleColumns& rows, std::size_t from) {
  const auto tail = [&](const auto& column) { return std::span(column).subspan(from); };
  const auto provenance = tail(rows.provenance);
  std::uint64_t flags = 0;
  if (std::ranges::any_of(tail(rows.quality), [](std::uint16_t q) { return q != 0; }))
    flags |= flag_quality;
  if (std::ranges::adjacent_find(provenance, std::ranges::not_equal_to{}) != provenance.end())
    flags |= flag_provenance;
  out.u64(head.revision);
  out.varint(head.producer);
  out.varint(head.sequence);
  out.varint(head.index);
  out.varint(rows.size() - from);
  out.varint(flags);
  std::uint64_t series = 0;
  for (const std::uint64_t number : tail(rows.series)) {
    out.signed_varint(static_cast<std::int64_t>(number - series));
    series = number;
  }
  std::uint64_t ts = 0;
  for (const std::int64_t time : tail(rows.ts)) {
    out.signed_varint(static_cast<std::int64_t>(static_cast<std::uint64_t>(time) - ts));
    ts = static_cast<std::uint64_t>(time);
  }
  encode_values(out, rows, from);
  if ((flags & flag_quality) != 0)
    for (const std::uint16_t quality : tail(rows.quality)) out.u16(quality);
  if ((flags & flag_provenance) != 0)
    for (const std::uint32_t number : provenance) out.varint(number);
  else
    out.varint(provenance.empty() ? 0 : provenance.front());
}

void encode_loss_entry(ByteWriter& out, const LossEntry& entry) {
  out.varint(entry.range.first);
  out.varint(entry.range.count);
  out.u8(static_cast<std::uint8_t>(entry.cause));
  out.i64(entry.from.us);
  out.i64(entry.to.us);
  out.text(entry.policy);
}

LossEntry decode_loss_entry(ByteReader& in) {
  LossEntry entry;
  entry.range.first = in.varint();
  entry.range.count = in.varint();
  entry.cause = static_cast<ontology::LossCause>(in.u8());
  entry.from.us = in.i64();
  entry.to.us = in.i64();
  entry.policy = std::string(in.text());
  if (entry.range.count > UINT64_MAX - entry.range.first) in.invalidate();
  return entry;
}

void encode(ByteWriter& out, const LossRecord& record) {
  out.u64(record.revision);
  out.varint(record.producer);
  encode_loss_entry(out, record.entry);
}

void encode(ByteWriter& out, const CommitRecord& record) {
  out.u64(record.revision);
  out.varint(record.advances.size());
  for (const auto& advance : record.advances) {
    out.varint(advance.producer);
    out.varint(advance.next);
    out.varint(advance.duplicates);
  }
}

void put_revision(std::span<std::byte> payload, Revision revision) {
  for (std::size_t i = 0; i < 8; ++i) payload[i] = static_cast<std::byte>(revision >> (8 * i));
}

Revision revision_of(ByteView payload) {
  return ByteReader(payload).u64();
}

Result<StartRecord> decode_start(ByteView payload) {
  ByteReader in(payload);
  StartRecord record;
  record.previous_generation = in.varint();
  record.previous_length = in.varint();
  if (!in.ok() || !in.at_end()) return malformed("start");
  return record;
}

Result<DataHead> decode_data(ByteView payload, SampleColumns& out) {
  ByteReader in(payload);
  DataHead head;
  head.revision = in.u64();
  const std::uint64_t producer = in.varint();
  head.sequence = in.varint();
  const std::uint64_t index = in.varint();
  head.rows = in.count(2);
  const std::uint64_t flags = in.varint();
  if (!in.ok() || producer > UINT32_MAX || index > UINT32_MAX - head.rows ||
      head.sequence > UINT64_MAX - index - head.rows) {
    return malformed("data");
  }
  head.producer = static_cast<std::uint32_t>(producer);
  head.index = static_cast<std::uint32_t>(index);
  const std::size_t size = out.size(), arena = out.arena.size();
  if (!decode_columns(in, head, flags, out)) {
    shrink(out, size, arena);
    return malformed("data");
  }
  return head;
}

Result<LossRecord> decode_loss(ByteView payload) {
  ByteReader in(payload);
  LossRecord record;
  record.revision = in.u64();
  const std::uint64_t producer = in.varint();
  record.entry = decode_loss_entry(in);
  if (!in.ok() || !in.at_end() || producer > UINT32_MAX) return malformed("loss");
  record.producer = static_cast<std::uint32_t>(producer);
  return record;
}

Result<CommitRecord> decode_commit(ByteView payload) {
  ByteReader in(payload);
  CommitRecord record;
  record.revision = in.u64();
  const std::uint64_t count = in.count(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t producer = in.varint();
    if (producer > UINT32_MAX) in.invalidate();
    CommitRecord::Advance advance{static_cast<std::uint32_t>(producer), 0, 0};
    advance.next = in.varint();
    advance.duplicates = in.varint();
    record.advances.push_back(advance);
  }
  if (!in.ok() || !in.at_end()) return malformed("commit");
  return record;
}

}  // namespace millwright::historian
