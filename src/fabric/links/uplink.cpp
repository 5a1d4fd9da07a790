#include "fabric/links/uplink.hpp"

#include <charconv>
#include <utility>

#include "base/format.hpp"

namespace millwright::links {

using sparkplug::EdgeAction;
using sparkplug::EdgeActionKind;
using sparkplug::EdgeActions;

namespace {

engine::BrokerMessage to_broker(sparkplug::Message& message) {
  engine::BrokerMessage out;
  out.topic = message.topic;
  out.payload = std::move(message.payload);
  out.qos = message.qos == sparkplug::Qos::at_least_once ? engine::Qos::at_least_once
                                                         : engine::Qos::at_most_once;
  out.retained = message.retain == sparkplug::Retain::yes;
  return out;
}

Result<std::optional<std::uint8_t>> read_bd_seq(engine::Disk& disk, const std::string& path) {
  auto exists = disk.exists(path);
  if (!exists) return pass(std::move(exists));
  if (!*exists) return std::optional<std::uint8_t>{};
  auto content = engine::read_whole(disk, path);
  if (!content) return pass(std::move(content));
  const auto text = as_text(*content);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > 255) {
    return fail(Code::corrupt, fmt::format("{} does not hold a bdSeq from 0 to 255", path),
                "remove the file; the next session then starts at 0");
  }
  return std::optional<std::uint8_t>(static_cast<std::uint8_t>(value));
}

}  // namespace

Result<std::unique_ptr<Uplink>> Uplink::create(engine::World world, UplinkOptions options,
                                               UplinkListener& listener) {
  auto bd_seq = read_bd_seq(world.disk, options.bd_seq_path);
  if (!bd_seq) return pass(std::move(bd_seq), "reading the last bdSeq");
  auto session = sparkplug::EdgeSession::create(options.session, *bd_seq);
  if (!session) return pass(std::move(session));
  return std::unique_ptr<Uplink>(
      new Uplink(world, std::move(options), listener, std::move(*session), *bd_seq));
}

Uplink::Uplink(engine::World world, UplinkOptions options, UplinkListener& listener,
               sparkplug::EdgeSession session, std::optional<std::uint8_t>)
    : world_(world),
      options_(std::move(options)),
      listener_(listener),
      session_(std::move(session)) {
  client_ = world_.brokers.create(options_.broker, *this, world_.executor);
}

Uplink::~Uplink() {
  if (timer_) world_.executor.cancel(*timer_);
}

sparkplug::Now Uplink::now() const {
  return {world_.clock.utc_now(), world_.clock.monotonic_now()};
}

bool Uplink::persist(std::uint8_t bd_seq) {
  const std::string text = fmt::format("{}\n", bd_seq);
  auto done = engine::replace_whole(world_.disk, options_.bd_seq_path, as_bytes(text));
  if (!done) world_.log.error("uplink", done.error().text());
  return done.has_value();
}

Result<void> Uplink::carry_out(EdgeActions& actions) {
  Result<void> outcome;
  std::uint32_t refused = 0;
  bool persisted = true;
  for (EdgeAction& action : actions) {
    switch (action.kind) {
      case EdgeActionKind::persist_bd_seq:
        persisted = persist(action.bd_seq);
        break;
      case EdgeActionKind::connect: {
        if (!persisted) {
          // A CONNECT with a number that is not stored could repeat after a power cut: say that the
          // attempt failed.
          world_.executor.post(
              [this] { on_closed(Error(Code::unavailable, "bdSeq could not be stored")); });
          break;
        }
        client_->connect({to_broker(action.message)});
        break;
      }
      case EdgeActionKind::subscribe: {
        const auto qos = action.message.qos == sparkplug::Qos::at_least_once
                             ? engine::Qos::at_least_once
                             : engine::Qos::at_most_once;
        if (auto done = client_->subscribe(action.message.topic, qos); !done)
          outcome = std::move(done);
        break;
      }
      case EdgeActionKind::publish: {
        if (refused > 0) {
          ++refused;
          break;
        }
        if (auto done = client_->publish(to_broker(action.message)); !done) {
          outcome = std::move(done);
          ++refused;
        }
        break;
      }
      case EdgeActionKind::disconnect:
        client_->disconnect();
        break;
      case EdgeActionKind::need_births:
        listener_.on_need_births();
        break;
      case EdgeActionKind::born:
        break;  // told by after_event, when everything before it is sent
      case EdgeActionKind::command:
        listener_.on_command(action.device, action.metrics);
        break;
      case EdgeActionKind::host_state:
        world_.log.info("uplink",
                        action.host_online ? "primary host is online" : "primary host is offline");
        break;
      case EdgeActionKind::refused:
        world_.log.warning("uplink", action.text);
        break;
    }
  }
  if (refused > 0) {
    EdgeActions more;
    session_.on_publish_refused(refused, now(), more);
    (void)carry_out(more);
  }
  return outcome;
}

Result<void> Uplink::after_event(EdgeActions& actions) {
  const auto has = [&](EdgeActionKind kind) {
    for (const auto& action : actions) {
      if (action.kind == kind) return true;
    }
    return false;
  };
  const bool needs_births = has(EdgeActionKind::need_births);
  bool born = has(EdgeActionKind::born);
  Result<void> outcome = carry_out(actions);
  bool sent = outcome.has_value();
  if (needs_births) {
    EdgeActions births;
    if (auto done = session_.send_births(now(), births); !done) {
      world_.log.warning("uplink", done.error().text());
    } else {
      for (const auto& action : births) born = born || action.kind == EdgeActionKind::born;
      sent = carry_out(births).has_value() && sent;
    }
  }
  if (born && sent && session_.is_born()) listener_.on_born();
  arm_timer();
  return outcome;
}

void Uplink::arm_timer() {
  if (timer_) world_.executor.cancel(*timer_);
  timer_.reset();
  const auto at = session_.next_tick();
  if (!at) return;
  const Duration delay = std::max(Duration(0), *at - world_.clock.monotonic_now());
  timer_ = world_.executor.post_after(delay, [this] {
    timer_.reset();
    EdgeActions actions;
    session_.on_tick(now(), actions);
    (void)after_event(actions);
  });
}

void Uplink::start() {
  EdgeActions actions;
  session_.start(now(), actions);
  (void)after_event(actions);
}

void Uplink::stop() {
  EdgeActions actions;
  session_.stop(now(), actions);
  (void)after_event(actions);
}

Result<void> Uplink::set_device(std::string_view device,
                                const std::vector<ontology::MetricDefinition>& metrics,
                                const sparkplug::BirthContent& birth) {
  EdgeActions actions;
  if (auto done = session_.set_device(device, metrics, birth, now(), actions); !done) return done;
  return carry_out(actions);
}

Result<void> Uplink::remove_device(std::string_view device) {
  EdgeActions actions;
  if (auto done = session_.remove_device(device, now(), actions); !done) return done;
  return after_event(actions);
}

void Uplink::set_birth_body(std::string_view device, ByteView body) {
  if (auto done = session_.set_birth_body(device, body); !done)
    world_.log.error("uplink", done.error().text());
}

Result<void> Uplink::publish(std::string_view device, const ontology::Batch& batch, ByteView body,
                             sparkplug::DataClass data_class) {
  publish_actions_.clear();
  if (auto done = session_.publish_data(device, batch, body, data_class, now(), publish_actions_);
      !done)
    return done;
  auto outcome = carry_out(publish_actions_);
  if (!outcome) arm_timer();
  return outcome;
}

void Uplink::on_connected() {
  closed_because_.clear();
  EdgeActions actions;
  session_.on_connected(now(), actions);
  (void)after_event(actions);
}

void Uplink::on_closed(const Error& reason) {
  // Said once, not at every attempt: the same reason comes again until somebody removes it.
  const auto state = session_.state();
  const bool is_news = closed_because_ != reason.text() && state != sparkplug::EdgeState::leaving &&
                       state != sparkplug::EdgeState::stopped;
  closed_because_ = reason.text();
  world_.log.write(is_news ? Severity::warning : Severity::debug, "uplink",
                   reason.text() + "\n  samples are kept; the connection is tried again");
  EdgeActions actions;
  session_.on_closed(now(), world_.random.next(), actions);
  listener_.on_lost();
  (void)after_event(actions);
}

void Uplink::on_message(engine::BrokerMessage message) {
  EdgeActions actions;
  const bool was_born = session_.is_born();
  session_.on_message(message.topic, message.payload, now(), actions);
  if (was_born && !session_.is_born()) listener_.on_lost();
  (void)after_event(actions);
}

void Uplink::say_of_node(std::uint32_t slot, std::string_view text) {
  ontology::Batch batch;
  ontology::Row row;
  row.ts_us = world_.clock.utc_now().us;
  row.slot = slot;
  batch.set_payload(row, text);
  batch.rows.push_back(row);
  (void)set_values("", batch);
  if (is_born()) (void)publish("", batch, {}, sparkplug::DataClass::live);
}

}  // namespace millwright::links
