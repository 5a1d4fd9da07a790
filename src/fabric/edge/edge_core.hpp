// The core of an edge: drivers → pipelines → journal → sender → Sparkplug session. Everything
// outside comes in through the world, so the same core runs beside a machine and in the simulator.
//
// Single-threaded on the world's executor. Bounds: the journal (declared), the sender's window. A
// full or failing disk stops sources that can wait and makes the others declare a loss; nothing
// else is affected.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/world.hpp"
#include "fabric/custody/journal.hpp"
#include "fabric/custody/sender.hpp"
#include "fabric/drivers/driver.hpp"
#include "fabric/edge/trigger.hpp"
#include "fabric/links/node_control.hpp"
#include "fabric/links/uplink.hpp"
#include "fabric/pipeline/pipeline.hpp"

namespace millwright::edge {

/// One driver and what is done with each of its devices (by index of `Driver::devices()`); a device
/// without a pipeline passes as it is.
struct Source {
  std::string name;  ///< names the source's place in the journal; stable over restarts
  std::unique_ptr<drivers::Driver> driver;
  std::vector<std::optional<pipeline::PipelineSpec>> pipelines;
  std::vector<TriggerSpec> triggers = {};
};

struct EdgeOptions {
  std::string site;
  std::string edge;
  custody::JournalOptions journal;
  custody::SenderOptions sender;
  links::UplinkOptions uplink;
  Duration commit_interval =
      std::chrono::milliseconds(5);         ///< longest wait for company in one sync
  std::uint64_t commit_bytes = 256 * 1024;  ///< or so many staged bytes
  Duration telemetry_interval = std::chrono::seconds(1);
  std::string running;  ///< what this process attests to run; see set_running
  Duration checkpoint_interval = std::chrono::seconds(10);  ///< of pipelines that hold state
};

struct EdgeStatus {
  ontology::Incarnation incarnation = 0;
  std::uint64_t samples_accepted = 0;        ///< numbered and on disk, this incarnation
  std::uint64_t samples_accepted_total = 0;  ///< of all incarnations of its journal
  std::uint64_t samples_waiting = 0;         ///< not yet acknowledged by the hub
  std::uint64_t bytes_waiting = 0;
  std::uint64_t samples_resent = 0;
  std::uint64_t samples_lost = 0;  ///< declared since start
  bool born = false;
  bool input_ended = false;  ///< every source has ended
  bool drained = false;      ///< and everything is acknowledged
  std::vector<drivers::DriverStatus> sources;
  std::vector<TriggerStatus> triggers;
};

class EdgeCore final : public links::UplinkListener, public custody::SenderLink {
 public:
  static Result<std::unique_ptr<EdgeCore>> create(engine::World world, EdgeOptions options,
                                                  std::vector<Source> sources);
  ~EdgeCore() override;

  /// With `Input::held` sources wait for `start_input`; everything else begins.
  enum class Input : std::uint8_t { now, held };
  void start(Input input = Input::now);
  /// Starts what was held; nothing when it runs.
  void start_input();
  /// Every stage that scores has a model in force.
  bool has_models() const;
  /// Graceful: stops sources, syncs, says goodbye.
  void stop();
  /// True when the goodbye of `stop` is out and the connection closed.
  bool has_left() const { return uplink_->state() == sparkplug::EdgeState::stopped; }
  EdgeStatus status() const;
  custody::Journal& journal() { return *journal_; }

  /// Puts a version of a model in force in every pipeline that scores with `model`, between two
  /// batches. `not_found`: none does; any other error: it fits one of them not, and all go on with
  /// the version before.
  Result<void> activate(std::string_view model, const pipeline::StageModelFactory& factory);
  /// Who is handed releases; null: nobody, they are said and dropped. Outlives the core.
  void listen(links::ReleaseListener* listener) { release_listener_ = listener; }
  /// What this process attests to run from now on.
  void set_running(std::string running);

  void on_need_births() override;
  void on_born() override;
  void on_lost() override;
  void on_command(const std::string& device,
                  std::vector<sparkplug::CommandMetric>& metrics) override;
  Result<void> declare_schema(const ontology::DeviceSchema& schema) override;
  Result<void> send_data(const std::string& device, const ontology::Batch& batch, ByteView envelope,
                         sparkplug::DataClass data_class) override;
  Result<void> send_loss(ByteView envelope) override;

 private:
  class SourceLane;
  EdgeCore(engine::World world, EdgeOptions options);
  Result<void> open_lanes(std::vector<Source> sources);
  void note_staged();
  /// Tries to commit, and wakes the sources, a second from now if nothing does so earlier.
  void retry_commit();
  void commit();
  void arm_tick();
  void telemetry();
  void on_node_command(const sparkplug::CommandMetric& metric);
  /// `not_found`: no source has the device.
  Result<void> issue(const drivers::Command& command);
  void arm_checkpoints();
  void command_device(const std::string& device, const sparkplug::CommandMetric& metric);
  void save_checkpoints();

  engine::World world_;
  EdgeOptions options_;
  std::unique_ptr<custody::Journal> journal_;
  std::unique_ptr<links::Uplink> uplink_;
  std::unique_ptr<custody::Sender> sender_;
  std::vector<std::unique_ptr<SourceLane>> lanes_;
  std::map<std::string, ontology::DeviceSchema>
      declared_;  ///< schema in force in the session, by device
  std::optional<engine::TimerId> commit_timer_, tick_timer_, telemetry_timer_, checkpoint_timer_;
  std::uint64_t samples_lost_ = 0;
  links::ReleaseListener* release_listener_ = nullptr;
  bool sync_failing_ = false;
  bool input_started_ = false;
};

/// Metrics of an edge's own node, published beside the samples: the platform's telemetry, not
/// samples.
std::vector<ontology::MetricDefinition> node_metrics();

}  // namespace millwright::edge
