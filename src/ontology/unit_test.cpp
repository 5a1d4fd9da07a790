#include "ontology/unit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

namespace millwright::ontology {
namespace {

struct Conversion {
  std::string from, to;
  double value = 0;
  std::string result;
};

std::vector<Conversion> oracle() {
  std::ifstream file(MILLWRIGHT_SOURCE_DIR "/tests/golden/ucum/conversions.tsv");
  std::vector<Conversion> out;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# ")) continue;
    std::istringstream in(line);
    Conversion c;
    std::string value;
    std::getline(in, c.from, '\t');
    std::getline(in, c.to, '\t');
    std::getline(in, value, '\t');
    std::getline(in, c.result, '\t');
    c.value = std::stod(value);
    out.push_back(c);
  }
  return out;
}

TEST(Unit, ConvertsAsAForeignImplementationDoes) {
  const auto conversions = oracle();
  ASSERT_GT(conversions.size(), 300u);
  std::set<std::string> seen;
  for (const auto& c : conversions) {
    if (c.to == "!") continue;
    const auto from = parse_unit(c.from), to = parse_unit(c.to);
    ASSERT_TRUE(from.has_value()) << c.from << ": " << from.error().text();
    ASSERT_TRUE(to.has_value()) << c.to << ": " << to.error().text();
    const auto got = convert(c.value, *from, *to);
    ASSERT_TRUE(got.has_value()) << c.from << " to " << c.to << ": " << got.error().text();
    const double want = std::stod(c.result);
    EXPECT_NEAR(*got, want, 1e-9 * std::abs(want)) << c.value << " " << c.from << " in " << c.to;
    seen.insert(c.from);
  }
  for (const auto& atom : unit_atoms()) {
    EXPECT_TRUE(seen.contains(std::string(atom.code))) << atom.code << " is compared with nothing";
  }
}

TEST(Unit, RefusesWhatAForeignImplementationRefuses) {
  std::size_t compared = 0;
  for (const auto& c : oracle()) {
    if (c.to != "!") continue;
    ++compared;
    EXPECT_EQ(parse_unit(c.from).has_value(), c.result == "valid") << c.from;
  }
  EXPECT_GT(compared, 10u);
}

TEST(Unit, AtomsAreUniqueAndDefined) {
  std::set<std::string_view> codes;
  for (const auto& atom : unit_atoms()) {
    EXPECT_TRUE(codes.insert(atom.code).second) << atom.code;
    EXPECT_TRUE(parse_unit(atom.code).has_value()) << atom.code;
    EXPECT_FALSE(atom.name.empty()) << atom.code;
  }
  EXPECT_GE(codes.size(), 80u);
}

TEST(Unit, DimensionsTellQuantitiesApart) {
  const auto unit = [](std::string_view code) { return *parse_unit(code); };
  EXPECT_TRUE(commensurable(unit("[degF]"), unit("Cel")));
  EXPECT_TRUE(commensurable(unit("{rev}/min"), unit("Hz")));
  EXPECT_TRUE(commensurable(unit("[lb_av]/s/[psi]"), unit("kg/(s.Pa)")));
  EXPECT_FALSE(commensurable(unit("bar"), unit("Cel")));
  EXPECT_FALSE(commensurable(unit("deg"), unit("%")));
  EXPECT_EQ(unit("bar").dimension.text(), "m-1.s-2.g");
  EXPECT_EQ(unit("{ratio}").dimension.text(), "1");
  EXPECT_NEAR(*convert_difference(9, unit("[degF]"), unit("Cel")), 5, 1e-12);
  EXPECT_FALSE(convert(1, unit("bar"), unit("s")).has_value());
  EXPECT_EQ(*convert(0.1, unit("bar"), unit("bar")), 0.1) << "the same unit changes no bit";
}

TEST(Unit, GrammarHasNoHoles) {
  for (std::string_view bad : {"",
                               ".",
                               "/",
                               "m..s",
                               "m/",
                               "(m",
                               "m)",
                               "()",
                               "m{a",
                               "[psi",
                               "m-",
                               "m0",
                               "m100",
                               "0m",
                               "Cel/s",
                               "Cel2",
                               "2.Cel",
                               "m s",
                               " m",
                               "m\n",
                               "{",
                               "10*+",
                               "((((((((((((((((((((((((((m))))))))"}) {
    EXPECT_FALSE(parse_unit(bad).has_value()) << "'" << bad << "'";
  }
  EXPECT_FALSE(parse_unit(std::string(200, 'm')).has_value());
  EXPECT_FALSE(parse_unit("m60.m60").has_value());
  EXPECT_TRUE(parse_unit("Cel{mean}").has_value());
  EXPECT_EQ(parse_unit("/min")->factor, 1.0 / 60);
  EXPECT_EQ(parse_unit("a.b").has_value(), false);
}

TEST(Unit, CommonMistakesGetTheValidCode) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"celsius", "Cel"},
                                                                 {"\u00b0C", "Cel"},
                                                                 {"degC", "Cel"},
                                                                 {"psi", "[psi]"},
                                                                 {"PSI", "[psi]"},
                                                                 {"RPM", "{rev}/min"},
                                                                 {"rpm", "{rev}/min"},
                                                                 {"kWh", "kW.h"},
                                                                 {"m^3/h", "m3/h"},
                                                                 {"m\u00b3/h", "m3/h"},
                                                                 {"m3/hr", "m3/h"},
                                                                 {"mmHg", "mm[Hg]"},
                                                                 {"l/sec", "l/s"},
                                                                 {"degF", "[degF]"},
                                                                 {"ppm", "[ppm]"},
                                                                 {"lb/s", "[lb_av]/s"},
                                                                 {"pps/psi", "[lb_av]/s/[psi]"},
                                                                 {"KPA", "kPa"},
                                                                 {"mm/sec", "mm/s"},
                                                                 {"kg per hour", "kg/h"},
                                                                 {"Cel/s", ""},
                                                                 {"ohm", "Ohm"},
                                                                 {"[degf]", "[degF]"},
                                                                 {"kg*m", "kg.m"},
                                                                 {"Volts", "V"},
                                                                 {"\u00b5m", "um"},
                                                                 {"gpm", "[gal_us]/min"}};
  for (const auto& [written, nearest] : cases) {
    const auto unit = parse_unit(written);
    ASSERT_FALSE(unit.has_value()) << written;
    ASSERT_EQ(unit.error().problems().size(), 1u);
    EXPECT_EQ(unit.error().problems()[0].nearest, nearest) << written;
    EXPECT_FALSE(unit.error().remedy().empty()) << written;
  }
}

}  // namespace
}  // namespace millwright::ontology
