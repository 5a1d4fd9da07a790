// What the tests of this folder share: the turbofan example with people who have keys, bundles of
// its models, an office on a simulated disk, and a release on its way to one gateway.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/format.hpp"
#include "catalog/commands.hpp"
#include "fabric/historian/historian_fixture.hpp"
#include "sim/disk.hpp"
#include "stewardship/office.hpp"

namespace millwright::stewardship {

inline governance::SecretKey key_of(std::string_view person) {
  auto random = sim::SimRandom::stream(7, person);
  return governance::SecretKey::generate(random);
}

/// The example at site-a's first edge alone: 25 engines. Everybody has a key but dora.
inline std::vector<catalog::Resource> turbofan() {
  const auto sources = catalog::read_sources({MILLWRIGHT_SOURCE_DIR "/examples/turbofan"});
  const auto report = catalog::check(*sources, {});
  const std::set<std::string> left_out{
      "site-b",       "archive",      "engines-training", "recorders-training", "engines-a2",
      "recorders-a2", "judge-a2",     "engines-b1",       "recorders-b1",       "judge-b1",
      "engines-b2",   "recorders-b2", "judge-b2"};
  std::vector<catalog::Resource> out;
  for (const auto& declared : report.resources) {
    catalog::Resource resource = declared.resource;
    if (left_out.contains(resource.key.name)) continue;
    if (resource.key.kind == catalog::Kind::person && resource.key.name != "dora") {
      resource.spec.add("publicKey",
                        catalog::Node::make_text(key_of(resource.key.name).public_key().base64()));
    }
    out.push_back(std::move(resource));
  }
  return out;
}

inline const std::vector<std::string>& engine_inputs() {
  static const std::vector<std::string> names{"T24", "T30", "T50", "P30", "Nf",      "Nc",  "Ps30",
                                              "phi", "NRf", "NRc", "BPR", "htBleed", "W31", "W32"};
  return names;
}
inline const std::vector<std::string>& engine_units() {
  static const std::vector<std::string> units{
      "[degR]",          "[degR]",    "[degR]",    "[psi]", "{rev}/min", "{rev}/min", "[psi]",
      "[lb_av]/s/[psi]", "{rev}/min", "{rev}/min", "1",     "1",         "[lb_av]/s", "[lb_av]/s"};
  return units;
}

inline models::Training some_training() {
  models::Training training;
  training.at = {1'760'000'000'000'000};
  training.data = sha256(as_bytes("rows of the training fleet"));
  training.rows = 20631;
  training.groups = 100;
  training.seed = 7;
  training.metrics = {{"cv_rmse", 12.5}};
  training.trained_by = "millwright 0.3.0";
  return training;
}

/// One stump on the mean of T24 over 5 scans: 50 below 643, else 20.
inline models::Bundle life_bundle(std::uint32_t version = 1) {
  using enum models::WindowFunction;
  models::Bundle out;
  out.name = "turbofan-rul";
  out.version = version;
  out.kind = models::ModelKind::rul;
  out.features.inputs = engine_inputs();
  out.features.windows = {5, 15, 30};
  out.features.functions = {last, mean, slope, deviation};
  out.features.add_age = true;
  out.units = engine_units();
  out.target = "remaining life";
  out.target_unit = "h";
  out.target_max = 125;
  out.training = some_training();
  out.training.seed = version;
  const auto names = out.features.names();
  const auto column = std::ranges::find(names, "T24.mean.5") - names.begin();
  models::TreeNode split;
  split.value = 643;
  split.feature = static_cast<std::uint16_t>(column);
  split.leaf = false;
  split.left = 1;
  split.right = 2;
  models::TreeNode low, high;
  low.value = 15;
  high.value = -15;
  models::TreeEnsemble trees;
  trees.columns = static_cast<std::uint32_t>(out.features.width());
  trees.base = 35;
  trees.starts = {0};
  trees.nodes = {split, low, high};
  out.trees = trees;
  models::IntervalTable intervals;
  intervals.high_end = 125;
  intervals.below = {10};
  intervals.above = {12};
  out.intervals = intervals;
  return out;
}

/// A monitor that looks along the sum of the inputs.
inline models::Bundle anomaly_bundle() {
  models::Bundle out;
  out.name = "turbofan-anomaly";
  out.kind = models::ModelKind::pca;
  out.features.inputs = engine_inputs();
  out.features.windows = {5};
  out.features.functions = {models::WindowFunction::mean};
  out.units = engine_units();
  out.training = some_training();
  models::PcaMonitor pca;
  pca.inputs = 14;
  pca.components = 1;
  pca.mean.assign(14, 600);
  pca.scale.assign(14, 0.1F);
  pca.loadings.assign(14, static_cast<float>(1 / std::sqrt(14.0)));
  pca.variance = {1.5F};
  pca.t2_limit = 10;
  pca.spe_limit = 25;
  pca.alpha = 0.001;
  pca.fitted_rows = 5000;
  out.pca = pca;
  return out;
}

class PersonSigner final : public operations::Signer {
 public:
  explicit PersonSigner(std::string person) : person_(std::move(person)) {}
  std::string key() const override { return person_; }
  Result<Bytes> sign(ByteView message) const override {
    const auto signature = key_of(person_).sign(message);
    return Bytes(signature.bytes.begin(), signature.bytes.end());
  }

 private:
  std::string person_;
};

/// An office whose disk outlives it, with the steps that several tests take.
class OfficeRig {
 public:
  explicit OfficeRig(std::vector<catalog::Resource> declared = turbofan())
      : resources(std::move(declared)) {
    open();
  }
  void open() {
    office.reset();
    auto opened = Office::open({}, disk, clock, random, log, resources);
    ASSERT_TRUE(opened) << opened.error().text();
    office = std::move(*opened);
  }

  Digest add(const models::Bundle& bundle) {
    auto fact = office->add_model(models::encode(bundle), "person/ben");
    EXPECT_TRUE(fact) << fact.error().text();
    return fact ? fact->version.bundle : Digest{};
  }
  /// Version `version` of release `turbofan` with one model, by ben.
  operations::Release release(std::int64_t version, const models::Bundle& bundle,
                              const std::string& selector = "kind=gateway") {
    const Bytes bytes = models::encode(bundle);
    operations::Manifest manifest;
    manifest.name = "turbofan";
    manifest.version = version;
    manifest.artifacts = {{operations::ArtifactKind::model, bundle.name,
                           static_cast<std::int64_t>(bundle.version), sha256(bytes), bytes.size()}};
    manifest.compatible = {*operations::Selector::parse(selector)};
    manifest.created = clock.now;
    manifest.author = "person/ben";
    auto made = office->register_release(*operations::sign_release(manifest, PersonSigner("ben")),
                                         "person/ben");
    EXPECT_TRUE(made) << made.error().text();
    return made ? *made : operations::Release{};
  }
  operations::Inventory inventory() const {
    operations::Target target;
    target.id = "site-a/gateway-a";
    target.site = "site-a";
    target.kind = operations::TargetKind::gateway;
    return *operations::Inventory::create({target});
  }
  static operations::RolloutPolicy policy() {
    operations::RolloutPolicy policy;
    operations::WaveRule all;
    all.name = "all";
    all.share = 1;
    policy.waves = {all};
    policy.gates.behaviour = operations::BehaviourGate::none;
    policy.gates.soak = Duration(0);
    return policy;
  }
  const operations::Rollout* plan(const std::string& id, const Digest& release) {
    auto planned = office->plan_rollout(id, release, policy(), inventory(), "person/ben");
    EXPECT_TRUE(planned) << planned.error().text();
    return planned ? *planned : nullptr;
  }
  governance::Statement statement(const std::string& rollout, const std::string& by = "anna") {
    governance::Statement out;
    out.subject_kind = "rollout";
    out.subject_name = rollout;
    out.digest = office->rollouts().find(rollout)->digest();
    out.by = by;
    out.at = clock.now;
    out.expires = clock.now + std::chrono::hours(24);
    return out;
  }
  Result<void> approve(const governance::Statement& statement, const std::string& with = "") {
    return office->approve(statement, governance::sign_statement(
                                          statement, key_of(with.empty() ? statement.by : with)));
  }
  /// From plan to done, on the one gateway.
  void roll_out(const std::string& id, const Digest& release) {
    ASSERT_NE(plan(id, release), nullptr);
    const auto approved = approve(statement(id));
    ASSERT_TRUE(approved) << approved.error().text();
    const auto started = office->start_rollout(id, inventory(), "person/ben");
    ASSERT_TRUE(started) << started.error().text();
    step();
    // An order is offered at a contact.
    operations::Report report;
    report.target = "site-a/gateway-a";
    report.running = operations::no_release;
    report.instance = {"first", 0};
    tell(report);
    const auto order = office->rollouts().order_for("site-a/gateway-a");
    ASSERT_TRUE(order);
    report.generation = order->generation;
    report.stage = operations::ReportStage::installing;
    tell(report);
    report.stage = operations::ReportStage::confirmed;
    report.running = order->release;
    report.instance = {"second", 0};
    tell(report);
    clock.now = clock.now + std::chrono::minutes(1);
    step();
    ASSERT_EQ(office->rollouts().find(id)->phase(), operations::RolloutPhase::done)
        << office->rollouts().find(id)->summary();
  }
  void tell(const operations::Report& report) {
    const auto told = office->on_report(report);
    ASSERT_TRUE(told) << told.error().text();
    step();
  }
  void step() {
    const auto stepped =
        office->step_rollouts([](const operations::Rollout&) { return operations::Behaviour{}; });
    ASSERT_TRUE(stepped) << stepped.error().text();
  }
  /// A finding of `rule` at an asset.
  Result<const operations::Finding*> find_at(const std::string& asset, Timestamp at,
                                             const std::string& rule = "short-life") {
    return office->open_finding({asset, "turbofan-rul@1:ab", rule},
                                {operations::EpisodeChange::Kind::opened, at, 12}, "rul is 12 h",
                                "SELECT 1", "Inspect", "critical");
  }

  std::vector<catalog::Resource> resources;
  sim::SimDisk disk{1};
  historian::ManualClock clock;
  sim::SimRandom random{3};
  SilentLog log;
  std::unique_ptr<Office> office;
};

/// What the state of an office says, for comparing two lives of it.
inline std::string state_of(const Office& office) {
  std::string out;
  for (const auto& [name, model] : office.registry().models()) {
    out += name + ":";
    for (const auto& version : model.versions) out += " " + version.bundle.hex();
    for (const auto& [alias, version] : model.aliases)
      out += fmt::format(" {}={}", models::alias_name(alias), version);
    out += '\n';
  }
  for (const auto& [digest, release] : office.releases().all())
    out += digest.hex() + " " + release.manifest.canonical() + "\n";
  for (const auto& [id, rollout] : office.rollouts().all())
    out += id + " " + rollout.summary() + "\n";
  for (const auto& fact : office.approvals())
    out += fmt::format("{} {}\n", fact.entry, fact.statement.canonical());
  for (const auto& [id, finding] : office.findings().all())
    out += fmt::format("{} {} {} {}\n", id, finding.key.asset, to_rfc3339(finding.at),
                       finding.cleared.has_value());
  for (const auto& [id, order] : office.work_orders().all())
    out += fmt::format("{} {} {} {}\n", id, order.asset, order.findings.size(), order.is_open());
  for (const auto& [asset, truth] : office.truths())
    out += fmt::format("{} {} {} {}\n", asset, truth.value, truth.unit, to_rfc3339(truth.at));
  return out;
}

}  // namespace millwright::stewardship
