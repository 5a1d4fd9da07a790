// The verbs of decisions, from the arguments to the hub's office and back.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "base/format.hpp"
#include "engine/segment_store.hpp"
#include "governance/audit_verify.hpp"
#include "interfaces/cli.hpp"
#include "interfaces/delivery_verbs.hpp"
#include "interfaces/evidence_verbs.hpp"
#include "interfaces/office_rig.hpp"
#include "interfaces/train_verbs.hpp"
#include "models/bundle.hpp"
#include "models/onnx.hpp"

namespace millwright::interfaces {
namespace {

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

class DecisionsTest : public OfficeTest {
 protected:
  DecisionsTest() { prepare(); }
  explicit DecisionsTest(std::unique_ptr<engine::SegmentStore> store)
      : OfficeTest(std::move(store)) {
    prepare();
  }
  void prepare() {
    for (const char* person : {"anna", "ben", "clara", "emil"})
      files_[std::string(person) + ".key"] = key_of_person(person).file_text();
  }
  Outcome run(std::vector<const char*> arguments) {
    scheduler_.run_for(std::chrono::milliseconds(1));
    arguments.insert(arguments.begin(), "millwright");
    std::ostringstream out, err;
    Terminal terminal = make_terminal(out, err);
    const int status = run_cli(arguments, {}, {client_, scheduler_}, terminal);
    return {status, out.str(), err.str()};
  }
  Terminal make_terminal(std::ostream& out, std::ostream& err) {
    return {.out = out,
            .err = err,
            .environment = [](const std::string& name) -> std::optional<std::string> {
              if (name == "MILLWRIGHT_HUB") return "http://hub";
              return std::nullopt;
            },
            .read_file = [this](const std::string& path) -> Result<std::string> {
              const auto found = files_.find(path);
              if (found != files_.end()) return found->second;
              return fail(Code::not_found, "there is no " + path);
            },
            .pause = [](std::int64_t) { return true; },
            .random = std::make_shared<sim::SimRandom>(7),
            .write_file = [this](const std::string& path, std::string_view content,
                                 WrittenAs as) -> Result<void> {
              if (as == WrittenAs::new_secret && files_.contains(path))
                return fail(Code::already_exists, "there");
              files_[path] = content;
              modes_[path] = as;
              return {};
            }};
  }

  std::map<std::string, std::string> files_;
  std::map<std::string, WrittenAs> modes_;
  Client client_{*this};
};

TEST_F(DecisionsTest, AKeyIsMadeOnceAndIsASecret) {
  const auto made = run({"key", "new", "--person", "anna", "--out", "new.key"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(modes_.at("new.key"), WrittenAs::new_secret);
  const auto key = governance::SecretKey::parse_file(files_.at("new.key"));
  ASSERT_TRUE(key);
  EXPECT_TRUE(made.out.starts_with("publicKey: " + key->public_key().base64() + "\n")) << made.out;
  const auto again = run({"key", "new", "--person", "anna", "--out", "new.key"});
  EXPECT_EQ(again.status, exit_status(Code::already_exists));
  EXPECT_EQ(again.err,
            "millwright: there is a file new.key already (already_exists)\n"
            "  remedy: a key is never overwritten: choose another name\n");
}

TEST_F(DecisionsTest, ANounWithoutItsVerbNamesThem) {
  EXPECT_EQ(run({"rollout"}).err,
            "millwright: 'millwright rollout' needs one of: list, get, plan, start, revert\n"
            "  remedy: see 'millwright rollout --help'\n");
  EXPECT_EQ(run({"rollout", "strat", "r-1"}).err,
            "millwright: there is no 'millwright rollout strat'; did you mean 'start'?\n"
            "  remedy: see 'millwright rollout --help'\n");
}

TEST_F(DecisionsTest, WhoSignsMustBeNamed) {
  EXPECT_EQ(run({"workorder", "verdict", "wo-000001", "confirmed"}).err,
            "millwright: nobody is named who signs this (invalid_input)\n"
            "  remedy: give --person NAME and --key FILE, or set MILLWRIGHT_PERSON and "
            "MILLWRIGHT_KEY; 'millwright key new' makes a key\n");
}

TEST_F(DecisionsTest, AVerdictByTheCommandLine) {
  const std::string id = open_work_order();
  EXPECT_NE(run({"workorder", "list", "--state", "open"}).out.find(id), std::string::npos);
  EXPECT_NE(run({"finding", "list"}).out.find("12 h left"), std::string::npos);
  const auto wrong = run(
      {"workorder", "verdict", id.c_str(), "confirmd", "--person", "clara", "--key", "clara.key"});
  EXPECT_EQ(wrong.status, exit_status(Code::invalid_input));
  const std::vector<const char*> verdict{"workorder", "verdict",    id.c_str(), "confirmed",
                                         "--note",    "blade worn", "--person", "clara",
                                         "--key",     "clara.key"};
  const auto given = run(verdict);
  EXPECT_EQ(given.status, 0) << given.err;
  EXPECT_NE(given.out.find("person/clara"), std::string::npos);
  const auto second = run(verdict);
  EXPECT_EQ(second.status, exit_status(Code::conflict));
  EXPECT_EQ(run({"workorder", "list", "--state", "open"}).out.find(id), std::string::npos);
}

TEST_F(DecisionsTest, FromAReleaseToItsRollout) {
  files_["limits.json"] = "{\"limit\":1}";
  const auto release = run({"release", "create", "turbofan", "--config", "limits@1=limits.json",
                            "--person", "ben", "--key", "ben.key"});
  ASSERT_EQ(release.status, 0) << release.err;
  EXPECT_NE(release.out.find("turbofan@1"), std::string::npos) << release.out;
  const auto planned =
      run({"rollout", "plan", "r-7", "--release", "turbofan", "--waves", "a[site=site-a],all",
           "--behaviour", "none", "--person", "ben", "--key", "ben.key"});
  ASSERT_EQ(planned.status, 0) << planned.err;
  EXPECT_NE(planned.out.find("approve it: millwright approve rollout r-7 --person anna"),
            std::string::npos)
      << planned.out;
  const auto shown = run({"approve", "rollout", "r-7", "--show"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  for (const char* part : {"release turbofan@1 by person/ben",
                           "config limits@1, sha256:", "wave a: 1 targets: site-a/edge-a1",
                           "wave all: 1 targets: site-b/edge-b1"})
    EXPECT_NE(shown.out.find(part), std::string::npos) << part << "\n" << shown.out;
  const auto refused = run({"approve", "rollout", "r-7", "--person", "ben", "--key", "ben.key"});
  EXPECT_EQ(refused.status, exit_status(Code::refused));
  EXPECT_NE(refused.err.find("not_accountable: "), std::string::npos) << refused.err;
  const auto approved = run({"approve", "rollout", "r-7", "--person", "anna", "--key", "anna.key"});
  ASSERT_EQ(approved.status, 0) << approved.err;
  const auto started =
      run({"rollout", "start", "r-7", "--person", "ben", "--key", "ben.key", "-o", "json"});
  ASSERT_EQ(started.status, 0) << started.err;
  EXPECT_NE(started.out.find("\"state\": \"installing\""), std::string::npos) << started.out;
  EXPECT_EQ(run({"rollout", "get", "r-8"}).err,
            "millwright: there is no rollout 'r-8' (not_found)\n  remedy: did you mean 'r-7'?\n");
  EXPECT_NE(run({"release", "list"}).out.find("config limits@1"), std::string::npos);
}

TEST(Waves, AreSharesSelectorsOrAll) {
  EXPECT_EQ(waves_of("canary=10%,lab[kind=edge,ring=lab],half=0.5,all")->dump(),
            R"([{"name":"canary","share":0.1},{"name":"lab","selector":"kind=edge,ring=lab"},)"
            R"({"name":"half","share":0.5},{"name":"all","share":1}])");
  for (const char* wrong : {"", "canary=", "canary=110%", "canary=ten", "[kind=edge]", "a[b"})
    EXPECT_FALSE(waves_of(wrong)) << wrong;
}

TEST(Progress, SaysWhatIsLeft) {
  EXPECT_EQ(progress_line("rul", {5, 21, "cross-validation"}, std::chrono::seconds(10)),
            "train rul: 5 of 21 steps, cross-validation, about 32 s left");
  EXPECT_EQ(progress_line("rul", {21, 21, "last fit"}, std::chrono::seconds(40)),
            "train rul: 21 of 21 steps, last fit");
}

TEST_F(DecisionsTest, TheAuditLogIsShownVerifiedAndExported) {
  open_work_order();
  const auto log = run({"audit", "log"});
  EXPECT_EQ(log.status, 0) << log.err;
  EXPECT_NE(log.out.find("work_order.opened"), std::string::npos) << log.out;
  std::ostringstream out, err;
  Terminal terminal = make_terminal(out, err);
  AuditFileOptions options;
  EXPECT_TRUE(verify_audit_files(disk_, options, OutputFormat::table, terminal));
  EXPECT_NE(err.str().find("taken from beside the log"), std::string::npos);
  options.verifier = office_->log().key().verifier_text();
  files_["monday"] = office_->log().checkpoint();
  options.remembered = "monday";
  out.str("");
  ASSERT_TRUE(verify_audit_files(disk_, options, OutputFormat::json, terminal)) << err.str();
  EXPECT_NE(out.str().find("\"sound\": true"), std::string::npos);
  ASSERT_TRUE(export_audit_files(disk_, options, disk_, "out", terminal));
  EXPECT_TRUE(*disk_.exists("out/entries"));
  // One byte of an entry is another.
  auto whole = engine::read_whole(disk_, "office/audit/entries.log");
  ASSERT_TRUE(whole);
  (*whole)[whole->size() / 3] ^= std::byte{1};
  ASSERT_TRUE(engine::replace_whole(disk_, "office/audit/entries.log", *whole));
  const auto damaged = verify_audit_files(disk_, options, OutputFormat::table, terminal);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), Code::corrupt);
}

/// With SQL below, for what is trained.
class TrainTest : public DecisionsTest {
 protected:
  TrainTest() : DecisionsTest(*engine::open_duckdb_store({.directory = testing::TempDir()})) {}

  /// Records of engines that wear out, as the archive's edge would send them.
  void store_records(std::size_t engines, std::int64_t scans) {
    const auto spec = *stewardship::find_model_spec("turbofan-rul", office_->resources());
    std::vector<ontology::MetricDefinition> metrics;
    for (const auto& input : spec.inputs)
      metrics.push_back({input, ontology::DataType::float64, "[degR]"});
    for (std::size_t unit = 1; unit <= engines; ++unit) {
      const ontology::DeviceSchema schema{{"archive", "import", fmt::format("train-{:03}", unit)},
                                          metrics};
      const auto series = historian_->define(schema);
      ASSERT_TRUE(series);
      ontology::Batch batch;
      for (std::int64_t scan = 0; scan < scans; ++scan) {
        for (std::size_t i = 0; i < metrics.size(); ++i) {
          ontology::Row row;
          row.ts_us = 1'735'689'600'000'000 + scan * 3'600'000'000;
          row.slot = static_cast<std::uint32_t>(i);
          const auto seed =
              static_cast<double>(unit * 37 + static_cast<std::size_t>(scan) * 11 + i);
          row.set_f64(500 + 0.2 * static_cast<double>(scan) + std::sin(seed));
          batch.rows.push_back(row);
        }
      }
      const std::vector<historian::ProvenanceNumber> none(metrics.size(), 0);
      const ontology::ProducerId producer{"archive", "import"};
      ASSERT_TRUE(historian_->append(
          {*series, none, &batch, &producer, 77, next_, 0, historian::Custody::acknowledged}));
      next_ += batch.rows.size();
    }
    ASSERT_TRUE(historian_->commit());
  }
  ontology::Sequence next_ = 0;
};

TEST_F(TrainTest, FromStoredRowsToARegisteredVersion) {
  store_records(6, 60);
  const std::string example = std::string(MILLWRIGHT_SOURCE_DIR) + "/examples/turbofan";
  const std::vector<const char*> train{
      "train",      "turbofan-anomaly", "-f",  example.c_str(), "--out",   "a.mwm",
      "--register", "--person",         "ben", "--key",         "ben.key", "-o",
      "json"};
  const auto trained = run(train);
  ASSERT_EQ(trained.status, 0) << trained.err;
  const auto bundle = models::decode_bundle(as_bytes(files_.at("a.mwm")));
  ASSERT_TRUE(bundle) << bundle.error().text();
  EXPECT_EQ(bundle->training.groups, 6u);
  EXPECT_EQ(bundle->training.rows, 360u);
  EXPECT_NE(trained.err.find("nothing is stored of archive/import/train-100"), std::string::npos);
  const Json models = json(get("/api/v1/models"));
  EXPECT_EQ(models["models"].items().at(0)["name"].string(), "turbofan-anomaly");
  EXPECT_EQ(models["models"].items().at(0)["data_hash"].string(), bundle->training.data.hex());
  EXPECT_NE(run({"model", "list"}).out.find("turbofan-anomaly@1"), std::string::npos);
  const auto release = run({"release", "create", "turbofan", "--model", "turbofan-anomaly@1",
                            "--person", "ben", "--key", "ben.key"});
  EXPECT_EQ(release.status, 0) << release.err;
  // The same rows as of the same revision: the next version differs in its number alone.
  const std::string as_of = std::to_string(bundle->training.as_of);
  const auto next = run({"train", "turbofan-anomaly", "-f", example.c_str(), "--out", "b.mwm",
                         "--as-of", as_of.c_str()});
  ASSERT_EQ(next.status, 0) << next.err;
  auto second = models::decode_bundle(as_bytes(files_.at("b.mwm")));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->version, 2u);
  second->version = 1;
  EXPECT_EQ(models::encode(*second), models::encode(*bundle));
}

TEST_F(TrainTest, WithoutRows) {
  const std::string example = std::string(MILLWRIGHT_SOURCE_DIR) + "/examples/turbofan";
  const auto trained = run({"train", "turbofan-rul", "-f", example.c_str()});
  EXPECT_EQ(trained.status, exit_status(Code::not_found));
  EXPECT_EQ(trained.err,
            "millwright: the training query of model 'turbofan-rul' gives no rows: nothing is "
            "stored of the 100 devices with fleet=training (not_found)\n"
            "  remedy: let their records arrive at the hub first (millwright watch shows what is "
            "there), or change training.labels of the Model\n");
}

}  // namespace
}  // namespace millwright::interfaces
