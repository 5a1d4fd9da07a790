// The envelope: format version 1 byte by byte, its bounds, and that batch -> payload and envelope
// -> batch is identity.
#include "wire/envelope/envelope.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>

#include "wire/sparkplug/scanner.hpp"

namespace millwright::envelope {
namespace {

using ontology::Batch;
using ontology::DataType;
using ontology::LossCause;
using ontology::Quality;
using ontology::Reason;
using ontology::Row;

Bytes encoded(const Envelope& envelope) {
  Bytes out;
  encode(envelope, out);
  return out;
}

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

Envelope data_envelope() {
  Envelope envelope;
  envelope.kind = Kind::data;
  envelope.producer = "edge-1";
  envelope.incarnation = 0x0123456789ABCDEF;
  envelope.first_sequence = 1000;
  envelope.count = 4;
  envelope.residuals_us = {0, 999, 1, 512};
  envelope.quality = {{3, Quality::good()}, {1, Quality::bad(Reason::out_of_range)}};
  envelope.provenance = {{1, 0}, {3, 300}};
  return envelope;
}

Envelope birth_envelope() {
  Envelope envelope;
  envelope.kind = Kind::birth;
  envelope.producer = "edge-1";
  envelope.incarnation = 1;
  envelope.first_sequence = 7;
  envelope.definitions = {{1, "{}"}, {300, R"({"producer":"a/b"})"}};
  return envelope;
}

Envelope loss_envelope() {
  Envelope envelope;
  envelope.kind = Kind::loss;
  envelope.incarnation = 2;
  envelope.first_sequence = 10;
  envelope.count = 8;
  envelope.losses = {
      {{2, 10, 5}, LossCause::buffer_full, {1'000}, {2'000}, "buffer: drop_oldest at 64 MiB"},
      {{2, 15, 3}, LossCause::journal_corrupt, {-1}, {0}, ""}};
  return envelope;
}

struct Golden {
  Envelope envelope;
  std::string_view bytes;
};

// Released format: these bytes stay readable for ever (DESIGN D14). Never change a line; add.
std::vector<Golden> golden_version_1() {
  return {
      {data_envelope(),
       "0102efcdab8967452301e8070406656467652d310205009c1f0080030603000001108004050100"
       "03ac02"},
      {birth_envelope(),
       "01010100000000000000070006656467652d31051901027b7dac02127b2270726f6475636572223a"
       "22612f62227d"},
      {loss_envelope(),
       "010302000000000000000a080006290502d00fa01f1d6275666665723a2064726f705f6f6c646573"
       "74206174203634204d69420304010000"},
  };
}

TEST(Envelope, Version1IsTheGoldenBytes) {
  for (const Golden& golden : golden_version_1()) {
    EXPECT_EQ(to_hex(encoded(golden.envelope)), golden.bytes);
    EXPECT_EQ(decode(from_hex(golden.bytes)), golden.envelope);
  }
}

TEST(Envelope, NewerVersionsAreRefusedByName) {
  Bytes bytes = encoded(data_envelope());
  bytes[0] = std::byte{2};
  EXPECT_EQ(decode(bytes).error().code(), Code::unsupported_version);
  bytes[0] = std::byte{0};
  EXPECT_EQ(decode(bytes).error().code(), Code::unsupported_version);
}

TEST(Envelope, UnknownSectionsAreSkipped) {
  Bytes bytes = encoded(data_envelope());
  ByteWriter writer(bytes);
  writer.varint(77);
  writer.text("from a later release");
  EXPECT_EQ(decode(bytes), data_envelope());
}

TEST(Envelope, EveryCutIsRefusedOrASmallerEnvelope) {
  for (const Golden& golden : golden_version_1()) {
    const Bytes bytes = from_hex(golden.bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto cut = decode(ByteView(bytes).first(size));
      if (cut) {
        EXPECT_EQ(decode(encoded(*cut)), *cut) << size;
        EXPECT_NE(*cut, golden.envelope) << size;
      } else {
        EXPECT_EQ(cut.error().code(), Code::corrupt) << size;
      }
    }
  }
}

/// `head` and one section with the content given in hexadecimal.
Bytes with_section(const Envelope& head, std::uint8_t number, std::string_view content) {
  Bytes bytes = encoded(head);
  ByteWriter writer(bytes);
  writer.u8(number);
  writer.block(from_hex(content));
  return bytes;
}

TEST(Envelope, RunsMustCoverTheCountExactly) {
  Envelope head;
  head.incarnation = 1;
  head.count = 2;
  EXPECT_TRUE(decode(with_section(head, 3, "020000")).has_value());
  const std::vector<std::pair<std::uint8_t, std::string_view>> refused{
      {3, "010000"},          // quality: too few
      {3, "020000010000"},    // too many
      {3, "000000020000"},    // an empty run
      {3, "0200"},            // cut
      {4, "0105"},            // provenance: too few
      {4, "02ffffffffff01"},  // number too large
      {1, "0105"},            // residuals: too few
      {1, "02e807"},          // 1000 microseconds
      {1, "ffffffff7f00"},    // a run longer than the message
      {2, "0000"},            // packed: wrong length
      {2, "ff03ff"},          // 1023 microseconds
      {6, "0101020200"},      // losses in a data envelope
  };
  for (const auto& [number, content] : refused)
    EXPECT_EQ(decode(with_section(head, number, content)).error().code(), Code::corrupt) << content;
  Bytes twice = with_section(head, 3, "020000");
  const Bytes again = with_section(head, 3, "020000");
  twice.insert(twice.end(), again.end() - 5, again.end());
  EXPECT_EQ(decode(twice).error().code(), Code::corrupt);
}

TEST(Envelope, HeadsThatCannotBeAreRefused) {
  const auto refused = [](std::string_view hex) {
    return decode(from_hex(hex)).error().code() == Code::corrupt;
  };
  EXPECT_TRUE(
      refused("01"
              "02"
              "0000000000000000"
              "00"
              "00"
              "00"))
      << "incarnation 0";
  EXPECT_TRUE(
      refused("01"
              "04"
              "0100000000000000"
              "00"
              "00"
              "00"))
      << "kind 4";
  EXPECT_TRUE(
      refused("01"
              "02"
              "0100000000000000"
              "ffffffffffffffffff01"
              "01"
              "00"))
      << "overflow";
  EXPECT_TRUE(
      refused("01"
              "02"
              "0100000000000000"
              "00"
              "818040"
              "00"))
      << "too many samples";
  EXPECT_TRUE(
      refused("01"
              "01"
              "0100000000000000"
              "00"
              "01"
              "00"))
      << "a birth that counts";
  EXPECT_TRUE(
      refused("01"
              "02"
              "0100000000000000"
              "00"
              "00"
              "0141"))
      << "producer 'A'";
  EXPECT_TRUE(
      refused("01"
              "03"
              "0100000000000000"
              "00"
              "01"
              "00"))
      << "losses uncovered";
}

TEST(Envelope, AJitteredTimeCostsTenBitsAndOneTimeAFewBytes) {
  Envelope envelope;
  envelope.incarnation = 1;
  envelope.count = 100;
  const std::size_t bare = encoded(envelope).size();
  envelope.residuals_us.assign(100, 77);
  EXPECT_EQ(encoded(envelope).size(), bare + 4);
  for (std::uint16_t i = 0; i < 100; ++i)
    envelope.residuals_us[i] = static_cast<std::uint16_t>(i * 10);
  EXPECT_EQ(encoded(envelope).size(), bare + 2 + 125);
}

TEST(Envelope, ApplyRefusesAnotherCountAndKeepsUnparsable) {
  Envelope envelope = data_envelope();
  Batch batch;
  batch.rows.resize(3);
  EXPECT_EQ(apply(envelope, batch).error().code(), Code::corrupt);
  batch.rows.resize(4);
  batch.rows[0].quality = Quality::bad(Reason::unparsable);
  batch.rows[1].quality = Quality::bad(Reason::missing);
  ASSERT_TRUE(apply(envelope, batch).has_value());
  EXPECT_EQ(batch.rows[0].quality, Quality::bad(Reason::unparsable));
  EXPECT_EQ(batch.rows[1].quality, Quality::good());
  EXPECT_EQ(batch.rows[1].ts_us, 999);
  EXPECT_EQ(batch.rows[3].provenance, 300u);
  EXPECT_EQ(apply(birth_envelope(), batch).error().code(), Code::corrupt);
}

TEST(Acknowledgements, RoundTripAndRefuseDamage) {
  const std::vector<Acknowledgement> list{{"edge-1", 5, 100, 120}, {"gw", ~0ull, 0, ~0ull}};
  Bytes bytes;
  encode(list, bytes);
  EXPECT_EQ(to_hex(bytes),
            "010206656467652d3105000000000000006478026777ffffffffffffffff00"
            "ffffffffffffffffff01");
  EXPECT_EQ(decode_acknowledgements(bytes), list);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_acknowledgements(ByteView(bytes).first(size)).has_value()) << size;
  bytes.push_back({});
  EXPECT_EQ(decode_acknowledgements(bytes).error().code(), Code::corrupt);
  bytes[0] = std::byte{2};
  EXPECT_EQ(decode_acknowledgements(bytes).error().code(), Code::unsupported_version);
}

const std::vector<DataType>& series_types() {
  static const std::vector<DataType> types = [] {
    std::vector<DataType> out;
    for (std::uint32_t code = 1; code <= 17; ++code) {
      if (sparkplug::data_type_of(code) != DataType::unknown)
        out.push_back(sparkplug::data_type_of(code));
    }
    out.push_back(DataType::waveform);
    return out;
  }();
  return types;
}

sparkplug::AliasTable table_of_all(std::uint64_t alias_step) {
  std::vector<sparkplug::MetricBinding> metrics;
  for (const DataType type : series_types()) {
    metrics.push_back({std::string(name_of(type)), std::nullopt, type});
    if (type != DataType::text) metrics.back().alias = metrics.size() * alias_step;
  }
  return sparkplug::AliasTable::create(std::move(metrics)).value();
}

/// A value as rows hold it: within the width of its type.
void set_any_value(Row& row, Batch& batch, DataType type) {
  const auto bits = *rc::gen::resize(100, rc::gen::arbitrary<std::uint64_t>());
  switch (column_of(type)) {
    case ontology::Column::f64:
      row.set_f64(type == DataType::float32 ? static_cast<double>(static_cast<float>(bits) / 3)
                                            : static_cast<double>(bits) / 7);
      return;
    case ontology::Column::text:
      batch.set_payload(row, *rc::gen::element<std::string>("", "a", "väl", std::string(200, 'x')));
      return;
    case ontology::Column::blob:
      batch.set_payload(row, *rc::gen::string<std::string>());
      return;
    case ontology::Column::i64:
      break;
  }
  const bool is_narrow =
      type != DataType::int64 && type != DataType::uint64 && type != DataType::datetime;
  row.bits = type == DataType::boolean ? bits & 1 : is_narrow ? bits & 0x7F : bits;
}

/// Texts are laid into the arena in the order of the rows, as the reader lays them.
Batch any_batch() {
  Batch batch;
  const auto count = *rc::gen::inRange<std::size_t>(0, 40);
  constexpr std::int64_t time_max = std::numeric_limits<std::int64_t>::max() / 1000 * 1000 - 1000;
  for (std::size_t i = 0; i < count; ++i) {
    Row row;
    row.slot =
        *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(series_types().size()));
    row.ts_us = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-time_max, time_max),
                                rc::gen::just<std::int64_t>(1'700'000'000'000'000),
                                rc::gen::inRange<std::int64_t>(-2000, 2000));
    row.quality.code = *rc::gen::element<std::uint16_t>(0, 0, 0, 16, 0x4017, 0x8010, 0xFFFF);
    row.provenance = *rc::gen::element<std::uint32_t>(0, 0, 1, 7, 0xFFFFFFFF);
    row.is_null = *rc::gen::inRange(0, 5) == 0;
    if (!row.is_null) set_any_value(row, batch, series_types()[row.slot]);
    batch.rows.push_back(row);
  }
  return batch;
}

TEST(Envelope, BatchToPayloadAndEnvelopeAndBackIsIdentity) {
  const bool holds = rc::check([] {
    const auto table = table_of_all(*rc::gen::element<std::uint64_t>(1, 1000, 1ull << 50));
    const Batch batch = any_batch();
    Envelope sent;
    sent.incarnation = *rc::gen::inRange<std::uint64_t>(1, ~0ull);
    sent.first_sequence = *rc::gen::inRange<std::uint64_t>(0, 1ull << 62);
    extract(batch.rows, sent);
    Bytes body, bytes;
    encode(sent, body);
    const sparkplug::DataOptions options{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                                         *rc::gen::arbitrary<bool>()};
    encode_data({1, 2, uuid, body}, batch.rows, batch, table, options, bytes);

    sparkplug::DataMessage received;
    RC_ASSERT(scan(bytes, table, Timestamp{}, received) == sparkplug::ScanOutcome::complete);
    RC_ASSERT(received.header.uuid == uuid);
    RC_ASSERT(received.unknown.empty() && received.mistyped == 0);
    const auto envelope = decode(received.header.body);
    RC_ASSERT(envelope.has_value());
    RC_ASSERT((*envelope == sent));
    RC_ASSERT(apply(*envelope, received.batch).has_value());
    RC_ASSERT((received.batch == batch));
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace millwright::envelope
