// The gateway's scorer with models that judge only in states of a machine.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "models/gateway_scorer_rig.hpp"

namespace millwright::models {
namespace {

using gateway::DerivedScan;
using ontology::Quality;
using ontology::Reason;

/// Device `engine-1` judged by `bundle`.
void begin(ScorerRig& rig, const Bundle& bundle) {
  rig.scorer->on_schema(engine_schema());
  ASSERT_TRUE(rig.activate(bundle));
}
Quality rul_quality(const std::vector<DerivedScan>& out, std::size_t scan = 0) {
  return row_named(out.at(scan), "rul").quality;
}
constexpr Quality part = Quality::uncertain(Reason::incomplete_window);

TEST(GatewayScorerScope, OutsideNothingIsSaidAndEverythingBeginsAnewBehindIt) {
  ScorerRig rig;
  begin(rig, running_bundle());
  // A second life at other values: what comes out of it must be as if nothing had been before.
  ScorerRig fresh;
  begin(fresh, running_bundle());
  EXPECT_TRUE(says_nothing(rig.send({.number = 0})[0], Reason::out_of_specification));
  for (int scan = 1; scan < 8; ++scan) {
    const auto out = rig.send({.number = scan, .p30 = 500, .anomaly = 0.9, .state = "running"});
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(rul_quality(out), scan < 5 ? part : Quality::good()) << scan;
  }
  for (int scan = 8; scan < 10; ++scan) {
    const auto out = rig.send({.number = scan, .state = scan == 8 ? "failed" : "repair"});
    ASSERT_EQ(out.size(), 1u);
    EXPECT_TRUE(says_nothing(out[0], Reason::out_of_specification));
  }
  for (int scan = 10; scan < 18; ++scan) {
    const EngineScan one{.number = scan, .p30 = 540.0 + scan, .state = "running"};
    const auto out = rig.send(one);
    EXPECT_EQ(rul_quality(out), scan < 14 ? part : Quality::good()) << scan;
    EXPECT_EQ(text_of(out), text_of(fresh.send(one))) << scan;
  }
  EXPECT_EQ(rig.scorer->counters()[0].scored, 15u);
  EXPECT_NE(rig.send({.number = 18, .state = "running"})[0].form->recipes[0].inputs.find(
                "; while state is running; a bad value"),
            std::string::npos);
}

TEST(GatewayScorerScope, AStateThatComesOnChangeIsCarriedAndKnownBeforeTheModel) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  EXPECT_EQ(rig.send({.number = 0, .state = "running"}).size(), 1u);
  ASSERT_TRUE(rig.activate(running_bundle()));
  EXPECT_EQ(rul_quality(rig.send({.number = 1})), part);
  EXPECT_TRUE(rig.send(state_alone(2, "stopped")).empty()) << "no scan, no verdict";
  EXPECT_TRUE(says_nothing(rig.send({.number = 3})[0], Reason::out_of_specification));
  EXPECT_TRUE(rig.send(state_alone(4, "running")).empty());
  for (int scan = 5; scan < 10; ++scan)
    EXPECT_EQ(rul_quality(rig.send({.number = scan})), scan < 9 ? part : Quality::good());
  ontology::Batch bad = state_alone(10, "running");
  bad.rows[0].quality = Quality::bad(Reason::no_communication);
  (void)rig.send(bad);
  EXPECT_TRUE(says_nothing(rig.send({.number = 11})[0], Reason::out_of_specification));
}

TEST(GatewayScorerScope, ALateStateTakesScansOutAndWhatFollowsIsJudgedAgain) {
  ScorerRig late;
  ScorerRig in_time;
  for (ScorerRig* rig : {&late, &in_time}) begin(*rig, running_bundle());
  const auto scan_of = [](int scan) {
    return EngineScan{.number = scan, .p30 = 560.0 - scan * scan, .state = "running"};
  };
  std::map<std::int64_t, std::string> expected;
  for (int scan = 0; scan < 8; ++scan) {
    (void)late.send(scan_of(scan));
    EngineScan one = scan_of(scan);
    if (scan == 4) one.state = "stopped";
    for (const auto& out : in_time.send(one)) expected[out.batch.rows[0].ts_us] = text_of({out});
  }
  // Scan 4 again: the engine stood still.
  EngineScan stopped = scan_of(4);
  stopped.state = "stopped";
  auto out = late.send(stopped);
  ASSERT_EQ(out.size(), 4u);
  std::set<std::int64_t> times;
  for (const auto& one : out) {
    const auto at = one.batch.rows[0].ts_us;
    EXPECT_TRUE(times.insert(at).second) << "each once";
    EXPECT_EQ(text_of({one}), expected[at]);
  }
  EXPECT_EQ(*times.begin(), scan_at(4).us);
  // A late scan of the stretch before has nothing left to be judged by.
  out = late.send(scan_of(2));
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(says_nothing(out[0], Reason::incomplete_window));
  EXPECT_EQ(late.scorer->scans_too_late(), 1u);
  // On change, told after the scans: they were outside, and have that verdict now.
  out = late.send(state_alone(8, "running"));
  EXPECT_TRUE(out.empty());
  EXPECT_FALSE(row_named(late.send({.number = 9})[0], "rul").is_null);
  out = late.send(state_alone(8, "failed"));
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].batch.rows[0].ts_us, scan_at(9).us);
  EXPECT_TRUE(says_nothing(out[0], Reason::out_of_specification));
}

TEST(GatewayScorerScope, GoesOnAfterARestartAsIfNothingHadBeen) {
  const auto story = [](ScorerRig& rig, int from, int to) {
    std::string text;
    for (int scan = from; scan < to; ++scan) {
      EngineScan one{.number = scan, .p30 = 553.0 + scan % 3};
      if (scan == 1 || scan == 9) one.state = "running";
      if (scan == 6) one.state = "repair";
      if (scan == 12) {
        EXPECT_TRUE(rig.activate(running_bundle(4)));
      }
      text += text_of(rig.send(one));
    }
    return text;
  };
  std::map<std::string, Bytes> bundles;
  for (const Bundle& bundle : {running_bundle(3), running_bundle(4)}) {
    const Bytes bytes = encode(bundle);
    bundles[bundle_digest(bytes).hex()] = bytes;
  }
  ScorerRig whole;
  begin(whole, running_bundle());
  const std::string expected = story(whole, 0, 16);
  Bytes end;
  whole.scorer->save(end);
  for (int cut = 0; cut < 16; ++cut) {
    SCOPED_TRACE(cut);
    ScorerRig before;
    begin(before, running_bundle());
    std::string text = story(before, 0, cut);
    Bytes state;
    before.scorer->save(state);
    ScorerRig after;
    for (const auto& digest : before.scorer->active())
      ASSERT_TRUE(after.scorer->activate(digest, bundles.at(digest)));
    after.scorer->on_schema(engine_schema());
    ASSERT_TRUE(after.scorer->load(state));
    text += story(after, cut, 16);
    EXPECT_EQ(text, expected);
    Bytes end_after;
    after.scorer->save(end_after);
    EXPECT_EQ(end_after, end);
  }
}

TEST(GatewayScorerScope, ADeviceWithoutTheStateDoesNotFit) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  Bundle bundle = running_bundle();
  bundle.features.scope->signal = "stat";
  bundle.features.inputs[0] = "T3O";
  const auto done = rig.activate(bundle);
  ASSERT_FALSE(done);
  ASSERT_EQ(done.error().problems().size(), 2u) << done.error().text();
  EXPECT_EQ(done.error().problems()[1].place.path, "site-a/edge-1/engine-1/stat");
  EXPECT_EQ(done.error().problems()[1].nearest, "state");
  bundle = running_bundle();
  bundle.features.scope->signal = "anomaly/score";
  EXPECT_FALSE(rig.activate(bundle)) << "a number";
}

}  // namespace
}  // namespace millwright::models
