// Topics and STATE payloads: what is taken, what is refused, and back.
#include "wire/sparkplug/topic.hpp"

#include <gtest/gtest.h>

#include "wire/sparkplug/host_state.hpp"

namespace millwright::sparkplug {
namespace {

TEST(Topic, parses_and_formats_every_type) {
  const std::string_view texts[] = {
      "spBv1.0/g/NBIRTH/e",  "spBv1.0/g/NDEATH/e",   "spBv1.0/g/NDATA/e",
      "spBv1.0/g/NCMD/e",    "spBv1.0/g/DBIRTH/e/d", "spBv1.0/g/DDEATH/e/d",
      "spBv1.0/g/DDATA/e/d", "spBv1.0/g/DCMD/e/d",   "spBv1.0/STATE/host",
  };
  int type = 0;
  for (const std::string_view text : texts) {
    const auto topic = parse_topic(text);
    ASSERT_TRUE(topic) << text;
    EXPECT_EQ(static_cast<int>(topic->type), type++) << text;
    EXPECT_EQ(format_topic(*topic), text);
  }
}

TEST(Topic, refuses_wrong_forms) {
  for (const std::string_view text :
       {"", "spBv1.0", "spBv1.0/g", "spBv1.0/g/NBIRTH", "spBv1.0/g/NBIRTH/", "spBv1.0//NBIRTH/e",
        "spAv1.0/g/NBIRTH/e", "spBv1.0/g/nbirth/e", "spBv1.0/g/XDATA/e", "spBv1.0/g/STATE/e",
        "spBv1.0/STATE", "spBv1.0/STATE/", "/spBv1.0/g/NBIRTH/e", "STATE/host",
        "$sparkplug/certificates/spBv1.0/g/NBIRTH/e"}) {
    EXPECT_FALSE(parse_topic(text)) << text;
  }
}

TEST(Topic, device_types_have_a_device_level) {
  for (const std::string_view type : {"DBIRTH", "DDEATH", "DDATA", "DCMD"}) {
    const std::string base = "spBv1.0/g/" + std::string(type) + "/e";
    EXPECT_TRUE(parse_topic(base + "/d"));
    EXPECT_FALSE(parse_topic(base));
    EXPECT_FALSE(parse_topic(base + "/"));
    EXPECT_FALSE(parse_topic(base + "/d/x"));
  }
}

TEST(Topic, node_types_have_none) {
  for (const std::string_view type : {"NBIRTH", "NDEATH", "NDATA", "NCMD"}) {
    const std::string base = "spBv1.0/g/" + std::string(type) + "/e";
    EXPECT_TRUE(parse_topic(base));
    EXPECT_FALSE(parse_topic(base + "/d"));
  }
  EXPECT_FALSE(parse_topic("spBv1.0/STATE/h/d"));
}

TEST(Topic, ids_are_utf8_without_reserved_characters) {
  EXPECT_TRUE(is_valid_id("Halle 3: Öfen"));
  EXPECT_TRUE(is_valid_id("\xF0\x9F\x94\xA7"));
  for (const std::string_view id :
       {"", "a+", "#", "a/b", "\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_FALSE(is_valid_id(id)) << id;
  }
  EXPECT_FALSE(is_valid_id(std::string_view("a\0b", 3)));
}

TEST(Topic, one_device_id_under_two_edge_nodes) {
  EXPECT_NE(parse_topic("spBv1.0/g/DDATA/e1/d"), parse_topic("spBv1.0/g/DDATA/e2/d"));
  EXPECT_EQ(parse_topic("spBv1.0/g/DDATA/e2/d")->device, "d");
}

TEST(Topic, an_edge_behind_a_gateway_keeps_its_identity) {
  const ontology::DeviceAddress direct = normalise("plant", "press-1", "motor");
  EXPECT_EQ(direct, normalise("plant", "gateway", "press-1:motor"));
  EXPECT_EQ(normalise("plant", "press-1", ""), normalise("plant", "gateway", "press-1:_node"));
  EXPECT_EQ(normalise("plant", "gateway", "").device, "_node");
  EXPECT_EQ(normalise("plant", "e", ":x").device, ":x");
}

TEST(HostState, formats_and_parses) {
  EXPECT_EQ(format_host_state({true, 1700000000000}),
            R"({"online":true,"timestamp":1700000000000})");
  const auto parse = [](std::string_view text) { return parse_host_state(as_bytes(text)); };
  EXPECT_EQ(parse(R"({"online":true,"timestamp":1700000000000})"),
            (HostState{true, 1700000000000}));
  EXPECT_EQ(parse(" { \"timestamp\" : -5 , \"x\":[1,{\"y\":\"\\\"\"},null], \"online\":false } "),
            (HostState{false, -5}));
  for (const std::string_view text :
       {"", "{}", "ONLINE", "OFFLINE", R"({"online":true})", R"({"timestamp":1})",
        R"({"online":1,"timestamp":1})", R"({"online":true,"timestamp":1.5})",
        R"({"online":true,"timestamp":1e3})", R"({"online":true,"timestamp":1}x)",
        R"({"online":true,"timestamp":1)", R"({"online":true "timestamp":1})",
        R"({"online":true,"timestamp":99999999999999999999})", R"({"a":"\)"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
  EXPECT_FALSE(parse("{\"a\":" + std::string(1000, '[')));
}

}  // namespace
}  // namespace millwright::sparkplug
