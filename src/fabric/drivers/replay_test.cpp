#include "fabric/drivers/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fabric/drivers/testing.hpp"

namespace millwright::drivers {
namespace {

using ontology::DataType;
using ontology::Quality;
using ontology::Reason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::KeepingSink;

struct Fixture {
  testing::ManualExecutor executor;
  testing::MemoryDisk disk;
  testing::KeepingLog log;
  Formats formats{open_gzip, {}, {}};

  Result<std::unique_ptr<Driver>> make(const ReplaySpec& spec) {
    return make_replay(spec, formats, {executor, executor, disk, log});
  }
};

/// Two engines, three cycles, two values, in the order of the file: engine after engine.
ReplaySpec two_engines() {
  ReplaySpec spec;
  spec.file.path = "fleet.txt";
  spec.file.delimiter = Delimiter::blanks;
  spec.file.header = false;
  spec.time = {TimeKind::cycle, "2", {}, {}, Timestamp{1'000'000'000}, std::chrono::hours(1)};
  spec.metrics = {{"3", "t24", DataType::float64, "[degR]"}, {"4", "nf", DataType::int32, "/min"}};
  spec.key_column = "1";
  spec.keys = {{"1", "test-001"}, {"2", "test-002"}};
  return spec;
}
constexpr const char* fleet =
    "1 1 1.5 10\n1 2 2.5 20\n1 3 3.5 30\n2 1 4.5 40\n2 2 5.5 50\n2 3 x 60\n3 1 9 90\n";

std::vector<std::string> summary(const KeepingSink& sink) {
  std::vector<std::string> out;
  for (const auto& [device, batch, position] : sink.taken) {
    const auto& row = batch.rows.front();
    out.push_back(std::to_string(device) + "@" +
                  std::to_string((row.ts_us - 1'000'000'000) / 3'600'000'000) + "=" +
                  (row.is_null ? to_text(row.quality) : std::to_string(row.f64()).substr(0, 3)));
  }
  return out;
}

TEST(Replay, PlaysAllDevicesInStepByEventTime) {
  Fixture f;
  f.disk.put("fleet.txt", fleet);
  auto driver = f.make(two_engines()).value();
  ASSERT_EQ(driver->devices().size(), 2u);
  EXPECT_EQ(driver->devices()[1].address.device, "test-002");
  EXPECT_EQ(driver->devices()[1].metrics[0].unit, "[degR]");
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  EXPECT_TRUE(sink.taken.empty()) << "nothing comes from inside start";
  f.executor.run_all();
  EXPECT_THAT(summary(sink), ElementsAre("0@1=1.5", "1@1=4.5", "0@2=2.5", "1@2=5.5", "0@3=3.5",
                                         "1@3=bad:unparsable"));
  EXPECT_TRUE(sink.over);
  EXPECT_EQ(sink.taken[0].batch.rows[1].i64(), 10);
  const auto status = driver->status();
  EXPECT_EQ(status.state, DriverState::ended);
  EXPECT_EQ(status.samples, 12u);
  EXPECT_EQ(status.samples_unparsable, 1u);
  EXPECT_EQ(status.records_unselected, 1u);
}

TEST(Replay, InOrderOfTheFileToo) {
  Fixture f;
  f.disk.put("fleet.txt", fleet);
  auto spec = two_engines();
  spec.order = ReplayOrder::file;
  auto driver = f.make(spec).value();
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_all();
  EXPECT_THAT(summary(sink), ElementsAre("0@1=1.5", "0@2=2.5", "0@3=3.5", "1@1=4.5", "1@2=5.5",
                                         "1@3=bad:unparsable"));
}

std::string many_rows(int rows) {
  std::string out;
  for (int i = 0; i < rows; ++i) {
    if (i % 97 == 13) out += "broken row\n";
    out +=
        std::to_string(1 + i % 2) + " " + std::to_string(i / 3) + " " + std::to_string(i) + " 7\n";
  }
  return out;
}

TEST(Replay, ResumesAfterAnyPositionWithoutHoleOrRepetition) {
  for (const auto order : {ReplayOrder::event_time, ReplayOrder::file}) {
    for (const auto kind : {TimeKind::cycle, TimeKind::row}) {
      Fixture f;
      f.disk.put("fleet.txt", many_rows(1000));
      auto spec = two_engines();
      spec.order = order;
      spec.time.kind = kind;
      KeepingSink whole;
      auto driver = f.make(spec).value();
      ASSERT_TRUE(driver->start(whole, {}).has_value());
      f.executor.run_all();
      ASSERT_EQ(whole.taken.size(), 1000u);
      for (const std::size_t cut : {1u, 2u, 333u, 500u, 998u, 999u, 1000u}) {
        // A new process: it knows the position by its bytes only.
        Bytes bytes;
        ByteWriter writer(bytes);
        whole.taken[cut - 1].position.encode(writer);
        EXPECT_LE(bytes.size(), 30u);
        ByteReader reader(bytes);
        KeepingSink rest;
        auto again = f.make(spec).value();
        ASSERT_TRUE(again->start(rest, Position::decode(reader).value()).has_value());
        f.executor.run_all();
        ASSERT_EQ(rest.taken.size(), 1000 - cut);
        EXPECT_TRUE(std::equal(rest.taken.begin(), rest.taken.end(),
                               whole.taken.begin() + static_cast<std::ptrdiff_t>(cut)));
      }
    }
  }
}

TEST(Replay, PositionsGrow) {
  Fixture f;
  f.disk.put("fleet.txt", many_rows(200));
  auto driver = f.make(two_engines()).value();
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_all();
  for (std::size_t i = 1; i < sink.taken.size(); ++i) {
    EXPECT_TRUE(sink.taken[i - 1].position.not_after(sink.taken[i].position));
    EXPECT_FALSE(sink.taken[i].position.not_after(sink.taken[i - 1].position));
  }
}

TEST(Replay, AnotherFileIsNotResumed) {
  Fixture f;
  f.disk.put("fleet.txt", fleet);
  auto driver = f.make(two_engines()).value();
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_all();
  f.disk.put("fleet.txt", std::string("1 1 0 0\n") + fleet);
  auto other = f.make(two_engines()).value();
  const auto started = other->start(sink, sink.taken[2].position);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code(), Code::conflict);
}

TEST(Replay, WaitsForTheSinkAndLosesNothing) {
  Fixture f;
  f.disk.put("fleet.txt", many_rows(1000));
  auto driver = f.make(two_engines()).value();
  KeepingSink sink;
  sink.room = 0;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  for (int i = 0; i < 1000; ++i) {
    f.executor.run_all();
    ASSERT_EQ(driver->status().state, DriverState::waiting_for_sink);
    EXPECT_TRUE(f.executor.idle()) << "a waiting driver does not poll";
    sink.room = 1;
    driver->resume();
  }
  sink.room = 1;
  f.executor.run_all();
  EXPECT_TRUE(sink.over);
  EXPECT_EQ(sink.taken.size(), 1000u);
  EXPECT_EQ(sink.samples_lost, 0u);
}

TEST(Replay, PaceChangesWhenAndNeverWhat) {
  Fixture fast, real, total;
  std::vector<KeepingSink::Taken> expected;
  for (auto* f : {&fast, &real, &total}) {
    f->disk.put("fleet.txt", fleet);
    auto spec = two_engines();
    if (f == &real) spec.pace = Pace::times(3600);
    if (f == &total) spec.pace = Pace::within(std::chrono::minutes(3));
    auto driver = f->make(spec).value();
    KeepingSink sink;
    ASSERT_TRUE(driver->start(sink, {}).has_value());
    f->executor.run_until(Duration(0));
    EXPECT_EQ(sink.taken.size(), f == &fast ? 6u : 2u) << "the first cycle is due at once";
    f->executor.run_all();
    if (f == &fast) expected = sink.taken;
    EXPECT_EQ(sink.taken, expected);
    EXPECT_EQ(f->executor.monotonic_now(), f == &fast   ? Duration(0)
                                           : f == &real ? std::chrono::seconds(2)
                                                        : std::chrono::minutes(3));
  }
}

TEST(Replay, ATotalInFileOrderIsSharedOutByRecords) {
  Fixture f;
  f.disk.put("fleet.txt", fleet);
  auto spec = two_engines();
  spec.order = ReplayOrder::file;
  spec.pace = Pace::within(std::chrono::seconds(7));
  auto driver = f.make(spec).value();
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_until(std::chrono::milliseconds(2500));
  EXPECT_EQ(sink.taken.size(), 3u);
  f.executor.run_all();
  EXPECT_EQ(f.executor.monotonic_now(), std::chrono::seconds(5));
}

TEST(Replay, ABrokenRowIsReportedAndOtherDevicesGoOn) {
  Fixture f;
  f.disk.put("fleet.txt",
             "1 1 1 1\n2 1 1 1\n1 2 1\n2 2 1 1\n1 zwei 1 1\n2 3 1 1\n1 4 1 99999999999\n");
  auto driver = f.make(two_engines()).value();
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_all();
  EXPECT_EQ(sink.taken.size(), 5u);
  EXPECT_EQ(driver->status().records_broken, 2u);
  EXPECT_THAT(f.log.lines, ElementsAre(HasSubstr("fleet.txt:3: 3 columns where 4 are expected"),
                                       HasSubstr("fleet.txt:5: column '2': 'zwei' is not a time")));
  EXPECT_EQ(sink.taken.back().batch.rows[1].quality, Quality::bad(Reason::unparsable))
      << "beyond int32";
  EXPECT_THAT(driver->status().last_problem, HasSubstr("fleet.txt:5"));
}

TEST(Replay, EveryProblemOfTheConfigurationAtOnce) {
  Fixture f;
  f.disk.put("a.csv", "time,temperature,flow\n2020-01-01 00:00:00,1,2\n");
  ReplaySpec spec;
  spec.file.path = "a.csv";
  spec.time.column = "tme";
  spec.time.zone = "Mars/Olympus";
  spec.metrics = {{"temprature", "t", DataType::float64, ""}, {"flow", "t", DataType::bytes, ""}};
  spec.keys = {{"", "Bad Name"}, {"", "b"}};
  const auto made = f.make(spec);
  ASSERT_FALSE(made.has_value());
  const std::string text = made.error().text();
  for (const char* part :
       {"no column 'tme'", "no column 'temprature'", "temperature", "time zone 'Mars/Olympus'",
        "metric 't' is declared twice", "type 'bytes'", "'Bad Name' is not a valid id",
        "without a key column"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_EQ(made.error().problems()[0].place.path.empty(), false);
  spec.file.path = "b.csv";
  EXPECT_THAT(f.make(spec).error().text(), HasSubstr("there is no file b.csv"));
}

TEST(Replay, LocalTimesNeedAZone) {
  Fixture f;
  f.disk.put("a.csv", "time,flow\n2020-01-01 00:30:00,1\n2020-01-01T01:00:00Z,2\n");
  ReplaySpec spec;
  spec.file.path = "a.csv";
  spec.time.column = "time";
  spec.metrics = {{"flow", "flow", DataType::float64, "m3/h"}};
  spec.keys = {{"", "pump"}};
  const auto made = f.make(spec);
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().text(), HasSubstr("a.csv:2: time.zone"));
  EXPECT_THAT(made.error().text(), HasSubstr("zone: Europe/Berlin"));
  spec.time.zone = "+01:00";
  auto driver = f.make(spec).value();
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_all();
  ASSERT_EQ(sink.taken.size(), 2u);
  EXPECT_EQ(to_rfc3339({sink.taken[0].batch.rows[0].ts_us}), "2019-12-31T23:30:00Z");
  EXPECT_EQ(to_rfc3339({sink.taken[1].batch.rows[0].ts_us}), "2020-01-01T01:00:00Z");
}

TEST(Replay, TypesMissingValuesAndDecimals) {
  Fixture f;
  f.disk.put("a.csv", "t;a;b;c;d\n31.01.2020 12:00;1,5;;true;run\n31.01.2020 12:01;1.5;NaN;2;\n");
  ReplaySpec spec;
  spec.file.path = "a.csv";
  spec.file.delimiter = Delimiter::semicolon;
  spec.file.decimal = ',';
  spec.time = {TimeKind::pattern, "t", "UTC", "%d.%m.%Y %H:%M", {}, {}};
  spec.metrics = {{"a", "a", DataType::float64, ""},
                  {"b", "b", DataType::float64, ""},
                  {"c", "c", DataType::boolean, ""},
                  {"d", "d", DataType::string, ""}};
  spec.keys = {{"", "x"}};
  auto driver = f.make(spec).value();
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_all();
  ASSERT_EQ(sink.taken.size(), 2u);
  const auto& first = sink.taken[0].batch;
  EXPECT_EQ(to_rfc3339({first.rows[0].ts_us}), "2020-01-31T12:00:00Z");
  EXPECT_EQ(first.rows[0].f64(), 1.5);
  EXPECT_EQ(first.rows[1].quality, Quality::bad(Reason::missing));
  EXPECT_TRUE(first.rows[1].is_null);
  EXPECT_EQ(first.rows[2].i64(), 1);
  EXPECT_EQ(first.payload(first.rows[3]), "run");
  const auto& second = sink.taken[1].batch;
  EXPECT_EQ(second.rows[0].quality, Quality::bad(Reason::unparsable)) << "the decimal is a comma";
  EXPECT_EQ(second.rows[1].quality, Quality::bad(Reason::missing));
  EXPECT_EQ(second.rows[2].quality, Quality::bad(Reason::unparsable));
  EXPECT_EQ(second.rows[3].quality, Quality::bad(Reason::missing));
}

TEST(Replay, ImportGivesTheSameBatches) {
  Fixture f;
  f.disk.put("fleet.txt", many_rows(500));
  auto spec = two_engines();
  spec.order = ReplayOrder::file;
  KeepingSink sink;
  auto driver = f.make(spec).value();
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_all();
  KeepingSink imported;
  const auto take = [&](std::uint32_t device, const ontology::Batch& batch,
                        const Position& position) -> Result<void> {
    imported.offer(device, batch, position);
    return {};
  };
  const auto counts = import_records(spec, f.formats, f.disk, {}, take).value();
  EXPECT_EQ(imported.taken, sink.taken);
  EXPECT_EQ(counts.samples, 1000u);
  EXPECT_EQ(counts.records_broken, 6u);
  EXPECT_THAT(counts.problems, ::testing::SizeIs(6));
  imported.taken.clear();
  ASSERT_TRUE(import_records(spec, f.formats, f.disk, sink.taken[99].position, take).has_value());
  EXPECT_EQ(imported.taken.size(), 400u);
}

TEST(Replay, KeysExpand) {
  const auto keys = expand_keys("test-{key:03}", 7, 10).value();
  ASSERT_EQ(keys.size(), 4u);
  EXPECT_EQ(keys[0].key, "7");
  EXPECT_EQ(keys[3].device, "test-010");
  EXPECT_EQ(expand_keys("e{key}", 1, 1).value()[0].device, "e1");
  EXPECT_FALSE(expand_keys("e", 1, 2).has_value());
  EXPECT_FALSE(expand_keys("e{key:3}", 1, 2).has_value());
  EXPECT_FALSE(expand_keys("e{key}", 2, 1).has_value());
}

}  // namespace
}  // namespace millwright::drivers
