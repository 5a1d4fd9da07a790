#include "fabric/custody/record.hpp"

#include "base/format.hpp"

namespace millwright::custody {
namespace {

using namespace ontology;

constexpr std::string_view magic = "mwjrnl\n";

enum class Kind : std::uint8_t { head = 1, device = 2, provenance = 3, data = 4, loss = 5 };

constexpr std::uint8_t flag_null = 1, flag_quality = 2, flag_provenance = 4, flag_new_slot = 8;

/// Opens a frame, lets `fill` write the content, closes it with length and checksum.
template <typename Fill>
void framed(Bytes& out, Kind kind, Fill fill) {
  const std::size_t start = out.size();
  out.resize(start + frame_bytes);
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(kind));
  fill(writer);
  Bytes header;
  ByteWriter head(header);
  const auto length = static_cast<std::uint32_t>(out.size() - start - frame_bytes);
  head.u32(length);
  const std::uint32_t crc = crc32c(ByteView(out).subspan(start + frame_bytes), crc32c(header));
  head.u32(crc);
  std::copy(header.begin(), header.end(), out.begin() + static_cast<std::ptrdiff_t>(start));
}

void write_rows(ByteWriter& writer, const Batch& batch, const Columns& columns) {
  writer.varint(batch.rows.size());
  std::int64_t previous_ts = 0;
  std::uint32_t expected_slot = 0;
  for (const Row& row : batch.rows) {
    MILLWRIGHT_ASSERT(row.slot < columns.size());
    std::uint8_t flags = 0;
    if (row.is_null) flags |= flag_null;
    if (row.quality != Quality::good()) flags |= flag_quality;
    if (row.provenance != 0) flags |= flag_provenance;
    if (row.slot != expected_slot) flags |= flag_new_slot;
    writer.u8(flags);
    if ((flags & flag_new_slot) != 0) writer.varint(row.slot);
    expected_slot = row.slot + 1;
    writer.signed_varint(row.ts_us - previous_ts);
    previous_ts = row.ts_us;
    if ((flags & flag_quality) != 0) writer.u16(row.quality.code);
    if ((flags & flag_provenance) != 0) writer.varint(row.provenance);
    if (row.is_null) continue;
    switch (columns[row.slot]) {
      case Column::f64:
        writer.u64(row.bits);
        break;
      case Column::i64:
        writer.signed_varint(row.i64());
        break;
      case Column::text:
      case Column::blob:
        writer.text(batch.payload(row));
        break;
    }
  }
}

bool read_rows(ByteReader& reader, const Columns& columns, Batch& batch) {
  const std::uint64_t count = reader.count(2);
  batch.rows.reserve(count);
  std::int64_t ts = 0;
  std::uint64_t slot = 0;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    Row row;
    const std::uint8_t flags = reader.u8();
    if ((flags & flag_new_slot) != 0) slot = reader.varint();
    if (slot >= columns.size()) return false;
    row.slot = static_cast<std::uint32_t>(slot++);
    ts = static_cast<std::int64_t>(static_cast<std::uint64_t>(ts) +
                                   static_cast<std::uint64_t>(reader.signed_varint()));
    row.ts_us = ts;
    if ((flags & flag_quality) != 0) row.quality.code = reader.u16();
    if ((flags & flag_provenance) != 0)
      row.provenance = static_cast<std::uint32_t>(reader.varint());
    row.is_null = (flags & flag_null) != 0;
    if (!row.is_null) {
      switch (columns[row.slot]) {
        case Column::f64:
          row.bits = reader.u64();
          break;
        case Column::i64:
          row.set_i64(reader.signed_varint());
          break;
        case Column::text:
        case Column::blob:
          batch.set_payload(row, reader.text());
          break;
      }
    }
    batch.rows.push_back(row);
  }
  return reader.ok();
}

Record read_head(ByteReader& reader) {
  FileHead head;
  head.incarnation = reader.u64();
  head.first_sequence = reader.varint();
  head.accepted_before = reader.varint();
  const std::uint64_t count = reader.count(2);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string driver(reader.text());
    head.tokens.emplace_back(std::move(driver), std::string(reader.text()));
  }
  return head;
}

Record read_device(ByteReader& reader) {
  DeviceRecord record;
  record.index = static_cast<std::uint32_t>(reader.varint());
  record.schema.address.site = reader.text();
  record.schema.address.edge = reader.text();
  record.schema.address.device = reader.text();
  const std::uint64_t count = reader.count(3);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    MetricDefinition metric;
    metric.name = reader.text();
    metric.datatype = static_cast<DataType>(reader.u8());
    metric.unit = reader.text();
    record.schema.metrics.push_back(std::move(metric));
  }
  return record;
}

Record read_loss(ByteReader& reader) {
  LossRecord record;
  auto& entry = record.entry;
  entry.range.incarnation = reader.u64();
  entry.range.first = reader.varint();
  entry.range.count = reader.varint();
  entry.cause = static_cast<LossCause>(reader.u8());
  entry.from.us = reader.i64();
  entry.to.us = reader.i64();
  entry.policy = reader.text();
  return record;
}

}  // namespace

Columns columns_of(const DeviceSchema& schema) {
  Columns columns;
  columns.reserve(schema.metrics.size());
  for (const auto& metric : schema.metrics) columns.push_back(column_of(metric.datatype));
  return columns;
}

void append_file_prefix(Bytes& out) {
  ByteWriter writer(out);
  writer.raw(as_bytes(magic));
  writer.u8(journal_format_version);
}

Result<void> check_file_prefix(ByteView file, const std::string& path) {
  static_assert(magic.size() + 1 == file_prefix_bytes);
  if (file.size() < file_prefix_bytes || as_text(file.first(magic.size())) != magic) {
    return fail(Code::corrupt, path + " is not a journal file of this program",
                "move it away; its samples are then declared lost");
  }
  const auto version = static_cast<std::uint8_t>(file[magic.size()]);
  if (version > journal_format_version || version == 0) {
    return fail(Code::unsupported_version,
                fmt::format("{} has journal format version {}, this program reads up to {}", path,
                            version, journal_format_version),
                "start the newer program that wrote it, or let it drain its journal first");
  }
  return {};
}

void append_record(Bytes& out, const FileHead& head) {
  framed(out, Kind::head, [&](ByteWriter& writer) {
    writer.u64(head.incarnation);
    writer.varint(head.first_sequence);
    writer.varint(head.accepted_before);
    writer.varint(head.tokens.size());
    for (const auto& [driver, token] : head.tokens) {
      writer.text(driver);
      writer.text(token);
    }
  });
}

void append_record(Bytes& out, const DeviceRecord& record) {
  framed(out, Kind::device, [&](ByteWriter& writer) {
    writer.varint(record.index);
    writer.text(record.schema.address.site);
    writer.text(record.schema.address.edge);
    writer.text(record.schema.address.device);
    writer.varint(record.schema.metrics.size());
    for (const auto& metric : record.schema.metrics) {
      writer.text(metric.name);
      writer.u8(static_cast<std::uint8_t>(metric.datatype));
      writer.text(metric.unit);
    }
  });
}

void append_record(Bytes& out, const ProvenanceRecord& record) {
  framed(out, Kind::provenance, [&](ByteWriter& writer) {
    writer.varint(record.number);
    writer.text(record.canonical);
  });
}

void append_record(Bytes& out, const LossRecord& record) {
  framed(out, Kind::loss, [&](ByteWriter& writer) {
    const auto& entry = record.entry;
    writer.u64(entry.range.incarnation);
    writer.varint(entry.range.first);
    writer.varint(entry.range.count);
    writer.u8(static_cast<std::uint8_t>(entry.cause));
    writer.i64(entry.from.us);
    writer.i64(entry.to.us);
    writer.text(entry.policy);
  });
}

void append_record(Bytes& out, Sequence first_sequence, std::uint32_t device,
                   std::string_view driver, std::string_view token, const Batch& batch,
                   const Columns& columns) {
  framed(out, Kind::data, [&](ByteWriter& writer) {
    writer.varint(first_sequence);
    writer.varint(device);
    writer.text(driver);
    writer.text(token);
    write_rows(writer, batch, columns);
  });
}

std::optional<std::size_t> frame_at(ByteView bytes) {
  ByteReader reader(bytes);
  const std::uint32_t length = reader.u32(), crc = reader.u32();
  if (!reader.ok() || length == 0 || length > record_bytes_max || length > reader.left())
    return std::nullopt;
  if (crc32c(bytes.subspan(frame_bytes, length), crc32c(bytes.first(4))) != crc)
    return std::nullopt;
  return frame_bytes + length;
}

Result<Record> RecordReader::read(ByteView frame) const {
  const auto corrupt = [] { return fail(Code::corrupt, "a journal record does not decode"); };
  if (frame.size() <= frame_bytes) return corrupt();
  ByteReader reader(frame.subspan(frame_bytes));
  Record record;
  switch (static_cast<Kind>(reader.u8())) {
    case Kind::head:
      record = read_head(reader);
      break;
    case Kind::device:
      record = read_device(reader);
      break;
    case Kind::provenance: {
      ProvenanceRecord provenance;
      provenance.number = static_cast<std::uint32_t>(reader.varint());
      provenance.canonical = reader.text();
      record = std::move(provenance);
      break;
    }
    case Kind::data: {
      DataRecord data;
      data.first_sequence = reader.varint();
      data.device = static_cast<std::uint32_t>(reader.varint());
      data.driver = reader.text();
      data.token = reader.text();
      const Columns* columns = columns_of_device(data.device);
      if (columns == nullptr || !read_rows(reader, *columns, data.batch)) return corrupt();
      record = std::move(data);
      break;
    }
    case Kind::loss:
      record = read_loss(reader);
      break;
    default:
      return corrupt();
  }
  if (!reader.ok() || !reader.at_end()) return corrupt();
  return record;
}

}  // namespace millwright::custody
