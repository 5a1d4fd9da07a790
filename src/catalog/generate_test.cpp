// The checked-in files equal what the declarations make. MILLWRIGHT_UPDATE_GOLDEN=1 rewrites them.
#include "catalog/generate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "catalog/declaration.hpp"

namespace millwright::catalog {
namespace {

TEST(Generated, FilesAreUpToDate) {
  const bool update = std::getenv("MILLWRIGHT_UPDATE_GOLDEN") != nullptr;
  for (const auto& file : generated_files()) {
    const auto path = std::filesystem::path(MILLWRIGHT_SOURCE_DIR) / file.path;
    if (update) {
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path, std::ios::binary) << file.content;
    }
    std::ifstream in(path, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(in), {});
    EXPECT_TRUE(content == file.content)
        << file.path << " differs from the declarations; set MILLWRIGHT_UPDATE_GOLDEN=1, run again "
        << "and look at the change";
  }
}

TEST(Declarations, AreConsistent) {
  for (const auto& declaration : declarations()) {
    std::set<std::string_view> paths;
    for (const auto& field : declaration.fields) {
      const auto where = std::string(name_of(declaration.kind)) + ": " + std::string(field.path);
      EXPECT_TRUE(paths.insert(field.path).second) << where << " stands twice";
      EXPECT_FALSE(field.doc.empty()) << where << " has no documentation";
      EXPECT_EQ(field.type == FieldType::choice, !field.choices.empty()) << where;
      EXPECT_EQ(field.type == FieldType::reference, field.refers_to.has_value()) << where;
      // Parents come first.
      const auto cut = field.path.find_last_of(".[{");
      if (cut != std::string_view::npos) {
        EXPECT_TRUE(paths.contains(field.path.substr(0, cut))) << where << " has no parent";
      }
      if (field.type == FieldType::list || field.type == FieldType::map) {
        const auto element =
            std::string(field.path) + (field.type == FieldType::list ? "[]" : "{}");
        EXPECT_TRUE(std::ranges::any_of(declaration.fields,
                                        [&](const Field& f) { return f.path == element; }))
            << where << " has no element";
      }
    }
  }
}

}  // namespace
}  // namespace millwright::catalog
