// Events as canonical text and back, to the byte; what is not canonical is refused.
#include "governance/event.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "governance/audit_rig.hpp"

namespace millwright::governance {
namespace {

using catalog::Node;

TEST(Event, HasOneText) {
  Event event = test_event(12);
  event.body.add("ok", Node::make_boolean(true)).add("ratio", Node::make_number(0.1));
  EXPECT_EQ(event.canonical(),
            R"({"actor":"system/hub","at":"2026-01-05T00:00:18Z","body":{"note":"bearing worn",)"
            R"("number":12,"ok":true,"ratio":0.1},"kind":"work_order.verdict",)"
            R"("subject":"work-order/wo-000012"})");
}

TEST(Event, ReadsBackToTheByte) {
  sim::SimRandom random(3);
  for (int i = 0; i < 2000; ++i) {
    Event event = test_event(random.below(1000));
    event.at.us += static_cast<std::int64_t>(random.below(1'000'000));
    std::string text;
    for (std::uint64_t k = random.below(20); k > 0; --k) {
      text += static_cast<char>(random.below(0x80));
    }
    text += "\u00e4\u20ac\U0001F600";
    Node list = Node::make_list();
    list.items.push_back(Node::make_text(text));
    list.items.push_back(Node{});
    double number = std::bit_cast<double>(random.next());
    if (!std::isfinite(number)) number = 0.5;
    list.items.push_back(Node::make_number(number));
    list.items.push_back(Node::make_number(static_cast<double>(random.below(1u << 30))));
    list.items.push_back(Node::make_integer(static_cast<std::int64_t>(random.next() >> 1)));
    event.body.add(text + "k", std::move(list));
    ASSERT_TRUE(event.check()) << event.check().error().text();
    const auto again = Event::parse(event.canonical());
    ASSERT_TRUE(again) << again.error().text();
    ASSERT_EQ(again->canonical(), event.canonical());
    ASSERT_EQ(again->at, event.at);
    ASSERT_EQ(again->kind, event.kind);
    ASSERT_EQ(again->subject, event.subject);
    ASSERT_EQ(again->actor, event.actor);
  }
}

TEST(Event, RefusesWhatIsNotCanonical) {
  const std::string good = test_event(1).canonical();
  ASSERT_TRUE(Event::parse(good));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& bad : {std::string(),
                                 good + " ",
                                 " " + good,
                                 good.substr(1),
                                 good.substr(0, good.size() - 1),
                                 with(":1}", ": 1}"),
                                 with(":1}", ":1.0}"),
                                 with(":1}", ":+1}"),
                                 with(":1}", ":01}"),
                                 with(":1}", ":-0}"),
                                 with(":1}", ":0x1}"),
                                 with(":1}", ":null}"),
                                 with(":1}", ":1,}"),
                                 with("bearing", "b\\u0065aring"),
                                 with("bearing", "\xFF"),
                                 with("bearing", "\xED\xA0\x80"),
                                 with("bearing", "\n"),
                                 with("00:00:01.5Z", "00:00:01.50Z"),
                                 with("00:00:01.5Z", "00:00:01.5+00:00"),
                                 with("\"kind\"", "\"kinds\""),
                                 with("work_order.verdict", "verdict"),
                                 with("work-order/wo-000001", "work-order"),
                                 with("person/anna", "person/an na"),
                                 with("{\"note\"", "{\"number\":1,\"note\""),
                                 std::string("[]"),
                                 std::string("{}"),
                                 with("\"body\":{", "\"body\":[{"),
                                 std::string(200, '[')}) {
    const auto event = Event::parse(bad);
    ASSERT_FALSE(event) << bad;
    EXPECT_EQ(event.error().code(), Code::corrupt) << bad;
  }
}

TEST(Event, NamesThePlaceAndTheVersion) {
  EXPECT_EQ(Event::parse(R"({"actor":"a/b","at" :1})").error().message(),
            "byte 20: ':' was expected in canonical JSON");
  const auto newer = Event::parse(R"({"kind":"a.b","v":2})");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code(), Code::unsupported_version);
}

TEST(Event, IsCheckedBeforeItIsWritten) {
  Event event = test_event(1);
  event.kind = "Verdict";
  EXPECT_EQ(event.check().error().code(), Code::invalid_input);
  event = test_event(1);
  event.body.add("text", Node::make_text("\xC0\x80"));
  EXPECT_EQ(event.check().error().code(), Code::invalid_input);
  event = test_event(1);
  event.body.add("number", Node::make_integer(2));
  EXPECT_FALSE(event.check()) << "a key twice";
  event = test_event(1, std::string(event_bytes_max, 'x'));
  EXPECT_FALSE(event.check());
}

}  // namespace
}  // namespace millwright::governance
