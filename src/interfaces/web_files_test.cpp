#include "interfaces/web_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace millwright::interfaces {
namespace {

TEST(web_files, the_page_and_its_parts_are_carried_gzipped) {
  const auto files = web_files();
  ASSERT_GE(files.size(), 3u);
  for (const WebFile& file : files) {
    ASSERT_GE(file.bytes.size(), 18u) << file.path;
    EXPECT_EQ(file.bytes.substr(0, 3), "\x1f\x8b\x08") << file.path;
    EXPECT_TRUE(file.etag.starts_with('"') && file.etag.ends_with('"')) << file.etag;
    EXPECT_FALSE(file.content_type.empty());
  }
  EXPECT_TRUE(std::ranges::is_sorted(files, {}, &WebFile::path));
}

TEST(web_files, a_place_within_the_screen_is_the_page) {
  const WebFile* page = web_file_for("/index.html");
  ASSERT_NE(page, nullptr);
  for (const auto* path :
       {"/", "/value", "/assets/pump-07", "/assets/pump.07", "/orders/wo-000012"}) {
    EXPECT_EQ(web_file_for(path), page) << path;
  }
  EXPECT_EQ(cache_control_of(*page), "no-cache");
}

TEST(web_files, what_is_missing_is_not_the_page) {
  EXPECT_EQ(web_file_for("/static/gone-12345678.js"), nullptr);
  EXPECT_EQ(web_file_for("/api/v1/nothing"), nullptr);
}

TEST(web_files, what_has_a_hash_in_its_name_may_be_kept) {
  std::size_t scripts = 0;
  for (const WebFile& file : web_files()) {
    if (!file.path.ends_with(".js") && !file.path.ends_with(".css")) continue;
    ++scripts;
    EXPECT_TRUE(cache_control_of(file).contains("immutable")) << file.path;
    EXPECT_EQ(web_file_for(file.path), &file);
  }
  EXPECT_GE(scripts, 2u);
}

}  // namespace
}  // namespace millwright::interfaces
