#include "catalog/document.hpp"

#include <gtest/gtest.h>

#include "catalog/validate.hpp"

namespace millwright::catalog {
namespace {

Node only(std::string_view text) {
  auto parsed = parse_yaml({"t.yaml", std::string(text)});
  EXPECT_TRUE(parsed.problems.empty()) << parsed.problems.front().text();
  EXPECT_EQ(parsed.documents.size(), 1u);
  return parsed.documents.empty() ? Node{} : parsed.documents.front();
}

TEST(Yaml, ScalarsAreTypedByTheCoreSchema) {
  const auto node = only(
      "[~, null, true, False, 12, -3, 0x1F, 0o17, 1.5, .5, 1e3, -.inf, yes, on, 1.2.3, 1..3, "
      "2026-01-01, '12', \"true\", 99999999999999999999, +7]");
  std::string types;
  for (const auto& item : node.items) {
    types += std::string(type_name(item.type)) + "|";
  }
  EXPECT_EQ(types,
            "nothing|nothing|a boolean|a boolean|a whole number|a whole number|a whole number|"
            "a whole number|a number|a number|a number|a number|a text|a text|a text|a text|a text|"
            "a text|a text|a number|a whole number|");
  EXPECT_EQ(node.items[6].integer, 31);
  EXPECT_EQ(node.items[7].integer, 15);
  EXPECT_EQ(node.items[5].integer, -3);
}

TEST(Yaml, MarksCountFromOne) {
  const auto parsed = parse_yaml({"t.yaml", "# head\na: 1\n---\nb:\n  c: [x, y]\n"});
  ASSERT_EQ(parsed.documents.size(), 2u);
  const auto& second = parsed.documents[1];
  EXPECT_EQ(second.members[0].mark.line, 4);
  const auto at = mark_at(second, "b.c[1]");
  EXPECT_EQ(at.line, 5);
  EXPECT_EQ(at.column, 10);
  EXPECT_EQ(mark_at(second, "b.missing.more").line, 5);
}

TEST(Yaml, AliasesWorkAndBombsAreRefused) {
  EXPECT_EQ(canonical_json(only("a: &x {k: 1}\nb: *x\n")), R"({"a":{"k":1},"b":{"k":1}})");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const auto last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += last + ", ";
    bomb += "]\n";
  }
  const auto parsed = parse_yaml({"t.yaml", bomb});
  ASSERT_EQ(parsed.problems.size(), 1u);
  EXPECT_NE(parsed.problems[0].what.find("more than"), std::string::npos);
  EXPECT_EQ(parse_yaml({"t.yaml", std::string(5000, '[')}).problems.size(), 1u);
  EXPECT_EQ(parse_yaml({"t.yaml", "a: &a [*a]\n"}).problems.size(), 1u);
}

TEST(Json, CanonicalFormIsAFunctionOfTheValue) {
  EXPECT_EQ(canonical_json(only("{b: 1.0, a: [true, ~, 'x\"\\'], c: ~}")),
            "{\"a\":[true,null,\"x\\\"\\\\\"],\"b\":1}");
  EXPECT_EQ(canonical_json(only("{a: .nan, b: -0.0}")), R"({"a":".nan","b":0})");
  EXPECT_EQ(canonical_json(only("b: 1\n")), canonical_json(only("{\"b\": 1.0}")));
}

TEST(Yaml, WrittenYamlReadsBackTheSame) {
  const auto node = only(
      "a: {b: [], c: {}, d: [1, [2, 3], {e: f, g: [h]}]}\n"
      "'quoted key': \"12\"\nt: 'true'\nu: '[psi]'\nv: ' lead'\nw: \"a\\nb\"\nx: 1e-7\ny: ''\n"
      "z: '- dash'\npath: ${data}/x.csv\ntime: 2026-01-01T00:00:00Z\n");
  EXPECT_EQ(canonical_json(only(to_yaml(node))), canonical_json(node)) << to_yaml(node);
  EXPECT_EQ(canonical_json(only(pretty_json(node))), canonical_json(node));
}

TEST(Validate, OneFileMayHoldManyDocumentsAndAllProblemsAreFound) {
  const auto loaded = load({{"a.yaml", "kind: Site\n---\nkind: Site\n"}, {"b.yaml", "x: [\n"}});
  EXPECT_EQ(loaded.problems.back().place.file, "b.yaml");
  EXPECT_GE(loaded.problems.size(), 7u);
  EXPECT_TRUE(loaded.resources.empty());
}

}  // namespace
}  // namespace millwright::catalog
