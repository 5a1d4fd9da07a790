// The scanner against the general codec, and against its own encoder.
#include <cstdint>
#include <cstdlib>

#include "wire/sparkplug/scanner.hpp"

namespace {

using namespace millwright;
using namespace millwright::sparkplug;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Aliases 1..18 for every type of the wire in its order (types no series can hold included), then
/// one metric with a large alias and one without.
AliasTable make_table() {
  std::vector<MetricBinding> metrics;
  for (std::uint32_t code = 1; code <= 18; ++code)
    metrics.push_back(
        {std::string("m").append(1, static_cast<char>('A' + code)), code, data_type_of(code)});
  metrics.push_back({"big", 1ull << 40, ontology::DataType::int16});
  metrics.push_back({"name", std::nullopt, ontology::DataType::float64});
  return AliasTable::create(std::move(metrics)).value();
}

void require_same(const DataMessage& a, const DataMessage& b) {
  require(a.batch == b.batch);
  require(a.header.timestamp_ms == b.header.timestamp_ms && a.header.seq == b.header.seq);
  require(a.header.uuid == b.header.uuid && as_text(a.header.body) == as_text(b.header.body));
  require(a.metric_count == b.metric_count && a.historical == b.historical);
  require(a.payload_timed == b.payload_timed && a.arrival_timed == b.arrival_timed);
  require(a.untimed == b.untimed && a.mistyped == b.mistyped);
  require(a.unknown.size() == b.unknown.size());
  for (std::size_t i = 0; i < a.unknown.size(); ++i) {
    require(a.unknown[i].position == b.unknown[i].position &&
            a.unknown[i].alias == b.unknown[i].alias && a.unknown[i].name == b.unknown[i].name);
  }
}

/// What was read, written again, is read as the same.
void require_rewritable(const DataMessage& read, const AliasTable& table) {
  Bytes bytes;
  encode_data(read.header, read.batch.rows, read.batch, table, {}, bytes);
  DataMessage again;
  require(scan(bytes, table, Timestamp{7}, again) == ScanOutcome::complete);
  require(again.batch.size() == read.batch.size() && again.unknown.empty());
  for (std::size_t i = 0; i < again.batch.size(); ++i) {
    const auto& was = read.batch.rows[i];
    const auto& is = again.batch.rows[i];
    require(was.slot == is.slot && was.is_null == is.is_null);
    require(Timestamp{was.ts_us}.whole_ms() * 1000 == is.ts_us);
    require(read.batch.payload(was) == again.batch.payload(is) || was.is_null);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const AliasTable table = make_table();
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  DataMessage scanned, collected;
  const ScanOutcome outcome = scan(input, table, Timestamp{7}, scanned);
  const auto payload = decode(input, {.items_max = 1u << 14, .inflated_max = 1u << 20});
  if (outcome == ScanOutcome::general) {
    require(scanned.batch.empty() && scanned.metric_count == 0);
    if (payload) collect(*payload, table, Timestamp{7}, collected);
    return 0;
  }
  if (!payload) {
    require(payload.error().code() == Code::exhausted);
    return 0;
  }
  collect(*payload, table, Timestamp{7}, collected);
  require_same(scanned, collected);
  require_rewritable(scanned, table);
  return 0;
}
