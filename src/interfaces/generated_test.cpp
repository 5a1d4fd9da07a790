// Checked-in files that are generated: api/openapi.yaml and docs/reference/cli.md. With the
// variable MILLWRIGHT_UPDATE_GOLDEN=1 in the environment they are written instead of compared.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "interfaces/cli.hpp"
#include "interfaces/endpoints.hpp"
#include "interfaces/hub_api.hpp"

namespace millwright::interfaces {
namespace {

void expect_same(const std::string& name, const std::string& wanted) {
  const auto path = std::filesystem::path(MILLWRIGHT_SOURCE_DIR) / name;
  if (std::getenv("MILLWRIGHT_UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << wanted;
    return;
  }
  std::stringstream there;
  there << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(there.str(), wanted)
      << name << " differs; write it with MILLWRIGHT_UPDATE_GOLDEN=1 "
      << "build/release/bin/interfaces_tests --gtest_filter='Generated.*'";
}

TEST(Generated, OpenApi) {
  expect_same("api/openapi.yaml", hub_openapi());
}

TEST(Generated, CommandLineReference) {
  expect_same("docs/reference/cli.md", cli_reference());
}

TEST(Endpoints, AreFoundByMethodAndPath) {
  std::set<std::string> ids;
  for (const Endpoint& endpoint : hub_endpoints()) {
    EXPECT_EQ(find_endpoint(endpoint.method, endpoint.path), &endpoint);
    EXPECT_TRUE(ids.insert(std::string(endpoint.id)).second) << endpoint.id;
    EXPECT_FALSE(endpoint.summary.empty());
  }
  EXPECT_EQ(find_endpoint(Method::post, "/api/v1/status"), nullptr);
  EXPECT_TRUE(is_known_path("/api/v1/status"));
  EXPECT_FALSE(is_known_path("/api/v1/statu"));
}

TEST(Endpoints, NothingOfTheDocumentStandsTwice) {
  // Paths, and the names of schemas: keys of one map each, at two and at four spaces.
  const std::string document = hub_openapi();
  const auto schemas = document.find("\n  schemas:\n");
  ASSERT_NE(schemas, std::string::npos);
  std::set<std::string> keys;
  std::istringstream lines(document);
  std::size_t at = 0;
  for (std::string line; std::getline(lines, line); at += line.size() + 1) {
    const bool is_path = line.starts_with("  '/");
    const bool is_schema = at > schemas && line.starts_with("    ") && line[4] != ' ';
    if (!is_path && !is_schema) continue;
    EXPECT_TRUE(keys.insert(line.substr(0, line.find(':'))).second) << line;
  }
  EXPECT_GT(keys.size(), 60u);
}

TEST(Endpoints, EverySchemaThatIsNamedIsThere) {
  const std::string document = hub_openapi();
  const std::string_view mark = "#/components/schemas/";
  for (std::size_t at = 0; (at = document.find(mark, at)) != std::string::npos;) {
    at += mark.size();
    const std::string name = document.substr(at, document.find('\'', at) - at);
    EXPECT_NE(document.find("\n    " + name + ":"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace millwright::interfaces
