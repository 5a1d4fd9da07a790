#include "fabric/historian/manifest_record.hpp"

#include "base/format.hpp"
#include "fabric/historian/log_record.hpp"

namespace millwright::historian {
namespace {

void put(ByteWriter& out, const SiteRecord& record) {
  out.varint(record.number);
  out.text(record.name);
}
void take(ByteReader& in, SiteRecord& record) {
  record.number = static_cast<std::uint16_t>(in.varint());
  record.name = std::string(in.text());
}

void put(ByteWriter& out, const SeriesRecord& record) {
  out.varint(record.series.size());
  for (const auto& series : record.series) {
    out.varint(series.number.value());
    out.text(series.address.site);
    out.text(series.address.edge);
    out.text(series.address.device);
    out.text(series.metric.name);
    out.u8(static_cast<std::uint8_t>(series.metric.datatype));
    out.text(series.metric.unit);
  }
}
void take(ByteReader& in, SeriesRecord& record) {
  const std::uint64_t count = in.count(7);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    SeriesDefinition series;
    series.number = SeriesNumber(in.varint());
    series.address.site = std::string(in.text());
    series.address.edge = std::string(in.text());
    series.address.device = std::string(in.text());
    series.metric.name = std::string(in.text());
    series.metric.datatype = static_cast<ontology::DataType>(in.u8());
    series.metric.unit = std::string(in.text());
    record.series.push_back(std::move(series));
  }
}

void put(ByteWriter& out, const ProvenanceRecord& record) {
  out.varint(record.number);
  out.text(record.canonical);
}
void take(ByteReader& in, ProvenanceRecord& record) {
  record.number = static_cast<ProvenanceNumber>(in.varint());
  record.canonical = std::string(in.text());
}

void put(ByteWriter& out, const ProducerRecord& record) {
  out.varint(record.number);
  out.text(record.producer.site);
  out.text(record.producer.edge);
  out.u64(record.incarnation);
  out.u8(static_cast<std::uint8_t>(record.custody));
}
void take(ByteReader& in, ProducerRecord& record) {
  record.number = static_cast<std::uint32_t>(in.varint());
  record.producer.site = std::string(in.text());
  record.producer.edge = std::string(in.text());
  record.incarnation = in.u64();
  record.custody = static_cast<Custody>(in.u8());
}

void put(ByteWriter& out, const Segment& segment) {
  out.varint(segment.id);
  out.text(segment.path);
  out.varint(segment.site);
  out.signed_varint(segment.day);
  out.varint(segment.rows);
  out.signed_varint(segment.ts_min);
  out.signed_varint(segment.ts_max);
  out.varint(segment.series_min);
  out.varint(segment.series_max);
  out.varint(segment.bytes);
  out.u32(segment.crc);
}
void take(ByteReader& in, Segment& segment) {
  segment.id = in.varint();
  segment.path = std::string(in.text());
  segment.site = static_cast<std::uint16_t>(in.varint());
  segment.day = static_cast<std::int32_t>(in.signed_varint());
  segment.rows = in.varint();
  segment.ts_min = in.signed_varint();
  segment.ts_max = in.signed_varint();
  segment.series_min = in.varint();
  segment.series_max = in.varint();
  segment.bytes = in.varint();
  segment.crc = in.u32();
}

void put(ByteWriter& out, const EditionRecord& record) {
  out.varint(record.sealed_through);
  out.varint(record.revision);
  out.varint(record.next_segment);
  out.varint(record.added.size());
  for (const auto& segment : record.added) put(out, segment);
  out.varint(record.removed.size());
  for (const std::uint64_t id : record.removed) out.varint(id);
  out.varint(record.accounts.size());
  for (const auto& account : record.accounts) {
    out.varint(account.producer);
    out.varint(account.next);
    out.varint(account.stored);
    out.varint(account.duplicates);
    out.varint(account.losses.size());
    for (const auto& loss : account.losses) encode_loss_entry(out, loss);
  }
}
void take(ByteReader& in, EditionRecord& record) {
  record.sealed_through = in.varint();
  record.revision = in.varint();
  record.next_segment = in.varint();
  for (std::uint64_t n = in.count(14); n > 0 && in.ok(); --n) {
    take(in, record.added.emplace_back());
  }
  for (std::uint64_t n = in.count(1); n > 0; --n) record.removed.push_back(in.varint());
  for (std::uint64_t n = in.count(5); n > 0 && in.ok(); --n) {
    auto& account = record.accounts.emplace_back();
    account.producer = static_cast<std::uint32_t>(in.varint());
    account.next = in.varint();
    account.stored = in.varint();
    account.duplicates = in.varint();
    for (std::uint64_t m = in.count(20); m > 0 && in.ok(); --m) {
      account.losses.push_back(decode_loss_entry(in));
    }
  }
}

template <typename Record>
Result<ManifestRecord> take_all(ByteView payload) {
  ByteReader in(payload);
  Record record;
  take(in, record);
  if (!in.ok() || !in.at_end()) return fail(Code::corrupt, "malformed manifest record");
  return ManifestRecord(std::move(record));
}

}  // namespace

Bytes encode(const ManifestRecord& record) {
  Bytes out;
  ByteWriter writer(out);
  std::visit([&](const auto& content) { put(writer, content); }, record);
  return out;
}

Result<ManifestRecord> decode_manifest_record(std::uint32_t kind, ByteView payload) {
  switch (kind) {
    case 1:
      return take_all<SiteRecord>(payload);
    case 2:
      return take_all<SeriesRecord>(payload);
    case 3:
      return take_all<ProvenanceRecord>(payload);
    case 4:
      return take_all<ProducerRecord>(payload);
    case 5:
      return take_all<EditionRecord>(payload);
    default:
      return fail(Code::corrupt, fmt::format("manifest record of unknown kind {}", kind));
  }
}

}  // namespace millwright::historian
