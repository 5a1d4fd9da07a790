#include "ontology/state_track.hpp"

#include <gtest/gtest.h>

namespace millwright::ontology {
namespace {

using enum StateTrack::Place;

Timestamp at(std::int64_t second) {
  return {second * 1'000'000};
}
StateTrack track(std::size_t keep = 10) {
  return {{.signal = "state", .is = {"running", "idle"}}, keep};
}

TEST(StateTrack, AStateHoldsUntilTheNextOneIsTold) {
  StateTrack states = track();
  EXPECT_EQ(states.take(at(1)), outside) << "nothing is known yet";
  EXPECT_FALSE(states.put(at(2), "running"));
  EXPECT_EQ(states.take(at(2)), inside);
  EXPECT_EQ(states.take(at(9)), inside);
  EXPECT_FALSE(states.put(at(10), "idle")) << "from one of them into another";
  EXPECT_EQ(states.put(at(11), "failed"), at(11));
  EXPECT_EQ(states.take(at(12)), outside);
  EXPECT_FALSE(states.put(at(13), "running"));
  EXPECT_EQ(states.take(at(13)), inside);
  EXPECT_EQ(states.take(at(9)), gone) << "of the stretch before";
  EXPECT_EQ(states.put(at(14), std::nullopt), at(14)) << "unknown";
  EXPECT_EQ(states.take(at(15)), outside);
}

TEST(StateTrack, WhatComesLateCountsInItsPlace) {
  StateTrack states = track();
  for (int second = 1; second < 6; ++second) {
    EXPECT_FALSE(states.put(at(second), "running"));
    EXPECT_EQ(states.take(at(second)), inside);
  }
  EXPECT_EQ(states.put(at(3), "stopped"), Timestamp{at(4).us - 1});
  EXPECT_EQ(states.take(at(3)), outside);
  EXPECT_EQ(states.take(at(2)), gone);
  EXPECT_EQ(states.take(at(4)), inside);
  EXPECT_FALSE(states.put(at(2), "stopped")) << "that is forgotten already";
  // Scans that the last state was carried to.
  EXPECT_EQ(states.take(at(20)), inside);
  EXPECT_EQ(states.put(at(10), "failed"), at(20));
  EXPECT_EQ(states.take(at(20)), outside);
}

TEST(StateTrack, WhatIsOlderThanItKeepsIsGone) {
  StateTrack states = track(3);
  for (int second = 1; second < 6; ++second) (void)states.put(at(second), "running");
  EXPECT_EQ(states.take(at(2)), gone);
  EXPECT_FALSE(states.put(at(2), "stopped"));
  EXPECT_EQ(states.take(at(3)), inside);
}

TEST(StateTrack, GoesOnFromASavedState) {
  StateTrack states = track(3);
  for (int second = 1; second < 6; ++second) (void)states.put(at(second), "running");
  (void)states.take(at(7));
  (void)states.put(at(6), "stopped");
  Bytes saved;
  ByteWriter writer(saved);
  states.save(writer);
  StateTrack loaded = track(3);
  ByteReader reader(saved);
  ASSERT_TRUE(loaded.load(reader));
  EXPECT_TRUE(reader.at_end());
  for (StateTrack* one : {&states, &loaded}) {
    EXPECT_EQ(one->take(at(7)), outside);
    EXPECT_EQ(one->take(at(4)), gone);
    EXPECT_FALSE(one->put(at(8), "idle"));
    EXPECT_EQ(one->take(at(9)), inside);
  }
  for (std::size_t size = 0; size < saved.size(); ++size) {
    ByteReader cut(ByteView(saved).first(size));
    EXPECT_FALSE(loaded.load(cut)) << size;
  }
  StateTrack smaller = track(2);
  ByteReader again(saved);
  EXPECT_FALSE(smaller.load(again)) << "more than it keeps";
}

}  // namespace
}  // namespace millwright::ontology
