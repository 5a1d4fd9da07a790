// Bad input against a healthy neighbour: edge-1 streams half of its samples, the bad thing happens,
// edge-1 streams the rest; its counts are whole, and what was said of the bad thing is compared
// with a file of tests/golden/bad_input. MILLWRIGHT_UPDATE_GOLDEN=1 rewrites them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "roles/path_rig.hpp"

namespace millwright::roles {

class BadInputRig : public PathRig {
 protected:
  static constexpr std::uint64_t samples = 2 * scans;  ///< of each counting edge

  void TearDown() override {
    other_.reset();
    neighbour_.reset();
    gateway_.reset();
    hub_.reset();
    PathRig::TearDown();
  }
  void start_neighbour() {
    if (!hub_) hub_ = start_hub();
    if (!gateway_) gateway_ = start_gateway();
    neighbour_ = start_edge("edge-1", scans / 2 + 1);
    ASSERT_TRUE(wait_for([&] { return hub_->stored("edge-1") == samples / 2; }));
  }
  void finish_neighbour() {
    neighbour_->open_gate();
    ASSERT_TRUE(wait_for([&] { return neighbour_->status().drained; }));
    EXPECT_EQ(hub_->stored("edge-1"), samples);
    EXPECT_EQ(hub_->lost("edge-1"), 0u);
    for (const auto& line : hub_->ledger()) EXPECT_EQ(line.unexplained(), 0u);
  }
  /// Lets edge-2 send all it has and leaves it running.
  void fill_hub() {
    hub_ = start_hub();
    gateway_ = start_gateway();
    other_ = start_edge("edge-2");
    ASSERT_TRUE(wait_for([&] { return other_->status().drained; }));
    ASSERT_EQ(hub_->stored("edge-2"), samples);
  }

  static std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write_file(const std::filesystem::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  /// What differs from run to run goes by a letter.
  std::string masked(std::string text) const {
    for (std::size_t at = 0; (at = text.find(root_)) != std::string::npos;)
      text.replace(at, root_.size(), "ROOT");
    const std::pair<const char*, const char*> rules[] = {
        {"127\\.0\\.0\\.1:[0-9]+", "127.0.0.1:PORT"},
        {"byte [0-9]+", "byte N"},
        {"byte N to [0-9]+", "byte N to N"},
        {"[0-9]+ bytes", "N bytes"},
        {"\\[[0-9]+, [0-9]+\\)", "[N, N)"},
        {"incarnation [0-9a-f]{16}", "incarnation X"},
        {"with [0-9a-f]{8}", "with X"},
        {"day=[0-9-]+/[0-9a-zA-Z_.-]+", "day=DAY/SEGMENT"}};
    for (const auto& [from, to] : rules) text = std::regex_replace(text, std::regex(from), to);
    return text;
  }
  void compare(const std::string& name, const std::string& text) const {
    const auto path =
        std::filesystem::path(MILLWRIGHT_SOURCE_DIR) / "tests/golden/bad_input" / (name + ".txt");
    const std::string report = masked(text) + "\n";
    if (std::getenv("MILLWRIGHT_UPDATE_GOLDEN") != nullptr) write_file(path, report);
    EXPECT_EQ(report, read_file(path)) << name;
  }

  std::unique_ptr<RigHub> hub_;
  std::unique_ptr<RigGateway> gateway_;
  std::unique_ptr<RigEdge> neighbour_, other_;
};

}  // namespace millwright::roles
