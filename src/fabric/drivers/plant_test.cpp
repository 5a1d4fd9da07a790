#include "fabric/drivers/plant.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "fabric/drivers/testing.hpp"

namespace millwright::drivers {
namespace {

using ontology::Quality;
using ontology::Reason;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::KeepingSink;

const Timestamp new_year{1'767'225'600'000'000};

PlantSpec small_plant() {
  PlantSpec spec;
  spec.seed = 42;
  spec.assets = {{"pump-1", AssetKind::pump, {}},
                 {"motor-1", AssetKind::motor, {}},
                 {"fan-1", AssetKind::fan, {}}};
  spec.step = seconds(10);
  spec.start = new_year;
  spec.end = new_year + hours(2);
  spec.pace = Pace::fast();
  return spec;
}

struct Fixture {
  testing::ManualExecutor executor;
  testing::KeepingLog log;
  std::unique_ptr<Driver> make(const PlantSpec& spec) {
    return make_plant(spec, {executor, executor, log}).value();
  }
  KeepingSink play(const PlantSpec& spec, std::optional<Position> after = {}) {
    KeepingSink sink;
    auto driver = make(spec);
    EXPECT_TRUE(driver->start(sink, after).has_value());
    executor.run_all();
    return sink;
  }
};

std::map<std::string, ontology::Row> by_name(const Plant& plant, std::uint32_t asset,
                                             Timestamp time, std::string* state = nullptr) {
  ontology::Batch batch;
  plant.scan(asset, time, {}, batch);
  std::map<std::string, ontology::Row> out;
  for (const auto& row : batch.rows) {
    out[plant.devices()[asset].metrics[row.slot].name] = row;
    if (state != nullptr && plant.devices()[asset].metrics[row.slot].name == "state") {
      *state = batch.payload(row);
    }
  }
  return out;
}

TEST(Plant, IsTheSameAtAnyPaceAndAfterAnyRestart) {
  Fixture f;
  const auto whole = f.play(small_plant());
  ASSERT_EQ(whole.taken.size(), 720u * 3);
  EXPECT_TRUE(whole.over);
  auto paced = small_plant();
  paced.pace = Pace::within(minutes(3));
  const auto before = f.executor.monotonic_now();
  EXPECT_EQ(f.play(paced).taken, whole.taken);
  EXPECT_NEAR(static_cast<double>((f.executor.monotonic_now() - before).count()), 180e6, 0.3e6);
  for (const std::size_t cut : {1u, 2u, 3u, 1000u, 2159u, 2160u}) {
    const auto rest = f.play(small_plant(), whole.taken[cut - 1].position);
    ASSERT_EQ(rest.taken.size(), whole.taken.size() - cut);
    EXPECT_TRUE(std::equal(rest.taken.begin(), rest.taken.end(),
                           whole.taken.begin() + static_cast<std::ptrdiff_t>(cut)));
  }
  auto other = small_plant();
  other.seed = 43;
  EXPECT_NE(f.play(other).taken, whole.taken);
  KeepingSink sink;
  EXPECT_EQ(f.make(other)->start(sink, whole.taken[5].position).error().code(), Code::conflict);
}

TEST(Plant, ALivePlantFollowsTheClockAndCatchesUp) {
  Fixture f;
  auto spec = small_plant();
  spec.start = spec.end = {};
  KeepingSink sink;
  auto driver = f.make(spec);
  f.executor.origin = new_year + hours(100) + seconds(3);
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_until(seconds(30));
  ASSERT_EQ(sink.taken.size(), 9u);
  EXPECT_EQ(sink.taken[0].batch.rows[0].ts_us, (new_year + hours(100) + seconds(10)).us);
  driver.reset();
  f.executor.run_until(seconds(60));
  auto again = f.make(spec);
  ASSERT_TRUE(again->start(sink, sink.taken.back().position).has_value());
  f.executor.run_until(seconds(61));
  EXPECT_EQ(sink.taken.size(), 18u) << "the plant went on; what was missed is made up";
}

TEST(Plant, ASensorThatCannotWaitDeclaresWhatItLost) {
  Fixture f;
  auto spec = small_plant();
  spec.overflow = Overflow::drop;
  KeepingSink sink;
  sink.room = 1000;
  auto driver = f.make(spec);
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_all();
  EXPECT_TRUE(sink.over);
  EXPECT_EQ(sink.taken.size(), 1000u);
  Fixture g;
  std::uint64_t all = 0;
  for (const auto& taken : g.play(small_plant()).taken) all += taken.batch.size();
  EXPECT_EQ(driver->status().samples + sink.samples_lost, all);
  spec.overflow = Overflow::wait;
  sink.room = 10;
  auto patient = f.make(spec);
  ASSERT_TRUE(patient->start(sink, {}).has_value());
  f.executor.run_all();
  EXPECT_EQ(patient->status().state, DriverState::waiting_for_sink);
  EXPECT_TRUE(f.executor.idle());
}

TEST(Plant, FailuresStopTheMachineAreRepairedAndCost) {
  auto spec = small_plant();
  spec.life_mean = hours(200);
  const auto plant = Plant::create(spec).value();
  for (std::uint32_t asset = 0; asset < 3; ++asset) {
    const auto failures = plant.failures(asset, new_year, new_year + hours(24 * 365));
    EXPECT_NEAR(static_cast<double>(failures.size()), 365.0 * 24 / 206, 2);
    Timestamp last = new_year - hours(1000);
    for (const auto& failure : failures) {
      EXPECT_LT(last, failure.onset);
      EXPECT_LT(failure.onset, failure.failed);
      EXPECT_LT(failure.failed, failure.repaired);
      last = failure.repaired;
      std::string state;
      by_name(plant, asset, failure.failed, &state);
      EXPECT_EQ(state, "failed");
      by_name(plant, asset, failure.repaired - seconds(1), &state);
      EXPECT_EQ(state, "repair");
      by_name(plant, asset, failure.repaired, &state);
      EXPECT_THAT(state, ::testing::AnyOf("running", "stopped"));
      EXPECT_NEAR(plant.wear(asset, failure.failed), 1, 1e-12);
      EXPECT_NEAR(plant.wear(asset, failure.repaired), 0, 1e-12);
      // Exactly one scan after the repair carries its cost.
      int costs = 0;
      for (int i = -3; i < 5; ++i) {
        const auto row = by_name(plant, asset, failure.repaired + seconds(10 * i + 4));
        if (const auto cost = row.find("cost"); cost != row.end()) {
          ++costs;
          EXPECT_EQ(cost->second.f64(), failure.cost_eur);
        }
      }
      EXPECT_EQ(costs, 1);
    }
  }
}

TEST(Plant, WearShowsInTheVibrationBeforeTheFailure) {
  auto spec = small_plant();
  spec.sensor_fault_every = hours(1'000'000);
  const auto plant = Plant::create(spec).value();
  for (const auto& failure : plant.failures(0, new_year, new_year + hours(24 * 365))) {
    const auto mean = [&](Timestamp from) {
      double sum = 0;
      int count = 0;
      for (int i = 0; i < 240; ++i) {
        const auto rows = by_name(plant, 0, from + minutes(i));
        if (rows.at("speed").f64() == 0) continue;
        sum += rows.at("vibration_rms").f64();
        ++count;
      }
      return sum / count;
    };
    const double healthy = mean(failure.onset - hours(30));
    EXPECT_GT(mean(failure.failed - hours(4)), 1.8 * healthy);
  }
}

TEST(Plant, SensorFaultsAreWhereTheTruthSaysAndNowhereElse) {
  auto spec = small_plant();
  spec.sensor_fault_every = hours(24);
  const auto plant = Plant::create(spec).value();
  std::map<SensorFaultKind, int> kinds;
  for (const auto& fault : plant.sensor_faults(1, new_year, new_year + hours(24 * 60))) {
    ++kinds[fault.kind];
    int missing_inside = 0, same_inside = 0, count = 0;
    double before = std::nan("");
    for (Timestamp at = fault.from; at < fault.to; at = at + spec.step) {
      const auto row = by_name(plant, 1, at).at(fault.metric);
      missing_inside += row.quality == Quality::bad(Reason::missing) ? 1 : 0;
      same_inside += !row.is_null && row.f64() == before ? 1 : 0;
      before = row.is_null ? std::nan("") : row.f64();
      ++count;
    }
    EXPECT_GE(count, 172);
    EXPECT_FALSE(by_name(plant, 1, fault.from - spec.step).at(fault.metric).is_null);
    EXPECT_FALSE(by_name(plant, 1, fault.to).at(fault.metric).is_null);
    EXPECT_EQ(same_inside == count - 1, fault.kind == SensorFaultKind::stuck);
    EXPECT_EQ(missing_inside > count / 2, fault.kind == SensorFaultKind::dropout);
  }
  EXPECT_EQ(kinds.size(), 4u) << "sixty days show every kind";
}

TEST(Plant, CommandsHaveLimitsAndALease) {
  Fixture f;
  auto spec = small_plant();
  spec.pace = Pace::times(1);
  spec.start = new_year + hours(12);
  spec.end = {};
  KeepingSink sink;
  auto driver = f.make(spec);
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_until(seconds(15));
  EXPECT_EQ(driver->command({"pump-9", "speed_setpoint", 0, seconds(30)}).error().code(),
            Code::not_found);
  EXPECT_EQ(driver->command({"pump-1", "speeed", 0, seconds(30)}).error().code(), Code::not_found);
  EXPECT_EQ(driver->command({"pump-1", "flow", 0, seconds(30)}).error().code(), Code::refused);
  EXPECT_EQ(driver->command({"pump-1", "speed_setpoint", 2, seconds(30)}).error().code(),
            Code::refused);
  EXPECT_EQ(driver->command({"pump-1", "speed_setpoint", 0, hours(2)}).error().code(),
            Code::refused);
  ASSERT_TRUE(driver->command({"pump-1", "speed_setpoint", 0, seconds(30)}).has_value());
  f.executor.run_until(seconds(100));
  std::string states;
  for (const auto& taken : sink.taken) {
    if (taken.device != 0) continue;
    for (const auto& row : taken.batch.rows) {
      if (row.slot == 6) states += taken.batch.payload(row)[0];
    }
  }
  EXPECT_EQ(states, "rrssssrrrrr") << "stopped from 20 s to 50 s";
}

TEST(Plant, ALivePlantMayBringAHistory) {
  Fixture f;
  auto spec = small_plant();
  spec.start = spec.end = {};
  spec.history = hours(1);
  KeepingSink sink;
  auto driver = f.make(spec);
  f.executor.origin = new_year + hours(100);
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_until(seconds(1));
  ASSERT_EQ(sink.taken.size(), 361u * 3) << "the hour before, at once, and now";
  EXPECT_EQ(sink.taken[0].batch.rows[0].ts_us, (new_year + hours(99)).us);
  f.executor.run_until(seconds(30));
  EXPECT_EQ(sink.taken.size(), 364u * 3) << "then it follows the clock";
}

TEST(Plant, AServicePreventsTheFailureThatWasComing) {
  auto spec = small_plant();
  spec.step = minutes(1);
  const auto plant = Plant::create(spec).value();
  const auto failures = plant.failures(0, new_year, new_year + hours(24 * 100));
  ASSERT_GE(failures.size(), 2u);
  const FailureTruth& coming = failures[0];
  const Timestamp at = coming.onset + (coming.failed - coming.onset) / 2;
  const auto service = plant.service(0, at).value();
  EXPECT_LT(service.cost_eur, coming.cost_eur);
  EXPECT_EQ(plant.service(0, coming.failed).error().code(), Code::refused);
  const Intervention done{.speed = {}, .service = service};
  std::map<std::string, int> states;
  std::map<double, Timestamp> costs;
  ontology::Batch batch;
  for (Timestamp time = at; time < failures[1].failed + minutes(1); time = time + spec.step) {
    plant.scan(0, time, done, batch);
    for (const auto& row : batch.rows) {
      const auto& name = plant.devices()[0].metrics[row.slot].name;
      if (name == "state") ++states[std::string(batch.payload(row))];
      if (name == "cost") costs[row.f64()] = time;
    }
  }
  EXPECT_GT(states["service"], 0);
  EXPECT_EQ(states["failed"], 1) << "the next life fails as it would have, and only that one";
  EXPECT_EQ(states["repair"], 0);
  ASSERT_EQ(costs.size(), 1u) << "the repair that was not needed costs nothing";
  EXPECT_TRUE(costs.contains(service.cost_eur));
  const auto worn = by_name(plant, 0, at + (coming.failed - at) / 2).at("vibration_rms").f64();
  plant.scan(0, at + (coming.failed - at) / 2, done, batch);
  EXPECT_LT(batch.rows[0].f64(), worn) << "the damage is gone";
}

TEST(Plant, AServiceIsOrderedByCommand) {
  Fixture f;
  auto spec = small_plant();
  spec.pace = Pace::times(1);
  spec.start = new_year + hours(12);
  spec.end = {};
  spec.assets[0].metrics = {{"state", "state"}, {"service", "service"}};
  spec.repair_mean = minutes(4);
  KeepingSink sink;
  auto driver = f.make(spec);
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  f.executor.run_until(seconds(15));
  EXPECT_EQ(driver->command({"pump-1", "service", 2, seconds(30)}).error().code(), Code::refused);
  EXPECT_EQ(driver->command({"motor-1", "servise", 1, seconds(30)}).error().code(),
            Code::not_found);
  ASSERT_TRUE(driver->command({"pump-1", "service", 1, seconds(30)}).has_value());
  EXPECT_EQ(driver->command({"pump-1", "service", 1, seconds(30)}).error().code(), Code::refused);
  f.executor.run_until(minutes(4));
  std::string states;
  for (const auto& taken : sink.taken) {
    if (taken.device != 0) continue;
    const auto& rows = taken.batch.rows;
    const char state = taken.batch.payload(rows[0])[0];
    if (states.empty() || states.back() != state) states += state;
    EXPECT_EQ(rows[1].f64(), state == 's' ? 1 : 0);
  }
  EXPECT_EQ(states, "rsr");
}

TEST(Plant, MetricsAreChosenByOutput) {
  auto spec = small_plant();
  spec.assets[0].metrics = {{"flow", "throughput"}, {"state", "mode"}};
  const auto plant = Plant::create(spec).value();
  EXPECT_EQ(plant.devices()[0].metrics[0],
            (ontology::MetricDefinition{"throughput", ontology::DataType::float64, "m3/h"}));
  ontology::Batch batch;
  plant.scan(0, new_year, {}, batch);
  EXPECT_EQ(batch.size(), 2u);
  spec.assets[1].metrics = {{"flow", "flow"}};
  spec.assets[2].device = "pump-1";
  spec.step = {};
  const auto text = Plant::create(spec).error().text();
  EXPECT_THAT(text, HasSubstr("no output 'flow'"));
  EXPECT_THAT(text, HasSubstr("declared twice"));
  EXPECT_THAT(text, HasSubstr("step"));
}

}  // namespace
}  // namespace millwright::drivers
