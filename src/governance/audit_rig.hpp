// What several tests of governance share: a clock by hand, events, a log on the simulated disk, its
// files as bytes, golden texts.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "base/format.hpp"
#include "governance/audit_log.hpp"
#include "governance/audit_verify.hpp"
#include "sim/disk.hpp"

namespace millwright::governance {

class ManualClock final : public Clock {
 public:
  Timestamp utc_now() const override { return now; }
  Duration monotonic_now() const override { return Duration(now.us); }
  Timestamp now{1'767'571'200'000'000};  ///< 2026-01-05T00:00:00Z
};

inline SecretKey test_key(std::uint64_t seed = 7) {
  sim::SimRandom random(seed);
  return SecretKey::generate(random);
}

inline constexpr std::string_view test_origin = "millwright/test/audit";

inline AuditOptions test_options() {
  AuditOptions options;
  options.origin = test_origin;
  return options;
}

inline VerifyOptions test_verify(std::optional<std::string> remembered = {}) {
  return {"audit", {std::string(test_origin), test_key().public_key()}, std::move(remembered)};
}

inline Event test_event(std::uint64_t number, std::string_view note = "bearing worn") {
  Event event;
  event.kind = "work_order.verdict";
  event.subject = fmt::format("work-order/wo-{:06}", number);
  event.actor = number % 3 == 0 ? "system/hub" : "person/anna";
  event.at = Timestamp{1'767'571'200'000'000 + static_cast<std::int64_t>(number) * 1'500'000};
  event.body.add("number", catalog::Node::make_integer(static_cast<std::int64_t>(number)));
  event.body.add("note", catalog::Node::make_text(note));
  return event;
}

/// Content of the two files of a log.
using AuditFiles = std::map<std::string, Bytes>;

inline AuditFiles files_of(engine::Disk& disk) {
  AuditFiles out;
  for (const std::string name : {"audit/entries.log", "audit/checkpoint"}) {
    if (auto content = engine::read_whole(disk, name)) out[name] = std::move(*content);
  }
  return out;
}

inline std::unique_ptr<sim::SimDisk> disk_with(const AuditFiles& files) {
  auto disk = std::make_unique<sim::SimDisk>(1);
  EXPECT_TRUE(disk->make_directories("audit"));
  for (const auto& [name, content] : files) {
    EXPECT_TRUE(engine::replace_whole(*disk, name, content));
  }
  return disk;
}

/// A log of commits of 1, 2, 3, 1, 2, 3, … entries; its note after each commit.
inline std::vector<std::string> fill(engine::Disk& disk, const SecretKey& key,
                                     std::uint64_t entries, std::string_view note) {
  std::vector<std::string> notes;
  auto log = AuditLog::open(disk, key, test_options());
  if (!log) {
    ADD_FAILURE() << log.error().text();
    return notes;
  }
  std::uint64_t next = (*log)->size();
  for (std::uint64_t commit = 0; next < entries; ++commit) {
    for (std::uint64_t i = 0; i <= commit % 3 && next < entries; ++i) {
      EXPECT_EQ((*log)->append(test_event(next, note)), next);
      ++next;
    }
    EXPECT_TRUE((*log)->commit());
    notes.push_back((*log)->checkpoint());
  }
  return notes;
}

/// Holds a text against tests/golden/governance/NAME.txt; MILLWRIGHT_UPDATE_GOLDEN=1 rewrites it.
inline void expect_golden(const std::string& name, const std::string& text) {
#ifdef MILLWRIGHT_SOURCE_DIR
  const auto path =
      std::filesystem::path(MILLWRIGHT_SOURCE_DIR) / "tests/golden/governance" / (name + ".txt");
  if (std::getenv("MILLWRIGHT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
  }
  std::ifstream in(path, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text, expected) << name;
#else
  (void)name, (void)text;
#endif
}

}  // namespace millwright::governance
