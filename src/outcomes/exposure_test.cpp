#include "outcomes/exposure.hpp"

#include <gtest/gtest.h>

#include <array>

namespace millwright::outcomes {
namespace {

using std::chrono::hours;

constexpr Timestamp start{1'767'225'600'000'000};

Timestamp hour(int n) {
  return start + hours(n);
}

const std::vector<std::string> failed{"failed"}, running{"running"};

TEST(Exposure, EventsAreChanges) {
  const std::array samples{
      StateSample{hour(0), "failed"},  StateSample{hour(1), "repair"},
      StateSample{hour(2), "running"}, StateSample{hour(6), "failed"},
      StateSample{hour(7), "failed"},  StateSample{hour(8), "running"},
      StateSample{hour(10), "failed"},
  };
  EXPECT_EQ(events_in(samples, failed, {start, hour(24)}), 2u) << "the first one began before";
  EXPECT_EQ(events_in(samples, failed, {start, hour(10)}), 1u) << "the end is exclusive";
  EXPECT_EQ(events_in(samples, failed, {hour(7), hour(10)}), 0u)
      << "what holds at the beginning is no change";
  EXPECT_EQ(events_in(samples, {"failed", "repair"}, {start, hour(24)}), 2u);
  EXPECT_EQ(events_in({}, failed, {start, hour(24)}), 0u);
}

TEST(Exposure, TimeAtRiskEndsWithASilence) {
  const std::array samples{StateSample{hour(0), "running"}, StateSample{hour(6), "stopped"},
                           StateSample{hour(12), "running"}};
  EXPECT_DOUBLE_EQ(days_in(samples, running, {start, hour(24)}, hours(100)), 18 / 24.0);
  EXPECT_DOUBLE_EQ(days_in(samples, running, {start, hour(24)}, hours(2)), 4 / 24.0);
  EXPECT_DOUBLE_EQ(days_in(samples, running, {hour(3), hour(15)}, hours(100)), 6 / 24.0);
  EXPECT_DOUBLE_EQ(days_of({start, hour(36)}), 1.5);
  EXPECT_DOUBLE_EQ(days_of({hour(36), start}), 0);
}

TEST(Exposure, OfAKpi) {
  const std::array samples{StateSample{hour(0), "running"}, StateSample{hour(12), "failed"},
                           StateSample{hour(18), "running"}};
  catalog::EventRate method{true, "state", failed, {"state", running}};
  const auto one = count_of(method, samples, samples, {start, hour(24)}, hours(24));
  EXPECT_EQ(one.events, 1u);
  EXPECT_DOUBLE_EQ(one.exposure, 0.75);
  method.exposure = {};
  EXPECT_DOUBLE_EQ(count_of(method, samples, {}, {start, hour(24)}, hours(24)).exposure, 1);
  const std::array assets{one, one};
  EXPECT_EQ(sum_of(assets).events, 2u);
  EXPECT_DOUBLE_EQ(sum_of(assets).exposure, 1.5);
}

}  // namespace
}  // namespace millwright::outcomes
