// The encoder twin of the scanner: rows to DATA payload bytes, in one pass over one buffer that is
// sized once.
#include <cstring>

#include "wire/sparkplug/scanner.hpp"
#include "wire/sparkplug/wire_format.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::DataType;
using ontology::Quality;
using ontology::Reason;
using ontology::Row;
using wire_format::block_tag;
using wire_format::fixed32_tag;
using wire_format::fixed64_tag;
using wire_format::varint_tag;

constexpr std::size_t varint_size_max = 10;
constexpr std::size_t length_size_max = 5;
// Tag and length, name's head, alias, time, datatype, three flags, quality property, value's head.
constexpr std::size_t metric_size_max = 1 + length_size_max + (1 + length_size_max) +
                                        2 * (1 + varint_size_max) + 3 + 6 + 24 +
                                        (2 + varint_size_max);
constexpr std::size_t header_size_max = 4 * (1 + varint_size_max);

/// Writes into room that the caller made.
class Cursor {
 public:
  explicit Cursor(std::byte* at) : at_(at) {}

  std::byte* position() const { return at_; }
  void move_to(std::byte* at) { at_ = at; }
  void u8(std::uint32_t value) { *at_++ = static_cast<std::byte>(value); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
    u8(static_cast<std::uint8_t>(value));
  }
  void field(std::uint32_t number, std::uint64_t value) {
    varint(varint_tag(number));
    varint(value);
  }
  template <typename Unsigned>
  void fixed(std::uint32_t tag, Unsigned value) {
    varint(tag);
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void block(std::uint32_t number, ByteView bytes) {
    varint(block_tag(number));
    varint(bytes.size());
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }

 private:
  std::byte* at_;
};

/// The standard property's number. It knows bad, good and stale only; what is uncertain for another
/// reason must not pass for good.
std::uint64_t quality_number(Quality quality) {
  if (quality.is_good()) return 192;
  return quality == Quality::uncertain(Reason::stale) ? 500 : 0;
}

void write_quality(Cursor& out, Quality quality) {
  constexpr std::string_view key = "Quality";
  const std::uint64_t number = quality_number(quality);
  const std::uint32_t value_size = number < 0x80 ? 4 : 5;
  out.varint(block_tag(9));
  out.u8(static_cast<std::uint32_t>(2 + key.size()) + 2 + value_size);
  out.block(1, as_bytes(key));
  out.varint(block_tag(2));
  out.u8(value_size);
  out.field(1, code_of(TypeCode::int32));
  out.field(3, number);
}

void write_value(Cursor& out, const Row& row, const ontology::Batch& batch, DataType type) {
  switch (type) {
    case DataType::float64:
      out.fixed(fixed64_tag(13), row.bits);
      return;
    case DataType::float32:
      out.fixed(fixed32_tag(12), std::bit_cast<std::uint32_t>(static_cast<float>(row.f64())));
      return;
    case DataType::boolean:
      out.field(14, row.bits != 0 ? 1 : 0);
      return;
    case DataType::string:
    case DataType::text:
    case DataType::uuid:
      out.block(15, as_bytes(batch.payload(row)));
      return;
    case DataType::bytes:
    case DataType::waveform:
      out.block(16, as_bytes(batch.payload(row)));
      return;
    case DataType::int8:
    case DataType::int16:
    case DataType::int32:
    case DataType::uint8:
    case DataType::uint16:
      out.field(10, static_cast<std::uint32_t>(row.bits));
      return;
    default:
      out.field(11, row.bits);
  }
}

/// Ends a metric that was written after one byte for its length: long ones move up.
void put_length(Cursor& out, std::byte* start) {
  const auto length = static_cast<std::size_t>(out.position() - start);
  Cursor head(start - 1);
  if (length < 0x80) {
    head.u8(static_cast<std::uint32_t>(length));
    return;
  }
  std::size_t extra = 0;
  for (std::size_t rest = length >> 7; rest != 0; rest >>= 7) ++extra;
  std::memmove(start + extra, start, length);
  head.varint(length);
  out.move_to(out.position() + extra);
}

void write_metric(Cursor& out, const Row& row, const ontology::Batch& batch,
                  const MetricBinding& binding, const DataOptions& options) {
  out.varint(block_tag(2));
  out.u8(0);
  std::byte* const start = out.position();
  if (binding.alias)
    out.field(2, *binding.alias);
  else
    out.block(1, as_bytes(binding.name));
  out.field(3, static_cast<std::uint64_t>(Timestamp{row.ts_us}.whole_ms()));
  if (options.datatype_in_data) out.field(4, code_of(code_for(binding.datatype)));
  if (options.historical) out.field(5, 1);
  if (row.is_null) out.field(7, 1);
  if (options.quality_property && row.quality.code != 0) write_quality(out, row.quality);
  if (!row.is_null) write_value(out, row, batch, binding.datatype);
  put_length(out, start);
}

std::size_t size_bound(const DataHeader& header, std::span<const Row> rows,
                       const ontology::Batch& batch, const AliasTable& table) {
  std::size_t size = header_size_max + header.uuid.size() + header.body.size();
  for (const Row& row : rows) {
    const MetricBinding& binding = table.metrics()[row.slot];
    size += metric_size_max;
    if (!binding.alias) size += binding.name.size();
    const ontology::Column column = column_of(binding.datatype);
    if (!row.is_null && (column == ontology::Column::text || column == ontology::Column::blob))
      size += batch.payload(row).size();
  }
  return size;
}

}  // namespace

void encode_data(const DataHeader& header, std::span<const Row> rows, const ontology::Batch& batch,
                 const AliasTable& table, const DataOptions& options, Bytes& out) {
  for (const Row& row : rows) MILLWRIGHT_ASSERT(row.slot < table.metrics().size());
  const std::size_t start = out.size();
  out.resize(start + size_bound(header, rows, batch, table));
  Cursor cursor(out.data() + start);
  if (header.timestamp_ms) cursor.field(1, *header.timestamp_ms);
  for (const Row& row : rows) write_metric(cursor, row, batch, table.metrics()[row.slot], options);
  if (header.seq) cursor.field(3, *header.seq);
  if (!header.uuid.empty()) cursor.block(4, as_bytes(header.uuid));
  if (!header.body.empty()) cursor.block(5, header.body);
  out.resize(static_cast<std::size_t>(cursor.position() - out.data()));
}

}  // namespace millwright::sparkplug
