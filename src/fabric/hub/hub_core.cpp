#include "fabric/hub/hub_core.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "fabric/custody/sender.hpp"
#include "fabric/links/node_control.hpp"

namespace millwright::hub {

using historian::Custody;
using ontology::ProducerId;
using sparkplug::HostAction;
using sparkplug::HostActionKind;

namespace {
/// Foreign edges number nothing: their samples are numbered on arrival, in one incarnation for
/// ever.
constexpr ontology::Incarnation best_effort_incarnation = 1;
/// A producer that runs ahead of a gap is told its position at most so often.
constexpr Duration gap_tell_interval = std::chrono::milliseconds(50);
/// How often it is looked whether credit that was held back can be given.
constexpr Duration held_interval = std::chrono::milliseconds(20);
}  // namespace

HubCore::HubCore(engine::World world, HubOptions options, historian::Historian& historian)
    : world_(world), options_(std::move(options)), historian_(historian) {}

HubCore::~HubCore() {
  for (auto* timer : {&commit_timer_, &repeat_timer_, &held_timer_}) {
    if (*timer) world_.executor.cancel(**timer);
  }
}

Result<std::unique_ptr<HubCore>> HubCore::create(engine::World world, HubOptions options,
                                                 historian::Historian& historian) {
  std::unique_ptr<HubCore> core(new HubCore(world, std::move(options), historian));
  auto link = links::HostLink::create(world, core->options_.link, *core);
  if (!link) return pass(std::move(link));
  core->link_ = std::move(*link);
  return core;
}

void HubCore::start() {
  link_->start();
  repeat_timer_ = world_.executor.post_after(options_.repeat_interval, [this] { repeat(); });
}

void HubCore::stop() {
  commit();
  link_->stop();
}

std::uint32_t HubCore::producer_of(const ontology::DeviceAddress& address) {
  const ProducerId id{address.site, address.edge};
  const auto [it, is_new] =
      producer_numbers_.try_emplace(id, static_cast<std::uint32_t>(producers_.size()));
  if (is_new) {
    producers_.emplace_back();
    producers_.back().status.id = id;
  }
  return it->second;
}

void HubCore::on_host_event(HostAction& event) {
  switch (event.kind) {
    case HostActionKind::node_born:
    case HostActionKind::device_born:
      on_birth(event);
      break;
    case HostActionKind::data:
      on_data(event);
      break;
    case HostActionKind::node_died:
      for (Producer& producer : producers_) {
        if (producer.node == event.node) producer.status.online = false;
      }
      break;
    case HostActionKind::device_died:
      if (event.device.value() < devices_.size() && devices_[event.device.value()].is_node) {
        producers_[devices_[event.device.value()].producer].status.online = false;
      }
      break;
    case HostActionKind::problem:
      link_->report("hub", event);
      break;
    case HostActionKind::online:
      world_.log.info("hub", "online");
      break;
    default:
      break;
  }
}

void HubCore::on_birth(HostAction& event) {
  const auto& status = link_->session().device(event.device);
  if (event.device.value() >= devices_.size()) devices_.resize(event.device.value() + 1);
  Device& device = devices_[event.device.value()];
  device.producer = producer_of(status.address);
  device.is_node = status.address.device == ontology::node_device;
  device.schema = event.schema;
  device.series.clear();
  Producer& producer = producers_[device.producer];
  producer.node = event.node;
  producer.status.via = link_->session().node(event.node).edge;
  producer.status.heard_at = event.arrived_at;
  if (device.is_node) producer.status.online = producer.heard_node = true;
  if (!event.body.empty()) {
    auto birth = envelope::decode(event.body);
    if (birth && birth->kind == envelope::Kind::birth) {
      producer.status.custody = Custody::acknowledged;
      on_producer_birth(producer, *birth);
    } else {
      ++counts_.undecodable;
      world_.log.warning("hub", "birth of " + status.address.text() + ": envelope does not decode");
    }
  } else if (device.is_node) {
    producer.status.custody = Custody::best_effort;
  }
  // Behind a gateway a device's birth may arrive without that of its edge (QoS 0): nobody knows
  // then whether its values come again by their numbers.
  if (device.is_node && producer.status.custody == Custody::acknowledged)
    on_telemetry(producer, device, event.batch);
  const bool foreign = producer.heard_node && producer.status.custody == Custody::best_effort;
  if (device.is_node && !foreign) return;
  auto series = historian_.define(*event.schema);
  if (!series) return world_.log.error("hub", series.error().text());
  device.series = std::move(*series);
  // For a foreign edge a birth value is a value like any other; ours come by their own numbers.
  if (foreign) store_foreign(producer, device, event.batch);
}

void HubCore::define(Producer& producer, const envelope::Envelope& envelope) {
  for (const auto& definition : envelope.definitions) {
    if (definition.number >= envelope::count_max) continue;
    if (definition.number >= producer.provenance.size())
      producer.provenance.resize(definition.number + 1, 0);
    producer.provenance[definition.number] = historian_.intern(definition.recipe);
  }
}

void HubCore::on_producer_birth(Producer& producer, const envelope::Envelope& birth) {
  producer.provenance.assign(1, 0);
  define(producer, birth);
  const auto position = historian_.position(producer.status.id, birth.incarnation);
  if (birth.first_sequence > position.next) {
    // The producer was told that these are stored and has deleted them, but they are not here (a
    // historian restored from an older copy). They cannot come any more: said as a loss, never
    // passed over.
    ontology::LossEntry entry;
    entry.range = {birth.incarnation, position.next, birth.first_sequence - position.next};
    entry.cause = ontology::LossCause::journal_lost;
    entry.from = entry.to = world_.clock.utc_now();
    entry.policy = "hub: the producer no longer holds what this historian does not have";
    if (auto done = historian_.declare(producer.status.id, entry); !done) {
      world_.log.error("hub", done.error().text());
      return owe(producer, birth.incarnation);
    }
    note_staged(1);
    world_.log.error("hub",
                     fmt::format("{}: samples [{}, {}) were acknowledged and are not here; "
                                 "declared as lost in the ledger (journal_lost); restore "
                                 "the historian's directory from its latest copy",
                                 producer.status.id.text(), position.next, birth.first_sequence));
  }
  owe(producer, birth.incarnation);
}

void HubCore::on_data(HostAction& event) {
  if (event.device.value() >= devices_.size()) return;
  Device& device = devices_[event.device.value()];
  if (!device.schema) return;
  Producer& producer = producers_[device.producer];
  producer.status.heard_at = event.arrived_at;
  ++counts_.messages;
  if (!event.body.empty()) return on_enveloped(producer, device, event);
  if (device.is_node && producer.status.custody == Custody::acknowledged) {
    return on_telemetry(producer, device, event.batch);
  }
  if (!producer.heard_node)
    return link_->request_rebirth(event.node, "samples without the birth of their edge");
  store_foreign(producer, device, event.batch);
}

void HubCore::on_enveloped(Producer& producer, Device& device, HostAction& event) {
  auto decoded = envelope::decode(event.body);
  if (!decoded) {
    ++counts_.undecodable;
    return world_.log.warning("hub", producer.status.id.text() + ": " + decoded.error().text());
  }
  const envelope::Envelope& envelope = *decoded;
  if (envelope.kind == envelope::Kind::loss) return on_losses(producer, envelope);
  if (auto applied = envelope::apply(envelope, event.batch); !applied) {
    ++counts_.undecodable;
    return world_.log.warning("hub", producer.status.id.text() + ": " + applied.error().text());
  }
  define(producer, envelope);
  const auto position = historian_.position(producer.status.id, envelope.incarnation);
  const auto judgement = custody::judge(position.next, envelope.first_sequence, envelope.count);
  using Kind = custody::Judgement::Kind;
  if (judgement.kind == Kind::gap) {
    ++producer.status.gaps;
    const Duration now = world_.clock.monotonic_now();
    if (now - producer.told_at >= gap_tell_interval) owe(producer, envelope.incarnation);
    return;
  }
  if (judgement.kind == Kind::duplicate) {
    historian_.count_duplicates(producer.status.id, envelope.incarnation, envelope.count);
    return owe(producer, envelope.incarnation);
  }
  const bool undefined = std::ranges::any_of(event.batch.rows, [&](const ontology::Row& row) {
    return row.provenance != 0 && (row.provenance >= producer.provenance.size() ||
                                   producer.provenance[row.provenance] == 0);
  });
  if (undefined) return link_->request_rebirth(event.node, "provenance that no birth defined");
  if (judgement.skip > 0) {
    historian_.count_duplicates(producer.status.id, envelope.incarnation, judgement.skip);
    event.batch.rows.erase(event.batch.rows.begin(),
                           event.batch.rows.begin() + static_cast<std::ptrdiff_t>(judgement.skip));
  }
  historian::IncomingBatch incoming;
  incoming.series = device.series;
  incoming.provenance = producer.provenance;
  incoming.batch = &event.batch;
  incoming.producer = &producer.status.id;
  incoming.incarnation = envelope.incarnation;
  incoming.first_sequence = envelope.first_sequence + judgement.skip;
  incoming.first_index = static_cast<std::uint32_t>(judgement.skip);
  if (append(incoming)) producer.status.samples_received += event.batch.size();
}

void HubCore::on_losses(Producer& producer, const envelope::Envelope& envelope) {
  for (ontology::LossEntry entry : envelope.losses) {
    const auto position = historian_.position(producer.status.id, entry.range.incarnation);
    const auto judgement = custody::judge(position.next, entry.range.first, entry.range.count);
    if (judgement.kind == custody::Judgement::Kind::accept) {
      entry.range.first += judgement.skip;
      entry.range.count -= judgement.skip;
      if (auto done = historian_.declare(producer.status.id, entry); !done) {
        world_.log.warning("hub", done.error().text());
        return;
      }
      note_staged(1);
    } else {
      owe(producer, entry.range.incarnation);
    }
  }
}

void HubCore::on_telemetry(Producer& producer, const Device& device, const ontology::Batch& batch) {
  auto& status = producer.status;
  for (const ontology::Row& row : batch.rows) {
    if (row.is_null || row.slot >= device.schema->metrics.size()) continue;
    const std::string& name = device.schema->metrics[row.slot].name;
    if (name == "Millwright/Incarnation")
      status.incarnation = row.bits;
    else if (name == "Millwright/Accepted")
      status.samples_accepted = row.bits;
    else if (name == "Millwright/Waiting")
      status.samples_waiting = row.bits;
    else if (name == "Millwright/Waiting Bytes")
      status.bytes_waiting = row.bits;
    else if (name == "Millwright/Input Ended")
      status.input_ended = row.bits != 0;
    else if (name == links::running_metric)
      status.running = batch.payload(row);
  }
}

void HubCore::store_foreign(Producer& producer, Device& device, const ontology::Batch& batch) {
  if (batch.empty() || device.series.empty()) return;
  historian::IncomingBatch incoming;
  incoming.series = device.series;
  const historian::ProvenanceNumber none[] = {0};
  incoming.provenance = none;
  incoming.batch = &batch;
  incoming.producer = &producer.status.id;
  incoming.incarnation = best_effort_incarnation;
  incoming.first_sequence = historian_.position(producer.status.id, best_effort_incarnation).next;
  incoming.custody = Custody::best_effort;
  if (append(incoming)) producer.status.samples_received += batch.size();
}

bool HubCore::append(const historian::IncomingBatch& incoming) {
  auto done = historian_.append(incoming);
  if (!done && done.error().code() == Code::exhausted) {
    commit();
    done = historian_.append(incoming);
  }
  if (!done) {
    world_.log.warning("hub", "not taken: " + done.error().text());
    return false;
  }
  counts_.samples += incoming.batch->size();
  note_staged(incoming.batch->size());
  return true;
}

void HubCore::note_staged(std::uint64_t rows) {
  staged_rows_ += rows;
  if (staged_rows_ >= options_.commit_rows) return commit();
  if (!commit_timer_) {
    commit_timer_ = world_.executor.post_after(options_.commit_interval, [this] {
      commit_timer_.reset();
      commit();
    });
  }
}

void HubCore::commit() {
  if (commit_timer_) world_.executor.cancel(*commit_timer_);
  commit_timer_.reset();
  staged_rows_ = 0;
  if (!historian_.has_staged()) return;
  auto committed = historian_.commit();
  if (!committed)
    return world_.log.error("hub", committed.error().text() + "; producers will send again");
  for (const auto& position : committed->positions) {
    const auto it = producer_numbers_.find(position.producer);
    if (it == producer_numbers_.end()) continue;
    Producer& producer = producers_[it->second];
    if (producer.status.custody == Custody::acknowledged) owe(producer, position.incarnation);
  }
}

void HubCore::owe(Producer& producer, ontology::Incarnation incarnation) {
  producer.owed.insert(incarnation);
  if (acknowledge_posted_) return;
  acknowledge_posted_ = true;
  world_.executor.post([this] {
    acknowledge_posted_ = false;
    acknowledge();
  });
}

void HubCore::acknowledge() {
  // While sealing is behind, producers hear that their samples have arrived (nothing is sent
  // again), but get no credit for new ones: they wait with their own disk, instead of being refused
  // here.
  const bool hold = historian_.is_behind();
  std::map<sparkplug::NodeNumber, std::vector<envelope::Acknowledgement>> by_node;
  for (Producer& producer : producers_) {
    if (producer.owed.empty() || !producer.node) continue;
    for (const auto incarnation : producer.owed) {
      // Only what is durable is said to have arrived: staged rows could still be forgotten by a
      // failing disk.
      const auto durable = historian_.position(producer.status.id, incarnation).durable;
      by_node[*producer.node].push_back(
          {producer.status.id.edge, incarnation, hold ? 0 : durable, durable});
      if (hold) producer.held.insert(incarnation);
    }
    producer.owed.clear();
    producer.told_at = world_.clock.monotonic_now();
  }
  for (const auto& [node, list] : by_node) link_->acknowledge(node, list);
  if (hold && !held_timer_) {
    held_timer_ = world_.executor.post_after(held_interval, [this] { release_held(); });
  }
}

void HubCore::release_held() {
  held_timer_.reset();
  if (historian_.is_behind()) {
    held_timer_ = world_.executor.post_after(held_interval, [this] { release_held(); });
    return;
  }
  for (Producer& producer : producers_) {
    for (const auto incarnation : std::exchange(producer.held, {})) owe(producer, incarnation);
  }
}

void HubCore::repeat() {
  repeat_timer_ = world_.executor.post_after(options_.repeat_interval, [this] { repeat(); });
  const Duration now = world_.clock.monotonic_now();
  for (Producer& producer : producers_) {
    const bool active = producer.status.online && producer.status.samples_waiting > 0;
    if (active && producer.status.incarnation != 0 &&
        now - producer.told_at >= options_.repeat_interval) {
      owe(producer, producer.status.incarnation);
    }
  }
  historian_.tick();
}

Result<void> HubCore::command(const ProducerId& id,
                              std::span<const sparkplug::CommandMetric> metrics) {
  const auto number = producer_numbers_.find(id);
  for (std::uint32_t i = 0; i < devices_.size() && number != producer_numbers_.end(); ++i) {
    // A producer that moved has a node here and one behind its former gateway: the one in use.
    if (!devices_[i].is_node || devices_[i].producer != number->second ||
        link_->session().device(sparkplug::DeviceNumber(i)).node != producers_[number->second].node)
      continue;
    return link_->command(sparkplug::DeviceNumber(i), metrics);
  }
  return fail(Code::not_found, fmt::format("no birth of {} was heard", id.text()));
}

HubStatus HubCore::status() const {
  HubStatus status = counts_;
  status.online = link_->is_online();
  for (const Producer& producer : producers_) status.producers.push_back(producer.status);
  for (std::size_t i = 0; i < sparkplug::host_problem_count; ++i) {
    const auto problem = static_cast<sparkplug::HostProblem>(i);
    if (const auto count = link_->session().count(problem); count > 0) {
      status.problems.emplace_back(sparkplug::name_of(problem), count);
    }
  }
  return status;
}

}  // namespace millwright::hub
