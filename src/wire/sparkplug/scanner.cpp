// The scanner. Whatever is not the plain shape of a DATA message, malformed bytes included, goes to
// the general codec, so that its rules stand in one place.
#include "wire/sparkplug/scanner.hpp"

#include "wire/sparkplug/compression.hpp"
#include "wire/sparkplug/row_maker.hpp"
#include "wire/sparkplug/wire_format.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::DataType;
using wire_format::block_tag;
using wire_format::fixed32_tag;
using wire_format::fixed64_tag;
using wire_format::Reader;
using wire_format::varint_tag;

constexpr std::string_view quality_key = "Quality";

/// Reads {keys: ["Quality"], values: [{type: Int32, int_value}]} and nothing else.
bool scan_quality(ByteView bytes, FoundMetric& out) {
  Reader in(bytes);
  if (in.tag() != block_tag(1) || as_text(in.block()) != quality_key) return false;
  if (in.tag() != block_tag(2)) return false;
  Reader value(in.block());
  if (!in.ok() || !in.at_end()) return false;
  if (value.tag() != varint_tag(1) || value.varint() != code_of(TypeCode::int32)) return false;
  if (value.tag() != varint_tag(3)) return false;
  out.quality = static_cast<std::int32_t>(value.varint());
  return value.ok() && value.at_end();
}

struct ScannedMetric {
  FoundMetric found;
  std::uint32_t datatype = 0;
};

/// False when the general codec has to read the message.
bool scan_metric(ByteView bytes, ScannedMetric& out) {
  Reader in(bytes);
  FoundMetric& found = out.found;
  while (!in.at_end()) {
    switch (in.tag()) {
      case block_tag(1):
        found.name = as_text(in.block());
        break;
      case varint_tag(2):
        found.alias = in.varint();
        found.has_alias = true;
        break;
      case varint_tag(3):
        found.time_ms = in.varint();
        found.has_time = true;
        break;
      case varint_tag(4):
        out.datatype = static_cast<std::uint32_t>(in.varint());
        break;
      case varint_tag(5):
        found.is_historical = in.varint() != 0;
        break;
      case varint_tag(6):
        in.varint();  // is_transient: a wish about storage that we do not follow
        break;
      case varint_tag(7):
        found.is_null = in.varint() != 0;
        break;
      case block_tag(9):
        if (found.quality || !scan_quality(in.block(), found)) return false;
        break;
      case varint_tag(10):
        found.bits = static_cast<std::uint32_t>(in.varint());
        found.kind = ValueKind::integer;
        break;
      case varint_tag(11):
        found.bits = in.varint();
        found.kind = ValueKind::integer;
        break;
      case fixed32_tag(12):
        found.bits = in.fixed32();
        found.kind = ValueKind::float32;
        break;
      case fixed64_tag(13):
        found.bits = in.fixed64();
        found.kind = ValueKind::float64;
        break;
      case varint_tag(14):
        found.bits = in.varint() != 0 ? 1 : 0;
        found.kind = ValueKind::boolean;
        break;
      case block_tag(15):
        found.content = as_text(in.block());
        found.kind = ValueKind::text;
        break;
      case block_tag(16):
        found.content = as_text(in.block());
        found.kind = ValueKind::bytes;
        break;
      default:
        return false;
    }
  }
  return in.ok();
}

/// True when the scanner may type a value: the birth's type is a series type, and the message, if
/// it names one too, names the same.
bool is_plain(const AliasTable::Entry& entry, std::uint32_t datatype) {
  return entry.datatype != DataType::unknown &&
         (datatype == 0 || datatype == code_of(code_for(entry.datatype)));
}

bool scan_payload(ByteView bytes, RowMaker& maker, DataMessage& out) {
  Reader in(bytes);
  while (!in.at_end()) {
    switch (in.tag()) {
      case varint_tag(1):
        out.header.timestamp_ms = in.varint();
        break;
      case block_tag(2): {
        ScannedMetric metric;
        if (!scan_metric(in.block(), metric)) return false;
        const AliasTable::Entry* entry = maker.find(metric.found);
        if (entry != nullptr && !is_plain(*entry, metric.datatype)) return false;
        maker.add(metric.found, entry);
        break;
      }
      case varint_tag(3):
        out.header.seq = in.varint();
        break;
      case block_tag(4):
        out.header.uuid = as_text(in.block());
        break;
      case block_tag(5):
        out.header.body = in.block();
        break;
      default:
        return false;
    }
  }
  return in.ok() && out.header.uuid != compressed_uuid;
}

}  // namespace

void DataMessage::clear() {
  header = {};
  batch.clear();
  unknown.clear();
  metric_count = historical = payload_timed = arrival_timed = untimed = mistyped = 0;
}

ScanOutcome scan(ByteView bytes, const AliasTable& table, Timestamp arrival, DataMessage& out) {
  out.clear();
  RowMaker maker(table, out);
  if (!scan_payload(bytes, maker, out)) {
    out.clear();
    return ScanOutcome::general;
  }
  maker.finish(arrival);
  return ScanOutcome::complete;
}

Result<ScanOutcome> read_data(ByteView bytes, const AliasTable& table, Timestamp arrival,
                              DataMessage& out, Payload& decoded) {
  if (scan(bytes, table, arrival, out) == ScanOutcome::complete) return ScanOutcome::complete;
  Result<Payload> payload = decode(bytes);
  if (!payload) return pass(std::move(payload));
  decoded = *std::move(payload);
  collect(decoded, table, arrival, out);
  return ScanOutcome::general;
}

}  // namespace millwright::sparkplug
