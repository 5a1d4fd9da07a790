#include "roles/local_fleet.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/format.hpp"
#include "engine/host.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/command.hpp"
#include "wire/sparkplug/topic.hpp"

namespace millwright::roles {
namespace {

constexpr std::string_view hub_broker = "broker";
constexpr std::string_view watch_account = "watch";

std::string site_broker(const std::string& site) {
  return "broker-" + site;
}

std::string_view level_name(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return "debug";
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "info";
}

}  // namespace

LocalFleet::LocalFleet(FleetOptions options, const Clock& clock, Random& random, Log& log)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      log_(log),
      starter_(engine::make_process_starter()),
      watch_executor_(engine::make_thread_executor("broker-watch", clock)),
      connector_(engine::make_mosquitto_connector()) {}

LocalFleet::~LocalFleet() {
  stop();
}

Result<std::unique_ptr<LocalFleet>> LocalFleet::start(FleetOptions options, const Clock& clock,
                                                      Random& random, Log& log) {
  std::unique_ptr<LocalFleet> fleet(new LocalFleet(std::move(options), clock, random, log));
  if (auto done = fleet->start_brokers(); !done)
    return pass(std::move(done), "starting the brokers");
  if (auto done = fleet->start_hub(); !done) return pass(std::move(done), "starting the hub");
  for (const FleetSite& site : fleet->options_.sites) {
    if (auto done = site.gateway.empty() ? Result<void>() : fleet->add_gateway(site); !done)
      return pass(std::move(done), "starting gateway " + site.gateway);
    for (const auto& edge : site.edges) {
      if (fleet->is_deferred(site, edge)) continue;
      if (auto done = fleet->add_edge(site, edge); !done)
        return pass(std::move(done), "starting edge " + edge);
    }
  }
  return fleet;
}

Result<void> LocalFleet::start_broker(const std::string& name,
                                      std::vector<engine::BrokerAccount> accounts) {
  // Where machines are simulated, whoever watches is also at hand to serve them (`command`).
  std::vector<std::string> tools;
  if (options_.simulated) tools.push_back("spBv1.0/+/DCMD/#");
  accounts.push_back(
      {std::string(watch_account), engine::make_password(random_), std::move(tools), {"$SYS/#"}});
  for (const auto& account : accounts) passwords_[name + "/" + account.user] = account.password;
  engine::BrokerProcessOptions options;
  options.directory = directory_of(name);
  options.accounts = std::move(accounts);
  // Room for every edge's window at once; the windows, not this bound, keep a slow reader from
  // costing messages.
  options.queued_messages_max = 20'000;
  auto process = engine::start_mosquitto(std::move(options));
  if (!process) return pass(std::move(process));
  Broker broker;
  broker.name = name;
  broker.process = std::move(*process);
  auto endpoint = broker.process->endpoint("watch", watch_account);
  engine::run_and_wait(*watch_executor_, [&] {
    broker.watch =
        std::make_unique<BrokerWatch>(*connector_, std::move(endpoint), *watch_executor_);
  });
  brokers_.push_back(std::move(broker));
  return {};
}

Result<void> LocalFleet::start_brokers() {
  std::vector<engine::BrokerAccount> at_hub;
  at_hub.push_back({"hub", engine::make_password(random_), {"spBv1.0/#"}, {}});
  for (const FleetSite& site : options_.sites) {
    const std::string own = "spBv1.0/" + site.site + "/#";
    std::vector<engine::BrokerAccount> edges;
    for (const auto& edge : site.edges) {
      const std::string base = "spBv1.0/" + site.site + "/+/" + edge;
      edges.push_back(
          {edge, engine::make_password(random_), {base, base + "/#"}, {"spBv1.0/STATE/#"}});
    }
    if (site.gateway.empty()) {
      std::ranges::move(edges, std::back_inserter(at_hub));
      continue;
    }
    at_hub.push_back({site.gateway, engine::make_password(random_), {own}, {"spBv1.0/STATE/#"}});
    std::vector<engine::BrokerAccount> at_site = std::move(edges);
    at_site.push_back(
        {site.gateway, engine::make_password(random_), {own, "spBv1.0/STATE/" + site.gateway}, {}});
    if (auto done = start_broker(site_broker(site.site), std::move(at_site)); !done) return done;
  }
  return start_broker(std::string(hub_broker), std::move(at_hub));
}

Result<std::string> LocalFleet::password_file(const std::string& user) {
  const auto slash = user.find('/');
  const std::string name = "password." + user.substr(0, slash) + "." + user.substr(slash + 1);
  auto disk = engine::open_posix_disk(options_.directory);
  if (!disk) return pass(std::move(disk));
  const std::string text = passwords_.at(user) + "\n";
  if (auto done = engine::replace_whole(**disk, name, as_bytes(text)); !done)
    return pass(std::move(done));
  return options_.directory + "/" + name;
}

void LocalFleet::add_broker_arguments(std::vector<std::string>& arguments,
                                      const std::string& prefix, const std::string& broker,
                                      const std::string& user) {
  const Broker* found = find_broker(broker);
  MILLWRIGHT_ASSERT(found != nullptr);
  arguments.insert(arguments.end(), {prefix + "-host", "127.0.0.1", prefix + "-port",
                                     fmt::format("{}", found->process->port())});
  arguments.insert(arguments.end(), {prefix + "-user", user});
  if (auto file = password_file(broker + "/" + user)) {
    arguments.insert(arguments.end(), {prefix + "-password-file", *file});
  } else {
    log_.error("fleet", file.error().text());
  }
}

Result<void> LocalFleet::start_hub() {
  if (options_.http_port == 0) {
    auto port = engine::free_loopback_port();
    if (!port) return pass(std::move(port));
    options_.http_port = *port;
  }
  auto program = engine::program_path();
  if (!program) return pass(std::move(program));
  Member hub;
  hub.name = "hub";
  hub.directory = directory_of("hub");
  hub.arguments = {*program,      "hub",
                   "--host-id",   "hub",
                   "--data",      hub.directory,
                   "--http-port", fmt::format("{}", options_.http_port),
                   "--log-level", std::string(level_name(options_.log_level))};
  add_broker_arguments(hub.arguments, "--broker", std::string(hub_broker), "hub");
  if (options_.simulated) hub.arguments.push_back("--simulated");
  for (const auto& path : options_.resources) {
    if (options_.has_office) hub.arguments.insert(hub.arguments.end(), {"--resources", path});
  }
  hub_url_ = fmt::format("http://127.0.0.1:{}", options_.http_port);
  members_.push_back(std::move(hub));
  if (auto done = launch(members_.back()); !done) return done;
  return wait_for_hub();
}

Result<void> LocalFleet::add_gateway(const FleetSite& site) {
  auto program = engine::program_path();
  if (!program) return pass(std::move(program));
  Member gateway;
  gateway.name = site.gateway;
  gateway.directory = directory_of(site.gateway);
  gateway.arguments = {
      *program,          "gateway",     "--site",
      site.site,         "--gateway",   site.gateway,
      "--primary-host",  "hub",         "--data",
      gateway.directory, "--log-level", std::string(level_name(options_.log_level))};
  add_broker_arguments(gateway.arguments, "--site-broker", site_broker(site.site), site.gateway);
  add_broker_arguments(gateway.arguments, "--hub-broker", std::string(hub_broker), site.gateway);
  add_release_arguments(gateway.arguments);
  members_.push_back(std::move(gateway));
  return launch(members_.back());
}

Result<void> LocalFleet::add_edge(const FleetSite& site, const std::string& edge) {
  auto program = engine::sibling_program("millwright-edge");
  if (!program) return pass(std::move(program));
  Member member;
  member.name = edge;
  member.directory = directory_of(edge);
  member.arguments = {*program,
                      "--site",
                      site.site,
                      "--edge",
                      edge,
                      "--primary-host",
                      site.gateway.empty() ? "hub" : site.gateway,
                      "--data",
                      member.directory,
                      "--log-level",
                      std::string(level_name(options_.log_level))};
  add_broker_arguments(member.arguments, "--broker", broker_of(site), edge);
  add_release_arguments(member.arguments);
  if (is_deferred(site, edge)) member.arguments.push_back("--wait-for-models");
  for (const auto& path : options_.resources)
    member.arguments.insert(member.arguments.end(), {"--resources", path});
  for (const auto& [name, value] : options_.variables) {
    member.arguments.insert(member.arguments.end(), {"--set", name + "=" + value});
  }
  // What is played before the deferred edges is preparation: at its own pace.
  if (options_.pace && (options_.deferred.empty() || is_deferred(site, edge))) {
    const auto& pace = *options_.pace;
    if (pace.kind == drivers::PaceKind::as_fast_as_accepted) member.arguments.push_back("--fast");
    if (pace.kind == drivers::PaceKind::factor) {
      member.arguments.insert(member.arguments.end(), {"--factor", fmt::format("{}", pace.factor)});
    }
    if (pace.kind == drivers::PaceKind::total) {
      member.arguments.insert(member.arguments.end(), {"--within", to_text(pace.total)});
    }
  }
  members_.push_back(std::move(member));
  return launch(members_.back());
}

bool LocalFleet::is_deferred(const FleetSite& site, const std::string& edge) const {
  return std::ranges::find(options_.deferred, site.site + "/" + edge) != options_.deferred.end();
}

void LocalFleet::add_release_arguments(std::vector<std::string>& arguments) const {
  if (options_.trust_file.empty()) return;
  arguments.insert(arguments.end(), {"--hub-url", hub_url_, "--trust", options_.trust_file});
}

Result<void> LocalFleet::start_deferred() {
  if (std::exchange(deferred_started_, true)) return {};
  for (const FleetSite& site : options_.sites) {
    for (const auto& edge : site.edges) {
      if (!is_deferred(site, edge)) continue;
      if (auto done = add_edge(site, edge); !done) return done;
    }
  }
  return {};
}

LocalFleet::Derived LocalFleet::derived() const {
  Derived out;
  for (const FleetSite& site : options_.sites) {
    if (site.gateway.empty() || options_.trust_file.empty()) continue;
    out.drained = false;
    auto disk = engine::open_posix_disk(directory_of(site.gateway));
    if (!disk) return out;
    auto content = engine::read_whole(**disk, StatusFile::name);
    if (!content) return out;
    auto status = Status::parse(as_text(*content));
    if (!status || status->number("derived_drained") == 0) return out;
    out.samples_accepted += status->number("derived_accepted");
    out.drained = true;
  }
  return out;
}

Result<void> LocalFleet::launch(Member& member) {
  auto disk = engine::open_posix_disk(member.directory);
  if (!disk) return pass(std::move(disk));
  engine::ProcessRequest request;
  request.arguments = member.arguments;
  request.output_path = member.directory + "/output.log";
  request.error_path = member.directory + "/error.log";
  auto process = starter_->start(request);
  if (!process) return pass(std::move(process));
  member.process = std::move(*process);
  member.killed = false;
  return {};
}

Result<void> LocalFleet::wait_for_hub() {
  auto disk = engine::open_posix_disk(directory_of("hub"));
  if (!disk) return pass(std::move(disk));
  const Duration until = clock_.monotonic_now() + options_.ready_within;
  while (clock_.monotonic_now() < until) {
    if (auto ended = members_.front().process->wait(std::chrono::milliseconds(50));
        ended && *ended) {
      return fail(Code::unavailable,
                  fmt::format("the hub ended at start with status {}", (*ended)->code),
                  "read " + directory_of("hub") + "/error.log");
    }
    auto content = engine::read_whole(**disk, StatusFile::name);
    if (!content) continue;
    auto status = Status::parse(as_text(*content));
    if (status && status->number("online") == 1) return {};
  }
  return fail(Code::timeout, "the hub is not online after " + to_text(options_.ready_within),
              "read " + directory_of("hub") + "/error.log");
}

std::string LocalFleet::broker_of(const FleetSite& site) const {
  return site.gateway.empty() ? std::string(hub_broker) : site_broker(site.site);
}

LocalFleet::Member* LocalFleet::find(const std::string& name) {
  const auto it = std::ranges::find(members_, name, &Member::name);
  return it == members_.end() ? nullptr : &*it;
}

LocalFleet::Broker* LocalFleet::find_broker(const std::string& name) {
  const auto it = std::ranges::find(brokers_, name, &Broker::name);
  return it == brokers_.end() ? nullptr : &*it;
}

std::vector<std::string> LocalFleet::members() const {
  std::vector<std::string> names;
  for (const auto& member : members_) names.push_back(member.name);
  for (const auto& broker : brokers_) names.push_back(broker.name);
  return names;
}

Result<void> LocalFleet::kill(const std::string& name) {
  if (Member* member = find(name)) {
    member->killed = true;
    if (auto done = member->process->signal(engine::ProcessSignal::kill); !done) return done;
    if (auto ended = member->process->wait(std::chrono::seconds(5)); !ended)
      return pass(std::move(ended));
    return {};
  }
  if (Broker* broker = find_broker(name)) {
    auto& process = broker->process->process();
    if (auto done = process.signal(engine::ProcessSignal::kill); !done) return done;
    if (auto ended = process.wait(std::chrono::seconds(5)); !ended) return pass(std::move(ended));
    return {};
  }
  return fail(Code::not_found, "the fleet has no member '" + name + "'",
              fmt::format("use one of {}", fmt::join(members(), ", ")));
}

Result<void> LocalFleet::restart(const std::string& name) {
  if (Member* member = find(name)) return launch(*member);
  if (Broker* broker = find_broker(name)) return broker->process->restart();
  return fail(Code::not_found, "the fleet has no member '" + name + "'");
}

Result<void> LocalFleet::stall(const std::string& name) {
  Member* member = find(name);
  if (member == nullptr) return fail(Code::not_found, "the fleet has no process '" + name + "'");
  return member->process->signal(engine::ProcessSignal::stop);
}

Result<void> LocalFleet::resume(const std::string& name) {
  Member* member = find(name);
  if (member == nullptr) return fail(Code::not_found, "the fleet has no process '" + name + "'");
  return member->process->signal(engine::ProcessSignal::resume);
}

Result<void> LocalFleet::command(const std::string& site, const std::string& edge,
                                 const std::string& device, const std::string& metric,
                                 double value) {
  const Broker* broker = find_broker(site_broker(site));
  if (broker == nullptr || !broker->watch)
    return fail(Code::not_found, "site " + site + " has no broker of its own");
  sparkplug::Payload payload;
  const Timestamp now = clock_.utc_now();
  payload.timestamp_ms = static_cast<std::uint64_t>(now.us / 1000);
  auto made = sparkplug::to_metric({metric, ontology::DataType::float64, value}, now);
  if (!made) return pass(std::move(made), "command to " + device);
  payload.metrics.push_back(std::move(*made));
  engine::BrokerMessage message;
  message.topic = sparkplug::format_topic(
      {.type = sparkplug::MessageType::dcmd, .group = site, .edge = edge, .device = device});
  sparkplug::encode(payload, message.payload);
  Result<void> done;
  engine::run_and_wait(*watch_executor_, [&] { done = broker->watch->publish(message); });
  return done;
}

std::vector<FleetEdge> LocalFleet::edges() const {
  std::vector<FleetEdge> edges;
  for (const FleetSite& site : options_.sites) {
    for (const auto& edge : site.edges) {
      FleetEdge entry{site.site, edge, {}};
      if (auto disk = engine::open_posix_disk(directory_of(edge))) {
        if (auto content = engine::read_whole(**disk, StatusFile::name)) {
          if (auto status = Status::parse(as_text(*content))) entry.status = std::move(*status);
        }
      }
      edges.push_back(std::move(entry));
    }
  }
  return edges;
}

std::vector<std::string> LocalFleet::fallen() {
  std::vector<std::string> names;
  for (Member& member : members_) {
    if (member.killed || !member.process) continue;
    auto ended = member.process->wait(Duration(0));
    if (ended && *ended) {
      names.push_back(fmt::format("{} ended with status {} (see {}/error.log)", member.name,
                                  (*ended)->code, member.directory));
    }
  }
  return names;
}

std::vector<std::string> LocalFleet::revive() {
  std::vector<std::string> names;
  for (const auto& name : members()) {
    Member* member = find(name);
    engine::Process& process =
        member != nullptr ? *member->process : find_broker(name)->process->process();
    auto ended = process.wait(Duration(0));
    if (!ended || !*ended) continue;
    if (auto done = restart(name); !done)
      log_.error("fleet", name + ": " + done.error().text());
    else
      names.push_back(name);
  }
  return names;
}

std::uint64_t LocalFleet::broker_dropped() const {
  std::uint64_t dropped = 0;
  engine::run_and_wait(*watch_executor_, [&] {
    for (const auto& broker : brokers_) dropped += broker.watch ? broker.watch->dropped() : 0;
  });
  return dropped;
}

std::vector<std::pair<std::string, int>> LocalFleet::pids() const {
  std::vector<std::pair<std::string, int>> out;
  for (const auto& member : members_) {
    if (member.process && !member.killed) out.emplace_back(member.name, member.process->pid());
  }
  for (const auto& broker : brokers_) out.emplace_back(broker.name, broker.process->pid());
  return out;
}

void LocalFleet::stop() {
  for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
    if (!member->process) continue;
    if (auto done = engine::stop_process(*member->process, std::chrono::seconds(5)); !done) {
      log_.debug("fleet", done.error().text());
    }
    member->process.reset();
  }
  if (watch_executor_) {
    engine::run_and_wait(*watch_executor_, [&] {
      for (auto& broker : brokers_) broker.watch.reset();
    });
  }
  brokers_.clear();
}

}  // namespace millwright::roles
