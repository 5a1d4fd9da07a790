// Bad input: each file in tests/golden/catalog gets exactly the report beside it.
// MILLWRIGHT_UPDATE_GOLDEN=1 rewrites the reports.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "catalog/commands.hpp"

namespace millwright::catalog {
namespace {

const std::filesystem::path folder =
    std::filesystem::path(MILLWRIGHT_SOURCE_DIR) / "tests/golden/catalog";

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void compare(const std::string& name, const std::string& report) {
  const auto path = folder / (name + ".txt");
  if (std::getenv("MILLWRIGHT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << report;
  }
  EXPECT_EQ(report, content_of(path)) << name;
}

TEST(CatalogGolden, EveryProblemOfABadFileIsReported) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  ASSERT_GE(names.size(), 6u);
  for (const auto& name : names) {
    const auto file = name + ".yaml";
    const auto report = check({{file, content_of(folder / file)}}, {});
    EXPECT_FALSE(report.problems.empty()) << name;
    compare(name, render(report, Output::table));
  }
}

TEST(CatalogGolden, AMissingFileIsNamed) {
  const auto sources =
      read_sources({"tests/golden/catalog/not-there.yaml", "tests/golden/also-not-there"});
  ASSERT_FALSE(sources.has_value());
  compare("missing_file", sources.error().text() + "\n");
}

}  // namespace
}  // namespace millwright::catalog
