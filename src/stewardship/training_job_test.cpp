// Training a declared model over a port that answers what a hub would.
#include "stewardship/training_job.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/format.hpp"
#include "catalog/commands.hpp"
#include "models/onnx.hpp"

namespace millwright::stewardship {
namespace {

std::vector<catalog::Resource> example() {
  auto sources = catalog::read_sources({std::string(MILLWRIGHT_SOURCE_DIR) + "/examples/turbofan"});
  EXPECT_TRUE(sources) << sources.error().text();
  auto report = catalog::check(*sources, {});
  EXPECT_TRUE(report.problems.empty());
  std::vector<catalog::Resource> out;
  for (auto& declared : report.resources) out.push_back(std::move(declared.resource));
  return out;
}

/// Engines that wear out: each input drifts with the age, by an amount of its own.
engine::Table wearing_engines(std::size_t engines, std::size_t inputs) {
  engine::Table table;
  for (std::size_t unit = 1; unit <= engines; ++unit) {
    const std::size_t life = 40 + unit * 7 % 30;
    for (std::size_t scan = 0; scan < life; ++scan) {
      std::vector<engine::Cell> row{fmt::format("archive/import/train-{:03}", unit),
                                    static_cast<std::int64_t>(scan) * 3'600'000'000};
      for (std::size_t i = 0; i < inputs; ++i) {
        const double noise = std::sin(static_cast<double>(unit * 131 + scan * 17 + i * 7));
        const double wear = static_cast<double>(scan) / static_cast<double>(life);
        row.emplace_back(500.0 + static_cast<double>(i) + 10 * wear * wear + 0.3 * noise);
      }
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

class TrainingJob : public testing::Test {
 protected:
  TrainingJob() : resources_(example()), spec_(*find_model_spec("turbofan-rul", resources_)) {
    spec_.training.grid.rounds = {10, 20};
    spec_.training.grid.depth = {3};
    spec_.training.grid.eta = {0.1};
    spec_.training.folds = 3;
  }
  QueryFn answering(engine::Table table) {
    return [this, table = std::move(table)](const std::string& sql) -> Result<engine::Table> {
      asked_.push_back(sql);
      if (!sql.starts_with("SELECT max(revision)")) return table;
      engine::Table revision;
      revision.rows.push_back({std::int64_t{1'790'000'000'123}});
      return revision;
    };
  }
  Result<TrainedBundle> train(const QueryFn& query, std::size_t threads = 1) {
    const auto trainer = models::make_xgboost_trainer();
    return train_model(spec_, resources_, query,
                       {*trainer, models::for_each_on_threads(threads),
                        [](const models::TreeEnsemble& trees, std::string_view name) {
                          return models::onnx_of(trees, name);
                        }},
                       {.version = 3, .as_of = {}, .trained_by = "millwright test"});
  }

  std::vector<catalog::Resource> resources_;
  catalog::ModelSpec spec_;
  std::vector<std::string> asked_;
};

TEST_F(TrainingJob, TheQueryIsOneStatementOverTheTrainingDevicesAndPinned) {
  auto trained = train(answering(wearing_engines(9, spec_.inputs.size())));
  ASSERT_TRUE(trained) << trained.error().text();
  ASSERT_EQ(asked_.size(), 2u);
  EXPECT_EQ(trained->query, asked_[1]);
  EXPECT_EQ(trained->as_of, 1'790'000'000'123u);
  for (const char* part :
       {"revision <= 1790000000123", "device IN ('train-001', 'train-002'", "AS \"T24\"",
        "metric = 'Ps30' AND quality_code < 32768", "ORDER BY 1, 2"}) {
    EXPECT_NE(trained->query.find(part), std::string::npos) << part << "\n" << trained->query;
  }
  EXPECT_EQ(trained->query.find("test-"), std::string::npos);
  auto again = models::decode_bundle(trained->bytes);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->training.query, trained->query);
  EXPECT_EQ(again->training.as_of, trained->as_of);
  EXPECT_EQ(again->version, 3u);
  EXPECT_EQ(again->units.front(), "[degR]");
  EXPECT_FALSE(again->onnx.empty());
  EXPECT_GT(again->training.metrics.at("cv_rmse"), 0);
  EXPECT_EQ(trained->silent.size(), 91u);  // of a hundred declared
}

TEST_F(TrainingJob, TwoThreadsGiveTheSameBytes) {
  const auto query = answering(wearing_engines(9, spec_.inputs.size()));
  const auto one = train(query, 1), two = train(query, 2);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->digest, two->digest);
}

TEST_F(TrainingJob, AMonitorIsFittedOnTheFirstScans) {
  spec_ = *find_model_spec("turbofan-anomaly", resources_);
  spec_.training.healthy_scans = 20;
  auto trained = train(answering(wearing_engines(9, spec_.inputs.size())));
  ASSERT_TRUE(trained) << trained.error().text();
  EXPECT_EQ(trained->bundle.kind, models::ModelKind::pca);
  EXPECT_EQ(trained->bundle.training.metrics.at("healthy_rows"), 180);
}

TEST_F(TrainingJob, WithoutRowsItSaysWhatIsMissing) {
  const auto trained = train(answering({}));
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().text(),
            "the training query of model 'turbofan-rul' gives no rows as of 1790000000123: nothing "
            "is stored of the 100 devices with fleet=training (not_found)\n"
            "  remedy: let their records arrive at the hub first (millwright watch shows what is "
            "there), or change training.labels of the Model");
}

TEST_F(TrainingJob, NoDeviceWithTheLabels) {
  spec_.training.labels = {{"fleet", "moon"}};
  const auto trained = train(answering({}));
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().code(), Code::invalid_input);
  EXPECT_NE(trained.error().message().find("fleet=moon"), std::string::npos);
}

TEST_F(TrainingJob, FeaturesThatTheDevicesDoNotHaveAreNamed) {
  spec_.inputs = {"T24", "T31"};
  const auto trained = train(answering({}));
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().code(), Code::refused);
  ASSERT_EQ(trained.error().problems().size(), 20u);  // of a hundred devices
  EXPECT_EQ(trained.error().problems()[0].text(),
            "archive/import/train-001: input 'T31' is not there; expected a metric in '1'; did you "
            "mean 'T30'?; bind a metric to this signal, or train on other devices");
}

TEST_F(TrainingJob, AnUnknownModelNamesTheNearest) {
  const auto spec = find_model_spec("turbofan-rull", resources_);
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().text(),
            "no Model resource 'turbofan-rull' is declared (not_found)\n"
            "  remedy: did you mean 'turbofan-rul'?");
}

}  // namespace
}  // namespace millwright::stewardship
