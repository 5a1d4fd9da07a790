// An edge session under arbitrary events: messages, closed connections, refused publishes, changed
// devices. It must not crash; its messages must be numbered without a hole and come in the order
// that hosts rely on; its connections must be one at a time, each with its own bdSeq.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/edge_session.hpp"
#include "wire/sparkplug/host_state.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace {

using namespace millwright;
using namespace millwright::sparkplug;

void require(bool holds) {
  if (!holds) std::abort();
}

class Choices {
 public:
  explicit Choices(ByteView bytes) : reader_(bytes) {}
  bool left() const { return !reader_.at_end(); }
  unsigned below(unsigned bound) { return reader_.left() == 0 ? 0 : reader_.u8() % bound; }
  ByteView bytes() { return reader_.raw(std::min<std::uint64_t>(below(64), reader_.left())); }

 private:
  ByteReader reader_;
};

/// A broker and a host that believe nothing.
class Watcher {
 public:
  /// Carries out the actions; from publish `refuse_from` on the connection takes no more.
  void carry_out(EdgeSession& session, EdgeActions& actions, const Now& now,
                 std::size_t refuse_from = SIZE_MAX) {
    std::size_t published = 0;
    std::uint32_t refused = 0;
    for (EdgeAction& action : actions) {
      switch (action.kind) {
        case EdgeActionKind::persist_bd_seq:
          persisted_ = action.bd_seq;
          break;
        case EdgeActionKind::connect:
          require(!connected_ && persisted_ == action.bd_seq);
          connected_ = true;
          born_ = false;
          break;
        case EdgeActionKind::disconnect:
          connected_ = false;
          break;
        case EdgeActionKind::publish:
          require(connected_);
          if (published++ >= refuse_from)
            ++refused;
          else
            see(action.message);
          break;
        default:
          break;
      }
    }
    actions.clear();
    if (refused > 0) session.on_publish_refused(refused, now, actions);
    actions.clear();
  }
  void drop() { connected_ = false; }

 private:
  void see(const Message& message) {
    const auto topic = parse_topic(message.topic);
    const auto payload = decode(message.payload);
    require(topic.has_value() && payload.has_value());
    if (topic->type == MessageType::ndeath) {
      require(!payload->seq && born_);
      born_ = false;
      return;
    }
    require(payload->seq.has_value());
    if (topic->type == MessageType::nbirth) {
      born_ = true;
      next_ = 0;
    }
    require(born_ && *payload->seq == next_);
    next_ = static_cast<std::uint8_t>(next_ + 1);
  }
  bool connected_ = false;
  bool born_ = false;
  std::uint8_t next_ = 0;
  std::optional<std::uint8_t> persisted_;
};

void receive_command(EdgeSession& session, Choices& choices, const Now& now, EdgeActions& actions) {
  Payload payload;
  if (choices.below(2) == 0) payload.metrics.push_back(make_rebirth_metric(true, {}));
  Metric& metric = payload.metrics.emplace_back();
  if (choices.below(2) == 0) metric.alias = choices.below(16);
  if (choices.below(2) == 0) metric.name = "m";
  metric.value = std::uint64_t{choices.below(256)};
  Bytes bytes;
  encode(payload, bytes);
  session.on_message(choices.below(2) == 0 ? "spBv1.0/g/NCMD/e" : "spBv1.0/g/DCMD/e/d1", bytes, now,
                     actions);
}

void change_devices(EdgeSession& session, Choices& choices, const Now& now, EdgeActions& actions) {
  std::string device;
  if (const unsigned which = choices.below(4); which != 0) device = "d" + std::to_string(which);
  if (choices.below(3) == 0) {
    (void)session.remove_device(device, now, actions);
    return;
  }
  std::vector<ontology::MetricDefinition> metrics;
  for (unsigned i = choices.below(4); i > 0; --i)
    metrics.push_back({"m" + std::to_string(i), ontology::DataType::int32, "s"});
  (void)session.set_device(device, std::move(metrics), {.body = choices.bytes()}, now, actions);
}

void publish(EdgeSession& session, Choices& choices, const Now& now, EdgeActions& actions) {
  ontology::Batch batch;
  for (unsigned i = choices.below(4); i > 0; --i) {
    ontology::Row& row = batch.rows.emplace_back();
    row.slot = choices.below(4);
    row.set_i64(choices.below(256));
  }
  const std::string device = "d" + std::to_string(choices.below(4));
  const std::uint8_t before = session.next_seq();
  const bool done =
      session.publish_data(device, batch, {}, DataClass::live, now, actions).has_value();
  require(done || (actions.empty() && session.next_seq() == before));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices({reinterpret_cast<const std::byte*>(data), size});
  EdgeOptions options;
  options.group = "g";
  options.edge = "e";
  if (choices.below(2) == 0) options.primary_host = "h";
  options.servers = 1 + choices.below(2);
  EdgeSession session = *EdgeSession::create(options, std::nullopt);
  EdgeActions actions;
  Watcher watcher;
  Now now{Timestamp{1'700'000'000'000'000}, Duration(0)};
  session.start(now, actions);
  watcher.carry_out(session, actions, now);
  while (choices.left()) {
    std::size_t refuse_from = SIZE_MAX;
    switch (choices.below(12)) {
      case 0:
        session.on_connected(now, actions);
        break;
      case 1:
        watcher.drop();
        session.on_closed(now, choices.below(256), actions);
        break;
      case 2: {
        const std::string state =
            format_host_state({choices.below(3) != 0, static_cast<std::int64_t>(choices.below(4))});
        session.on_message("spBv1.0/STATE/h", as_bytes(state), now, actions);
        break;
      }
      case 3:
        session.on_message("spBv1.0/g/NCMD/e", choices.bytes(), now, actions);
        break;
      case 4:
        receive_command(session, choices, now, actions);
        break;
      case 5:
        change_devices(session, choices, now, actions);
        break;
      case 6:
        now.monotonic += std::chrono::milliseconds(200) * choices.below(256);
        session.on_tick(now, actions);
        break;
      case 7:
        session.stop(now, actions);
        break;
      case 8:
        session.start(now, actions);
        break;
      case 9:
        refuse_from = choices.below(4);
        [[fallthrough]];
      case 10:
        (void)session.send_births(now, actions);
        break;
      default:
        if (choices.below(8) == 0) refuse_from = 0;
        publish(session, choices, now, actions);
        break;
    }
    watcher.carry_out(session, actions, now, refuse_from);
  }
  return 0;
}
