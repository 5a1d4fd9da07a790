// The foreign verifier (main.go) reads our exports: it accepts what is sound, proofs included, and
// finds each of the thousand tamperings of governance/tamper_rig.hpp that an export can carry. What
// cannot even be exported our own reader has found.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/process.hpp"
#include "governance/base64.hpp"
#include "governance/tamper_rig.hpp"

namespace millwright::governance {
namespace {

namespace fs = std::filesystem;
constexpr int tamperings = 1000;
constexpr int flips_in_exports = 300;

class ForeignVerifier : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    auto disk = engine::open_posix_disk(folder_.string());
    ASSERT_TRUE(disk) << disk.error().text();
    disk_ = std::move(*disk);
    const auto built =
        run({"go", "build", "-o", (folder_ / "verify").string(), VERIFIER_SOURCE}, "go.log");
    ASSERT_EQ(built, 0) << content(folder_ / "go.log");
    write("trusted_key", test_verify().key.verifier_text() + "\n");
  }
  void TearDown() override {
    if (!HasFailure()) fs::remove_all(folder_);
  }

  int run(std::vector<std::string> arguments, const std::string& output) {
    engine::ProcessRequest request;
    request.arguments = std::move(arguments);
    request.environment = {{"GO111MODULE", "off"}, {"GOPATH", "/usr/share/gocode"},
                           {"GOFLAGS", ""},        {"GOTOOLCHAIN", "local"},
                           {"CGO_ENABLED", "0"},   {"GOCACHE", VERIFIER_CACHE}};
    request.output_path = (folder_ / output).string();
    request.error_path = request.output_path;
    auto process = engine::make_process_starter()->start(request);
    if (!process) {
      ADD_FAILURE() << process.error().text();
      return -1;
    }
    const auto status = (*process)->wait(std::chrono::minutes(4));
    return status && *status ? (*status)->code : -1;
  }
  static std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  /// Runs the verifier over all folders: name -> its answer.
  std::map<std::string, std::string> answers(const std::vector<std::string>& names) {
    std::vector<std::string> arguments{(folder_ / "verify").string(),
                                       (folder_ / "trusted_key").string()};
    for (const auto& name : names) arguments.push_back((folder_ / name).string());
    EXPECT_GE(run(arguments, "answers"), 0);
    std::map<std::string, std::string> out;
    std::istringstream in(content(folder_ / "answers"));
    for (std::string line; std::getline(in, line);) {
      out[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
    }
    return out;
  }

  const fs::path folder_ = fs::path(VERIFIER_CACHE).parent_path() / "audit_interop";
  std::unique_ptr<engine::Disk> disk_;
};

std::string proofs_of(AuditLog& log) {
  std::string out;
  const auto line = [&](std::string_view kind, std::uint64_t number,
                        const std::vector<Digest>& hashes) {
    out += fmt::format("{} {}", kind, number);
    for (const auto& hash : hashes) out += " " + to_base64(hash.bytes);
    out += '\n';
  };
  for (EntryIndex i = 0; i < log.size(); ++i) line("record", i, log.prove_inclusion(i)->hashes);
  for (std::uint64_t size = 1; size <= log.size(); ++size)
    line("tree", size, *log.prove_consistency(size));
  return out;
}

TEST_F(ForeignVerifier, AcceptsTheLogAndFindsEveryTampering) {
  const Tamperer tamperer;
  const auto original = disk_with(tamperer.original());
  ASSERT_TRUE(export_audit(*original, test_verify(), *disk_, "original"));
  write("original/remembered", tamperer.remembered());
  {
    auto log = AuditLog::open(*original, test_key(), test_options());
    ASSERT_TRUE(log);
    write("original/proofs", proofs_of(**log));
  }
  std::map<std::string, std::string> kinds;  // folder -> kind
  std::map<std::string, std::pair<int, int>> counts;
  for (int seed = 0; seed < tamperings; ++seed) {
    const auto tampered = tamperer.tamper(static_cast<std::uint64_t>(seed));
    const auto disk = disk_with(tampered.files);
    const auto ours = verify_audit(*disk, test_verify(tamperer.remembered()));
    ASSERT_TRUE(ours && !ours->sound()) << seed;
    ++counts[tampered.kind].first;
    const std::string name = fmt::format("t{:04}", seed);
    if (!export_audit(*disk, test_verify(), *disk_, name)) continue;
    ++counts[tampered.kind].second;
    kinds[name] = fmt::format("{}, {}", tampered.kind, tampered.what);
    write(name + "/remembered", tamperer.remembered());
  }
  sim::SimRandom random(5);
  for (int i = 0; i < flips_in_exports; ++i) {
    const std::string name = fmt::format("f{:04}", i);
    ASSERT_TRUE(export_audit(*original, test_verify(), *disk_, name));
    const std::string file = std::array{"entries", "checkpoint", "checkpoints"}[random.below(3)];
    std::string text = content(folder_ / name / file);
    const auto at = random.below(text.size()), bit = random.below(8);
    text[at] = static_cast<char>(text[at] ^ (1 << bit));
    write(name + "/" + file, text);
    kinds[name] = fmt::format("bit {} of byte {} of the exported {}", bit, at, file);
    ++counts["a bit flipped in an export"].first;
    ++counts["a bit flipped in an export"].second;
  }
  std::vector<std::string> names{"original"};
  for (const auto& [name, kind] : kinds) names.push_back(name);
  const auto said = answers(names);
  ASSERT_EQ(said.size(), names.size());
  EXPECT_EQ(said.at("original"), fmt::format("ok {}", Tamperer::entries));
  int found = 0;
  for (const auto& [name, kind] : kinds) {
    EXPECT_TRUE(said.at(name).starts_with("bad ")) << name << ": " << kind << ": " << said.at(name);
    found += said.at(name).starts_with("bad ") ? 1 : 0;
  }
  for (const auto& [kind, count] : counts) {
    fmt::print("  {:4} {:<36} {:4} of them exportable\n", count.first, kind, count.second);
  }
  fmt::print("  the foreign verifier found {} of {}\n", found, kinds.size());
}

}  // namespace
}  // namespace millwright::governance
