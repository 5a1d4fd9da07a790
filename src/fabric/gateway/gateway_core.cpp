#include "fabric/gateway/gateway_core.hpp"

#include <algorithm>

namespace millwright::gateway {

using custody::Relay;
using ontology::DataType;
using ontology::DeviceSchema;
using sparkplug::HostAction;
using sparkplug::HostActionKind;

namespace {
constexpr std::uint32_t running_slot = 2;  ///< of running_metric among node_metrics
}

std::vector<ontology::MetricDefinition> GatewayCore::node_metrics() const {
  std::vector<ontology::MetricDefinition> out{
      {"Millwright/Edges Online", DataType::uint64, "1"},
      {"Millwright/Relay Bytes", DataType::uint64, "By"},
      {std::string(links::running_metric), DataType::string, ""}};
  if (tier_two_) {
    out.push_back({"Millwright/Incarnation", DataType::uint64, ""});
    out.push_back({"Millwright/Accepted", DataType::uint64, "{sample}"});
    out.push_back({"Millwright/Waiting", DataType::uint64, "{sample}"});
    out.push_back({"Millwright/Waiting Bytes", DataType::uint64, "By"});
  }
  return out;
}

GatewayCore::GatewayCore(engine::World world, GatewayOptions options)
    : world_(world), options_(std::move(options)) {
  while (incarnation_ == 0) incarnation_ = world_.random.next();
}

GatewayCore::~GatewayCore() {
  for (auto* timer : {&tick_timer_, &telemetry_timer_}) {
    if (*timer) world_.executor.cancel(**timer);
  }
}

Result<std::unique_ptr<GatewayCore>> GatewayCore::create(engine::World world,
                                                         GatewayOptions options, Scorer* scorer) {
  std::unique_ptr<GatewayCore> core(new GatewayCore(world, std::move(options)));
  auto site = links::HostLink::create(world, core->options_.site_link, *core);
  if (!site) return pass(std::move(site));
  core->site_ = std::move(*site);
  auto uplink = links::Uplink::create(world, core->options_.uplink, *core);
  if (!uplink) return pass(std::move(uplink));
  core->uplink_ = std::move(*uplink);
  if (scorer != nullptr) {
    TierTwoOptions tier_two = core->options_.tier_two;
    tier_two.site = core->options_.site;
    tier_two.gateway = core->options_.gateway;
    auto opened = TierTwo::open(world, std::move(tier_two), *scorer, *core);
    if (!opened) return pass(std::move(opened));
    core->tier_two_ = std::move(*opened);
  }
  if (auto done = core->uplink_->set_device("", core->node_metrics(), {}); !done)
    return pass(std::move(done));
  core->set_running(core->options_.running);
  return core;
}

void GatewayCore::start() {
  site_->start();
  uplink_->start();
  tick_timer_ =
      world_.executor.post_after(options_.acknowledge_interval, [this] { acknowledge_edges(); });
  telemetry_timer_ =
      world_.executor.post_after(options_.telemetry_interval, [this] { telemetry(); });
}

void GatewayCore::stop() {
  site_->stop();
  if (tier_two_) tier_two_->stop();
  uplink_->stop();
}

GatewayCore::Edge& GatewayCore::edge_of(const ontology::DeviceAddress& address,
                                        sparkplug::NodeNumber node) {
  const auto [it, is_new] = edges_.try_emplace(address.edge);
  Edge& edge = it->second;
  if (is_new) {
    edge.status.edge = address.edge;
    edge.relay = std::make_unique<Relay>(address.edge, *this, options_.relay);
    if (uplink_->is_born()) edge.relay->on_uplink_born(world_.clock.monotonic_now());
  }
  edge.node = node;
  return edge;
}

void GatewayCore::on_host_event(HostAction& event) {
  switch (event.kind) {
    case HostActionKind::node_born:
    case HostActionKind::device_born:
      on_birth(event);
      break;
    case HostActionKind::data:
      on_data(event);
      break;
    case HostActionKind::device_died:
      on_device_died(event.device);
      break;
    case HostActionKind::node_died: {
      const auto it = edges_.find(site_->session().node(event.node).edge);
      if (it == edges_.end()) break;
      it->second.status.online = false;
      it->second.departed.insert(std::string(ontology::node_device));
      release_departed(it->second);
      break;
    }
    case HostActionKind::problem:
      site_->report("gateway", event);
      break;
    default:
      break;
  }
}

Result<void> GatewayCore::declare(Edge& edge, const std::string& device,
                                  const std::shared_ptr<const DeviceSchema>& schema,
                                  const sparkplug::BirthContent& birth) {
  const std::string name = wire_name(edge.status.edge, device);
  const auto known = edge.declared.find(name);
  edge.departed.erase(device);
  if (known != edge.declared.end() && known->second->metrics == schema->metrics &&
      birth.body.empty())
    return {};
  if (known != edge.declared.end() && !birth.body.empty()) {
    // The same device with another birth body: the hub must hear it anew.
    uplink_->set_birth_body(name, birth.body);
    if (uplink_->is_born()) {
      if (auto done = uplink_->remove_device(name); !done) return done;
    }
  }
  if (auto done = uplink_->set_device(name, schema->metrics, birth); !done) return done;
  edge.declared[name] = schema;
  return {};
}

void GatewayCore::on_birth(HostAction& event) {
  const auto& status = site_->session().device(event.device);
  Edge& edge = edge_of(status.address, event.node);
  const bool is_node = status.address.device == ontology::node_device;
  Bytes body;
  if (is_node) {
    edge.status.online = true;
    edge.status.acknowledged_custody = false;
    if (!event.body.empty()) {
      auto birth = envelope::decode(event.body);
      if (birth && birth->kind == envelope::Kind::birth) {
        edge.status.acknowledged_custody = true;
        edge.relay->on_birth(*birth);
        if (tier_two_) tier_two_->on_birth(edge.status.edge, *birth);
        edge.told_due = true;
        body = edge.relay->birth_envelope();
      } else {
        refuse(edge, "malformed_envelope", status.address, "its birth's envelope does not decode");
      }
    }
  }
  // Values of a foreign birth are samples, and a birth must hold them: they travel in the birth
  // that declares the device, else as data. Those of ours come by their own numbers, but for
  // the node's telemetry.
  const bool is_foreign = !edge.status.acknowledged_custody;
  const auto known = edge.declared.find(wire_name(edge.status.edge, status.address.device));
  const bool is_declared =
      known != edge.declared.end() && known->second->metrics == event.schema->metrics;
  const auto* values = is_foreign ? &event.batch : nullptr;
  if (auto done = declare(edge, status.address.device, event.schema, {body, values}); !done) {
    return world_.log.warning("gateway", done.error().text());
  }
  if (is_node && !is_foreign) {
    forward_telemetry(edge, status.address, event.schema, event.batch);
  } else if (is_foreign && is_declared) {
    // A rebirth repeats the last values; what went up already is no new sample.
    uplink_->session().remove_known(known->first, event.batch);
    forward_unnumbered(edge, status.address, event.schema, event.batch, sparkplug::DataClass::live);
  }
}

void GatewayCore::refuse(Edge& edge, std::string_view code, const ontology::DeviceAddress& address,
                         std::string_view what) {
  links::report_refused(world_.log, "gateway", ++edge.status.refused, code, address, what);
}

void GatewayCore::on_data(HostAction& event) {
  const auto& status = site_->session().device(event.device);
  Edge& edge = edge_of(status.address, event.node);
  ++edge.status.messages;
  if (event.body.empty()) {
    if (edge.status.acknowledged_custody) {
      if (status.address.device == ontology::node_device)
        return forward_telemetry(edge, status.address, status.schema, event.batch);
      return refuse(edge, "missing_envelope", status.address, "its samples carry no numbers");
    }
    return forward_unnumbered(edge, status.address, status.schema, event.batch, event.data_class);
  }
  auto decoded = envelope::decode(event.body);
  if (!decoded)
    return refuse(edge, "malformed_envelope", status.address, decoded.error().message());
  if (tier_two_) {
    const auto taken =
        tier_two_->offer(edge.status.edge, *status.schema, event.batch, *decoded, event.data_class);
    if (taken == TierTwo::Taken::duplicate || taken == TierTwo::Taken::gap) edge.told_due = true;
  }
  custody::RelayMessage message;
  message.range = {decoded->incarnation, decoded->first_sequence, decoded->count};
  message.schema = status.schema;
  message.batch = std::move(event.batch);
  message.envelope = std::move(event.body);
  message.data_class = event.data_class;
  switch (edge.relay->take(std::move(message), *decoded, world_.clock.monotonic_now())) {
    case Relay::Outcome::taken:
    case Relay::Outcome::duplicate:
      edge.told_due = true;
      break;
    case Relay::Outcome::gap:
      ++edge.status.gaps;
      edge.told_due = true;
      break;
    case Relay::Outcome::full:
      break;
    case Relay::Outcome::not_born:
      site_->request_rebirth(event.node, "samples without the birth of their journal");
      break;
  }
}

Result<void> GatewayCore::forward(const std::string& edge_id,
                                  const custody::RelayMessage& message) {
  Edge& edge = edges_.at(edge_id);
  const std::string& device = message.schema->address.device;
  const auto departed_before = edge.departed;
  if (auto done = declare(edge, device, message.schema, {}); !done) return done;
  // What the edge sent before it went away is still delivered; the device stays departed.
  if (departed_before.contains(device)) edge.departed.insert(device);
  return uplink_->publish(wire_name(edge_id, device), message.batch, message.envelope,
                          message.data_class);
}

void GatewayCore::forward_unnumbered(Edge& edge, const ontology::DeviceAddress& address,
                                     const std::shared_ptr<const DeviceSchema>& schema,
                                     const ontology::Batch& batch,
                                     sparkplug::DataClass data_class) {
  if (batch.empty()) return;
  if (!uplink_->is_born()) {
    // Best effort: a foreign edge keeps nothing. Its last values go into the births that follow.
    if (data_class == sparkplug::DataClass::live)
      (void)uplink_->set_values(wire_name(edge.status.edge, address.device), batch);
    return;
  }
  if (auto done = declare(edge, address.device, schema, {}); !done) return;
  (void)uplink_->publish(wire_name(edge.status.edge, address.device), batch, {}, data_class);
}

void GatewayCore::forward_telemetry(Edge& edge, const ontology::DeviceAddress& address,
                                    const std::shared_ptr<const DeviceSchema>& schema,
                                    const ontology::Batch& batch) {
  ontology::Batch known = batch;
  std::erase_if(known.rows, [](const ontology::Row& row) { return row.is_null; });
  if (known.empty() || schema == nullptr) return;
  const std::string name = wire_name(edge.status.edge, address.device);
  const auto declared = edge.declared.find(name);
  if (declared == edge.declared.end() || declared->second->metrics != schema->metrics) return;
  (void)uplink_->session().set_values(name, known);
  if (uplink_->is_born()) (void)uplink_->publish(name, known, {}, sparkplug::DataClass::live);
}

void GatewayCore::on_device_died(sparkplug::DeviceNumber device) {
  const auto& status = site_->session().device(device);
  const auto it = edges_.find(status.address.edge);
  if (it == edges_.end()) return;
  it->second.departed.insert(status.address.device);
  release_departed(it->second);
}

void GatewayCore::release_departed(Edge& edge) {
  if (edge.departed.empty() || edge.relay->bytes_held() > 0) return;
  for (const std::string& device : edge.departed) {
    const std::string name = wire_name(edge.status.edge, device);
    if (edge.declared.erase(name) > 0) (void)uplink_->remove_device(name);
  }
  edge.departed.clear();
}

void GatewayCore::on_need_births() {
  // Its own place in custody: a gateway numbers its own values. Without a scorer there are none.
  Bytes body;
  if (tier_two_) {
    body = tier_two_->birth_envelope();
  } else {
    envelope::Envelope own;
    own.kind = envelope::Kind::birth;
    own.producer = options_.gateway;
    own.incarnation = incarnation_;
    envelope::encode(own, body);
  }
  uplink_->set_birth_body("", body);
  for (auto& [id, edge] : edges_) {
    if (edge.relay->has_birth()) {
      uplink_->set_birth_body(wire_name(id, ontology::node_device), edge.relay->birth_envelope());
    }
  }
}

void GatewayCore::on_born() {
  for (auto& [id, edge] : edges_) edge.relay->on_uplink_born(world_.clock.monotonic_now());
  if (tier_two_) tier_two_->on_born();
}

void GatewayCore::on_lost() {
  for (auto& [id, edge] : edges_) edge.relay->on_uplink_lost();
  if (tier_two_) tier_two_->on_lost();
}

void GatewayCore::on_node_command(sparkplug::CommandMetric& metric) {
  const auto* bytes = std::get_if<Bytes>(&metric.value);
  if (bytes == nullptr) return;
  if (metric.name == links::release_metric) {
    if (release_listener_ != nullptr) return release_listener_->on_release(*bytes);
    return world_.log.warning("gateway", "a release came and nobody here takes one");
  }
  if (metric.name != links::acknowledge_metric) return;
  auto list = envelope::decode_acknowledgements(*bytes);
  if (!list)
    return world_.log.warning("gateway",
                              "an acknowledgement does not decode: " + list.error().text());
  for (const auto& acknowledgement : *list) {
    if (tier_two_ && acknowledgement.producer == options_.gateway)
      tier_two_->on_acknowledgement(acknowledgement);
    const auto it = edges_.find(acknowledgement.producer);
    if (it == edges_.end()) continue;
    it->second.relay->on_acknowledgement(acknowledgement, world_.clock.monotonic_now());
    it->second.told_due = true;
  }
}

void GatewayCore::on_command(const std::string& device,
                             std::vector<sparkplug::CommandMetric>& metrics) {
  for (auto& metric : metrics) {
    if (device.empty()) {
      on_node_command(metric);
      continue;
    }
    // A command for an edge's device: passed on under the device's own name.
    const auto colon = device.find(':');
    if (colon == std::string::npos) continue;
    const auto it = edges_.find(device.substr(0, colon));
    if (it == edges_.end()) continue;
    for (std::uint32_t number = 0; number < site_->session().device_count(); ++number) {
      const auto& status = site_->session().device(sparkplug::DeviceNumber(number));
      if (status.address.edge != it->first || status.address.device != device.substr(colon + 1))
        continue;
      if (auto done = site_->command(sparkplug::DeviceNumber(number), std::span(&metric, 1));
          !done) {
        world_.log.warning("gateway", "command not passed on: " + done.error().text());
      }
    }
  }
}

void GatewayCore::acknowledge_edges() {
  tick_timer_ =
      world_.executor.post_after(options_.acknowledge_interval, [this] { acknowledge_edges(); });
  const Duration now = world_.clock.monotonic_now();
  for (auto& [id, edge] : edges_) {
    edge.relay->on_tick(now);
    release_departed(edge);
    if (!edge.told_due || !edge.status.online) continue;
    edge.told_due = false;
    auto list = edge.relay->acknowledgements();
    if (tier_two_) {
      for (auto& acknowledgement : list) tier_two_->clamp(acknowledgement);
    }
    if (!list.empty()) site_->acknowledge(edge.node, list);
  }
}

void GatewayCore::telemetry() {
  telemetry_timer_ =
      world_.executor.post_after(options_.telemetry_interval, [this] { telemetry(); });
  if (!uplink_->is_born()) return;
  std::uint64_t online = 0, bytes = 0;
  for (const auto& [id, edge] : edges_) {
    online += edge.status.online ? 1 : 0;
    bytes += edge.relay->bytes_held();
  }
  std::vector<std::pair<std::uint32_t, std::uint64_t>> values{{0, online}, {1, bytes}};
  if (tier_two_) {
    const TierTwoStatus own = tier_two_->status();
    values.insert(values.end(), {{3, own.incarnation},
                                 {4, own.samples_accepted},
                                 {5, own.samples_waiting},
                                 {6, own.bytes_waiting}});
  }
  ontology::Batch batch;
  for (const auto& [slot, value] : values) {
    ontology::Row row;
    row.ts_us = world_.clock.utc_now().us;
    row.slot = slot;
    row.bits = value;
    batch.rows.push_back(row);
  }
  (void)uplink_->publish("", batch, {}, sparkplug::DataClass::live);
}

void GatewayCore::set_running(std::string running) {
  options_.running = std::move(running);
  uplink_->say_of_node(running_slot, options_.running);
}

Result<void> GatewayCore::declare_schema(const DeviceSchema& schema) {
  auto& declared = own_declared_[schema.address.device];
  if (declared == schema.metrics) return {};
  if (auto done = uplink_->set_device(schema.address.device, schema.metrics, {}); !done)
    return done;
  declared = schema.metrics;
  return {};
}

Result<void> GatewayCore::send_data(const std::string& device, const ontology::Batch& batch,
                                    ByteView envelope, sparkplug::DataClass data_class) {
  return uplink_->publish(device, batch, envelope, data_class);
}

Result<void> GatewayCore::send_loss(ByteView envelope) {
  return uplink_->publish("", {}, envelope, sparkplug::DataClass::live);
}

void GatewayCore::on_used(const std::string& id) {
  if (const auto it = edges_.find(id); it != edges_.end()) it->second.told_due = true;
}

GatewayStatus GatewayCore::status() const {
  GatewayStatus status;
  status.site_online = site_->is_online();
  status.uplink_born = uplink_->is_born();
  status.problems = site_->problems();
  for (const auto& [id, edge] : edges_) {
    status.edges.push_back(edge.status);
    status.edges.back().bytes_held = edge.relay->bytes_held();
  }
  if (tier_two_) status.tier_two = tier_two_->status();
  return status;
}

}  // namespace millwright::gateway
