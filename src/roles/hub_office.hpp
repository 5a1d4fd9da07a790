// The hub's office in its process: opened beside the historian, fed with what the historian commits
// and with what targets report, and its orders carried to the targets. On the hub's executor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/world.hpp"
#include "fabric/hub/hub_core.hpp"
#include "governance/users.hpp"
#include "interfaces/office_api.hpp"
#include "models/model_counters.hpp"
#include "operations/rollouts.hpp"
#include "stewardship/explainer.hpp"
#include "stewardship/finding_watch.hpp"
#include "stewardship/office.hpp"

namespace millwright::roles {

struct HubOfficeOptions {
  std::string host_id = "hub";
  bool simulated = false;
  Duration tick_interval = std::chrono::milliseconds(250);
  Duration repeat_interval = std::chrono::seconds(2);  ///< of an order that is not fulfilled
  Duration poll_interval = std::chrono::seconds(10);   ///< of silent targets
};

class HubOffice {
 public:
  /// `resources`: what is declared. The references outlive it.
  static Result<std::unique_ptr<HubOffice>> open(engine::World world, HubOfficeOptions options,
                                                 std::vector<catalog::Resource> resources,
                                                 historian::Historian& historian,
                                                 governance::PasswordHasher& hasher);
  ~HubOffice();

  /// The hub core exists only after the historian and listens to it: so it comes later.
  void start(hub::HubCore& hub);
  /// Before the hub core goes.
  void stop();
  void on_committed(const engine::SampleColumns& rows) { watch_->on_committed(rows); }
  interfaces::OfficeApi& api() { return *api_; }
  stewardship::Office& office() { return *office_; }

 private:
  struct TargetView {
    operations::Target target;
    std::string heard;  ///< the last report as it came
    std::optional<operations::Report> report;
    std::vector<models::ModelCounters> counters;
    Digest running;
    Duration sent_at{0};
    std::int64_t sent_generation = 0;
  };

  HubOffice(engine::World world, HubOfficeOptions options);
  void plan_targets();
  void tick();
  void take_reports();
  void contact(const TargetView& view);
  void poll_silent();
  void send_orders();
  void send(TargetView& view, const operations::Order& order);
  Result<operations::Inventory> inventory() const;
  operations::Behaviour behaviour_of(const operations::Rollout& rollout) const;

  engine::World world_;
  HubOfficeOptions options_;
  std::unique_ptr<stewardship::Office> office_;
  std::unique_ptr<governance::Users> users_;
  std::unique_ptr<stewardship::Explainer> explainer_;
  std::unique_ptr<stewardship::FindingWatch> watch_;
  std::unique_ptr<interfaces::OfficeApi> api_;
  hub::HubCore* hub_ = nullptr;
  std::map<std::string, TargetView, std::less<>> targets_;
  operations::ContactWatch contacts_;
  Duration polled_at_{0};
  std::optional<engine::TimerId> timer_;
};

}  // namespace millwright::roles
