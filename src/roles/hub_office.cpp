#include "roles/hub_office.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "fabric/links/node_control.hpp"
#include "operations/order_text.hpp"

namespace millwright::roles {

namespace {

/// `site/edge`, as releases name a target.
std::string target_id(std::string_view site, std::string_view edge) {
  return fmt::format("{}/{}", site, edge);
}

}  // namespace

HubOffice::HubOffice(engine::World world, HubOfficeOptions options)
    : world_(world), options_(std::move(options)) {}

HubOffice::~HubOffice() {
  stop();
}

Result<std::unique_ptr<HubOffice>> HubOffice::open(engine::World world, HubOfficeOptions options,
                                                   std::vector<catalog::Resource> resources,
                                                   historian::Historian& historian,
                                                   governance::PasswordHasher& hasher) {
  std::unique_ptr<HubOffice> made(new HubOffice(world, std::move(options)));
  auto office =
      stewardship::Office::open({.origin = "millwright/" + made->options_.host_id}, world.disk,
                                world.clock, world.random, world.log, std::move(resources));
  if (!office) return pass(std::move(office));
  made->office_ = std::move(*office);
  auto users = governance::Users::open(world.disk, hasher, world.clock, world.random);
  if (!users) return pass(std::move(users));
  made->users_ = std::move(*users);
  made->explainer_ = std::make_unique<stewardship::Explainer>(
      *made->office_, historian, world.clock, made->options_.simulated);
  made->watch_ = std::make_unique<stewardship::FindingWatch>(*made->office_, historian,
                                                             world.executor, world.log);
  made->plan_targets();
  made->api_ = std::make_unique<interfaces::OfficeApi>(interfaces::OfficeApiParts{
      .office = *made->office_,
      .explainer = *made->explainer_,
      .users = *made->users_,
      .historian = historian,
      .clock = world.clock,
      .simulated = made->options_.simulated,
      .inventory = [self = made.get()] { return self->inventory(); },
      .on_rollouts_changed = [self = made.get()] { self->send_orders(); }});
  return made;
}

void HubOffice::start(hub::HubCore& hub) {
  hub_ = &hub;
  watch_->start();
  tick();
}

void HubOffice::stop() {
  if (timer_) world_.executor.cancel(*timer_);
  timer_.reset();
  hub_ = nullptr;
}

void HubOffice::plan_targets() {
  const auto declared = catalog::as_declared(office_->resources());
  const catalog::Index index(declared);
  for (const auto& [name, entry] : index.sites) {
    const auto add = [&](const std::string& id, operations::TargetKind kind) {
      auto& view = targets_[target_id(name, id)];
      view.target.id = target_id(name, id);
      view.target.site = name;
      view.target.kind = kind;
    };
    if (!entry.spec.gateway.empty()) add(entry.spec.gateway, operations::TargetKind::gateway);
    for (const auto& edge : entry.spec.edges) add(edge, operations::TargetKind::edge);
  }
  for (const auto& binding : index.bindings()) {
    const auto view = targets_.find(target_id(binding.address.site, binding.address.edge));
    if (view == targets_.end()) continue;
    auto& assets = view->second.target.assets;
    if (std::ranges::find(assets, binding.asset) == assets.end()) assets.push_back(binding.asset);
  }
}

Result<operations::Inventory> HubOffice::inventory() const {
  std::vector<operations::Target> targets;
  for (const auto& [id, view] : targets_) {
    operations::Target target = view.target;
    // Not heard since this hub's own start: what the log last knew, or a revert would bring
    // nothing.
    const Digest running =
        view.report ? view.running
                    : office_->rollouts().last_running(id).value_or(operations::no_release);
    const auto* release = office_->releases().find(running);
    if (release != nullptr) target.running = release->id;
    targets.push_back(std::move(target));
  }
  return operations::Inventory::create(std::move(targets));
}

void HubOffice::tick() {
  timer_ = world_.executor.post_after(options_.tick_interval, [this] { tick(); });
  take_reports();
  const Duration now = world_.clock.monotonic_now();
  if (now - polled_at_ >= options_.poll_interval) {
    polled_at_ = now;
    poll_silent();
  }
  auto stepped =
      office_->step_rollouts([this](const auto& rollout) { return behaviour_of(rollout); });
  if (!stepped) world_.log.error("office", stepped.error().text());
  send_orders();
}

void HubOffice::take_reports() {
  for (const auto& producer : hub_->status().producers) {
    const auto found = targets_.find(target_id(producer.id.site, producer.id.edge));
    if (found == targets_.end() || producer.running.empty()) continue;
    TargetView& view = found->second;
    if (!producer.online) continue;
    contacts_.heard(found->first);
    if (view.heard == producer.running) {
      // Being connected is a contact too: what a rollout has decided since may concern it.
      contact(view);
      continue;
    }
    view.heard = producer.running;
    auto report = operations::TargetReport::parse(producer.running);
    if (!report) {
      world_.log.warning("office", found->first + ": " + report.error().text());
      continue;
    }
    if (report->report.target != found->first) {
      world_.log.warning("office", fmt::format("{} reports as '{}': not taken", found->first,
                                               report->report.target));
      continue;
    }
    if (!report->refused.empty())
      world_.log.warning("office", fmt::format("{} refused: {}", found->first, report->refused));
    view.counters = report->counters;
    view.running = report->report.running;
    view.report = report->report;
    contact(view);
  }
}

void HubOffice::contact(const TargetView& view) {
  if (!view.report || office_->rollouts().of_target(view.target.id) == nullptr) return;
  if (auto taken = office_->on_report(*view.report); !taken)
    world_.log.error("office", taken.error().text());
}

void HubOffice::poll_silent() {
  for (const std::string& id : office_->rollouts().active()) {
    const auto* rollout = office_->rollouts().find(id);
    const auto awaited = rollout->unsettled(1000);
    const auto silent = contacts_.poll(awaited, rollout->blueprint().gates.polls_missed_max);
    if (silent.empty()) continue;
    if (auto done = office_->on_silence(id, silent); !done)
      world_.log.error("office", done.error().text());
  }
}

void HubOffice::send_orders() {
  if (hub_ == nullptr) return;
  const Duration now = world_.clock.monotonic_now();
  for (const auto& order : office_->rollouts().orders()) {
    const auto found = targets_.find(order.target);
    if (found == targets_.end()) continue;
    TargetView& view = found->second;
    const bool is_new = view.sent_generation != order.generation;
    if (!is_new && now - view.sent_at < options_.repeat_interval) continue;
    view.sent_at = now;
    view.sent_generation = order.generation;
    send(view, order);
  }
}

void HubOffice::send(TargetView& view, const operations::Order& order) {
  operations::ReleaseOrder text;
  text.order = order;
  if (const auto signed_release = office_->signed_release(order.release))
    text.signed_release = *signed_release;
  const auto* rollout = office_->rollouts().of_target(order.target);
  text.is_revert =
      rollout != nullptr && order.generation == rollout->blueprint().revert_generation();
  const std::string bytes = text.encode();
  sparkplug::CommandMetric metric;
  metric.name = links::release_metric;
  metric.datatype = ontology::DataType::bytes;
  metric.value = Bytes(as_bytes(bytes).begin(), as_bytes(bytes).end());
  const auto slash = view.target.id.find('/');
  const ontology::ProducerId producer{view.target.id.substr(0, slash),
                                      view.target.id.substr(slash + 1)};
  // Not connected yet: sent again until it is fulfilled.
  if (auto done = hub_->command(producer, {&metric, 1}); !done)
    world_.log.debug("office", view.target.id + ": " + done.error().text());
}

operations::Behaviour HubOffice::behaviour_of(const operations::Rollout& rollout) const {
  operations::Behaviour sum;
  if (!rollout.has_begun()) return sum;
  const auto* release = office_->releases().find(rollout.blueprint().release.digest);
  if (release == nullptr) return sum;
  for (const auto& member : rollout.blueprint().waves[rollout.wave()].members) {
    const auto view = targets_.find(member.target);
    if (view == targets_.end()) continue;
    for (const auto& counters : view->second.counters) {
      // Of the release's own models only: a target may run others beside.
      const bool is_ours =
          std::ranges::any_of(release->manifest.artifacts, [&](const auto& artifact) {
            return counters.model.ends_with(":" + artifact.sha256.hex());
          });
      if (!is_ours) continue;
      sum.inferences += counters.scored + counters.invalid + counters.errors;
      sum.errors += counters.errors;
      sum.scored += counters.scored + counters.invalid;
      sum.invalid += counters.invalid;
      sum.flagged += counters.flagged;
      sum.reference_scored += counters.reference_scored;
      sum.reference_flagged += counters.reference_flagged;
    }
  }
  return sum;
}

}  // namespace millwright::roles
