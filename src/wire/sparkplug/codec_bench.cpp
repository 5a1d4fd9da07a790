// DATA messages per second: scanner, general codec and protobuf on the same bytes, the encoder, and
// what an envelope costs. With MILLWRIGHT_VECTORS=FILE the payloads are written there too, one
// `metrics<TAB>hex` a line, so that bench/codec.mjs gives a foreign decoder the same bytes.
#include <benchmark/benchmark.h>
#include <proto/sparkplug_b.pb.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "wire/envelope/envelope.hpp"
#include "wire/sparkplug/scanner.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::Batch;
using ontology::DataType;
using ontology::Row;

constexpr std::int64_t start_us = 1'760'000'000'000'000;
constexpr std::uint64_t start_ms = start_us / 1000;

struct Mix {
  AliasTable table;
  Batch batch;
  Bytes payload;
};

/// 40 % double, 30 % int32 of which half are negative, 20 % bool, 10 % texts of 16 bytes; alias,
/// timestamp and datatype each.
DataType type_at(std::size_t i) {
  constexpr DataType pattern[] = {DataType::float64, DataType::int32, DataType::boolean,
                                  DataType::float64, DataType::int32, DataType::string,
                                  DataType::float64, DataType::int32, DataType::boolean,
                                  DataType::float64};
  return pattern[i % std::size(pattern)];
}

void set_value(Mix& mix, Row& row, std::size_t i, DataType type) {
  switch (type) {
    case DataType::float64:
      row.set_f64(static_cast<double>(i) * 0.1 + 20.0);
      break;
    case DataType::int32:
      row.set_i64(static_cast<std::int64_t>(i * 7919) * (i % 2 == 0 ? 1 : -1));
      break;
    case DataType::boolean:
      row.bits = (i / 10) % 2;
      break;
    default:
      mix.batch.set_payload(row, std::string("state-").append(std::to_string(1'000'000'000 + i)));
  }
}

Mix make_mix(std::size_t count) {
  Mix mix;
  std::vector<MetricBinding> metrics;
  for (std::size_t i = 0; i < count; ++i) {
    const DataType type = type_at(i);
    metrics.push_back({"metric/" + std::to_string(i), i + 1, type});
    Row& row = mix.batch.rows.emplace_back();
    row.slot = static_cast<std::uint32_t>(i);
    row.ts_us = start_us + static_cast<std::int64_t>(i) * 1000;
    set_value(mix, row, i, type);
  }
  mix.table = AliasTable::create(std::move(metrics)).value();
  encode_data({start_ms, 17, {}, {}}, mix.batch.rows, mix.batch, mix.table,
              {.datatype_in_data = true}, mix.payload);
  return mix;
}

void count_metrics(benchmark::State& state, const Mix& mix) {
  const auto count = static_cast<std::int64_t>(mix.batch.size());
  state.SetItemsProcessed(state.iterations() * count);
  state.counters["bytes_a_metric"] =
      static_cast<double>(mix.payload.size()) / static_cast<double>(count);
}

void payload_scanner(benchmark::State& state) {
  const Mix mix = make_mix(static_cast<std::size_t>(state.range(0)));
  DataMessage out;
  for (auto _ : state) {
    if (scan(mix.payload, mix.table, Timestamp{}, out) != ScanOutcome::complete ||
        out.batch.size() != mix.batch.size()) {
      state.SkipWithError("the scanner handed over");
    }
    benchmark::DoNotOptimize(out.batch.rows.data());
  }
  if (!(out.batch == mix.batch)) state.SkipWithError("the scanner read something else");
  count_metrics(state, mix);
}

void payload_general(benchmark::State& state) {
  const Mix mix = make_mix(static_cast<std::size_t>(state.range(0)));
  DataMessage out;
  for (auto _ : state) {
    const auto payload = decode(mix.payload);
    collect(*payload, mix.table, Timestamp{}, out);
    benchmark::DoNotOptimize(out.batch.rows.data());
  }
  if (!(out.batch == mix.batch)) state.SkipWithError("the general codec read something else");
  count_metrics(state, mix);
}

void payload_protobuf(benchmark::State& state) {
  const Mix mix = make_mix(static_cast<std::size_t>(state.range(0)));
  oracle::Payload message;  // reused: what it allocated stays with it
  for (auto _ : state) {
    bool parsed = message.ParseFromArray(mix.payload.data(), static_cast<int>(mix.payload.size()));
    benchmark::DoNotOptimize(parsed);
  }
  count_metrics(state, mix);
}

void payload_encoder(benchmark::State& state) {
  const Mix mix = make_mix(static_cast<std::size_t>(state.range(0)));
  Bytes out;
  for (auto _ : state) {
    out.clear();
    encode_data({start_ms, 17, {}, {}}, mix.batch.rows, mix.batch, mix.table,
                {.datatype_in_data = true}, out);
    benchmark::DoNotOptimize(out.data());
  }
  count_metrics(state, mix);
}

enum class Times { one_scan, jittered };

/// A message of 20 doubles as an edge sends it, envelope and all; `bytes_a_metric` is the whole
/// payload's.
void enveloped(benchmark::State& state, Times times) {
  constexpr std::size_t count = 20;
  std::vector<MetricBinding> metrics;
  Batch batch;
  for (std::size_t i = 0; i < count; ++i) {
    metrics.push_back({"s" + std::to_string(i), i + 1, DataType::float64});
    Row& row = batch.rows.emplace_back();
    row.slot = static_cast<std::uint32_t>(i);
    row.ts_us =
        start_us + 123 + (times == Times::jittered ? static_cast<std::int64_t>(i * i * 331) : 0);
    row.provenance = 3;
    row.set_f64(static_cast<double>(i) / 3);
  }
  const AliasTable table = AliasTable::create(std::move(metrics)).value();
  envelope::Envelope head;
  head.producer = "edge-1";
  head.incarnation = 0x0123456789ABCDEF;
  head.first_sequence = 123'456'789;
  Bytes body, bytes;
  DataMessage out;
  for (auto _ : state) {
    body.clear();
    bytes.clear();
    envelope::extract(batch.rows, head);
    envelope::encode(head, body);
    encode_data({start_ms, 200, envelope::uuid, body}, batch.rows, batch, table, {}, bytes);
    scan(bytes, table, Timestamp{}, out);
    const auto read = envelope::decode(out.header.body);
    if (!read || !envelope::apply(*read, out.batch))
      state.SkipWithError("the envelope was refused");
  }
  if (!(out.batch == batch)) state.SkipWithError("the batch changed on its way");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
  state.counters["bytes_a_metric"] = static_cast<double>(bytes.size()) / count;
  state.counters["envelope_bytes"] = static_cast<double>(body.size());
}

void write_vectors(benchmark::State& state) {
  const char* path = std::getenv("MILLWRIGHT_VECTORS");
  if (path == nullptr) {
    state.SkipWithMessage("MILLWRIGHT_VECTORS names no file");
    return;
  }
  std::ofstream file(path);
  for (const std::size_t count : {10u, 100u, 1000u})
    file << count << '\t' << to_hex(make_mix(count).payload) << '\n';
  file.flush();
  if (!file) state.SkipWithError("the vectors could not be written");
  for (auto _ : state) {
  }
}

BENCHMARK(write_vectors)->Iterations(1);
BENCHMARK(payload_scanner)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK(payload_general)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK(payload_protobuf)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK(payload_encoder)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(enveloped, one_scan, Times::one_scan);
BENCHMARK_CAPTURE(enveloped, jittered, Times::jittered);

}  // namespace
}  // namespace millwright::sparkplug
