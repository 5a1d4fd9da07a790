#include "sim/world/fleet.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "engine/segment/simulated_segment_store.hpp"
#include "sim/world/planted_bugs.hpp"

namespace millwright::sim {
namespace {

using namespace std::chrono_literals;

/// Housekeeping that says nothing new every second is said less often than on a real machine: the
/// paths stay the same, the runs get shorter.
constexpr Duration telemetry_interval = 30s;
constexpr Duration acknowledge_interval = 500ms;

engine::BrokerEndpoint endpoint(const std::string& broker, std::string client_id) {
  engine::BrokerEndpoint out;
  out.host = broker;
  out.port = broker_port;
  out.client_id = std::move(client_id);
  return out;
}

links::UplinkOptions uplink_options(const std::string& site, const std::string& node,
                                    std::string_view host, const std::string& broker) {
  links::UplinkOptions out;
  out.session.group = site;
  out.session.edge = node;
  out.session.primary_host = host;
  out.broker = endpoint(broker, site + "-" + node);
  return out;
}

/// The simulated store, which a planted bug can make forget the newest rows of a seal.
class ForgetfulStore final : public engine::SegmentStore {
 public:
  explicit ForgetfulStore(bool forgets_newest) : forgets_newest_(forgets_newest) {}

  std::string_view extension() const override { return inner_.extension(); }
  Result<void> write(engine::Disk& disk, std::string_view path,
                     const engine::SegmentRows& rows) override {
    if (!forgets_newest_) return inner_.write(disk, path, rows);
    std::uint64_t newest = 0;
    for (const auto& at : rows.order) {
      newest = std::max(newest, rows.chunks[at.chunk]->revision[at.row]);
    }
    std::vector<engine::RowReference> kept;
    for (const auto& at : rows.order) {
      if (rows.chunks[at.chunk]->revision[at.row] != newest) kept.push_back(at);
    }
    return inner_.write(disk, path, {rows.chunks, kept});
  }
  Result<void> read(engine::Disk& disk, std::span<const std::string> paths,
                    const engine::SegmentFilter& filter, engine::SampleColumns& out) override {
    return inner_.read(disk, paths, filter, out);
  }
  Result<std::uint64_t> merge(engine::Disk& disk, std::span<const std::string> paths,
                              std::string_view to) override {
    return inner_.merge(disk, paths, to);
  }
  Result<void> append_hot(std::uint64_t, const engine::SampleColumns&) override { return {}; }
  Result<void> drop_hot(std::uint64_t) override { return {}; }
  bool has_sql() const override { return false; }
  Result<void> execute(const std::string&) override { return {}; }
  Result<void> insert(std::string_view, const engine::Table&) override { return {}; }
  Result<engine::Table> query(const std::string&, std::size_t) override {
    return fail(Code::refused, "the simulated store answers no SQL");
  }

 private:
  engine::SimulatedSegmentStore inner_;
  bool forgets_newest_;
};

}  // namespace

EdgeMachine::EdgeMachine(Surroundings& surroundings, std::string site, std::string edge,
                         std::string host, std::string broker, SourceTruth truth)
    : Machine(surroundings, site + "/" + edge, {std::move(broker)}),
      site_(std::move(site)),
      edge_(std::move(edge)),
      host_(std::move(host)),
      truth_(truth) {}

Result<void> EdgeMachine::build(engine::World world) {
  edge::EdgeOptions options;
  options.site = site_;
  options.edge = edge_;
  options.journal.file_bytes = 64 * 1024;
  options.journal.bound_bytes = 512 * 1024;
  options.uplink = uplink_options(site_, edge_, host_, brokers().front());
  options.telemetry_interval = telemetry_interval;
  const std::uint64_t repeat =
      surroundings_.options.bug == PlantedBug::no_deduplication && lives_ > 1 ? 2 : 0;
  std::vector<edge::Source> sources;
  sources.push_back(
      {"machine",
       std::make_unique<SimSource>(truth_, world.clock, world.executor, lives_, repeat),
       {}});
  auto core = edge::EdgeCore::create(world, std::move(options), std::move(sources));
  if (!core) return pass(std::move(core));
  core_ = std::move(*core);
  core_->start();
  return {};
}

GatewayMachine::GatewayMachine(Surroundings& surroundings, std::string site, std::string gateway,
                               std::string site_broker, std::string hub_broker)
    : Machine(surroundings, site + "/" + gateway, {std::move(hub_broker), std::move(site_broker)}),
      site_(std::move(site)),
      gateway_(std::move(gateway)) {}

std::unique_ptr<engine::BrokerConnector> GatewayMachine::make_connector() {
  auto out = Machine::make_connector();
  if (surroundings_.options.bug != PlantedBug::stale_alias_map) return out;
  return make_stale_alias_connector(std::move(out));
}

Result<void> GatewayMachine::build(engine::World world) {
  gateway::GatewayOptions options;
  options.site = site_;
  options.gateway = gateway_;
  options.site_link.session.host_id = gateway_;
  options.site_link.session.group = site_;
  options.site_link.broker = endpoint(brokers().back(), site_ + "-" + gateway_ + "-host");
  options.uplink = uplink_options(site_, gateway_, hub_id, brokers().front());
  options.acknowledge_interval = acknowledge_interval;
  options.telemetry_interval = telemetry_interval;
  options.tier_two.journal.file_bytes = 64 * 1024;
  options.tier_two.journal.bound_bytes = 512 * 1024;
  options.tier_two.log_bytes_max = 128 * 1024;
  scorer_ = std::make_unique<ToyScorer>(SourceTruth{}.name_of(0));
  scorer_->forgets = surroundings_.options.bug == PlantedBug::forgetful_scorer;
  auto core = gateway::GatewayCore::create(world, std::move(options), scorer_.get());
  if (!core) return pass(std::move(core));
  core_ = std::move(*core);
  core_->start();
  return {};
}

HubMachine::HubMachine(Surroundings& surroundings, std::string broker, Observer observer)
    : Machine(surroundings, std::string(hub_id), {std::move(broker)}),
      observer_(std::move(observer)) {}

std::unique_ptr<engine::BrokerConnector> HubMachine::make_connector() {
  auto out = Machine::make_connector();
  if (surroundings_.options.bug != PlantedBug::stale_alias_map) return out;
  return make_stale_alias_connector(std::move(out));
}

Result<void> HubMachine::build(engine::World world) {
  lane_ = surroundings_.scheduler.make_executor(fmt::format("hub lane {}", lives_));
  store_ = std::make_unique<ForgetfulStore>(surroundings_.options.bug ==
                                            PlantedBug::seal_without_snapshot);
  historian::Options options;
  options.on_committed = observer_;
  // Segments of a large world are not merged: merging is the small world's business.
  const bool large = surroundings_.options.edges > 100;
  options.seal_interval = large ? Duration(1h) : Duration(5min);
  if (large) options.segments_per_day_max = 100'000;
  auto opened = historian::Historian::open(options, world.disk, *store_, world.clock, world.log,
                                           world.executor, *lane_);
  if (!opened) return pass(std::move(opened));
  historian_ = std::move(*opened);
  hub::HubOptions hub_options;
  hub_options.link.session.host_id = hub_id;
  hub_options.link.broker = endpoint(brokers().front(), "hub-host");
  hub_options.repeat_interval = large ? Duration(5s) : Duration(1s);
  auto core = hub::HubCore::create(world, std::move(hub_options), *historian_);
  if (!core) return pass(std::move(core));
  core_ = std::move(*core);
  core_->start();
  return {};
}

void HubMachine::on_killed() {
  if (lane_) lane_->kill();
}

void HubMachine::tear_down() {
  core_.reset();
  historian_.reset();
  store_.reset();
  lane_.reset();
}

}  // namespace millwright::sim
