// A host session under arbitrary messages: raw bytes, and valid payloads of edges that follow no
// order. It must not crash, must keep what it keeps within its bounds, and its actions must be well
// formed: births before data, slots inside the schema, deaths of the living.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/host_session.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace {

using namespace millwright;
using namespace millwright::sparkplug;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Takes decisions from the fuzzer's bytes; zero when they are used up.
class Choices {
 public:
  explicit Choices(ByteView bytes) : reader_(bytes) {}
  bool left() const { return !reader_.at_end(); }
  unsigned below(unsigned bound) { return reader_.left() == 0 ? 0 : reader_.u8() % bound; }
  ByteView bytes() { return reader_.raw(std::min<std::uint64_t>(below(64), reader_.left())); }

 private:
  ByteReader reader_;
};

Metric any_metric(Choices& choices, unsigned depth) {
  Metric metric;
  const unsigned named = choices.below(4);
  if (named != 0) metric.name = std::string(1, static_cast<char>('a' + choices.below(6)));
  if (named != 1) metric.alias = choices.below(12);
  if (choices.below(4) != 0) metric.timestamp_ms = 1'700'000'000'000 + choices.below(100);
  if (choices.below(2) != 0) metric.datatype = choices.below(36);
  metric.is_historical = choices.below(5) == 0;
  metric.is_null = choices.below(5) == 0;
  switch (choices.below(8)) {
    case 0:
      metric.value = static_cast<double>(choices.below(256));
      break;
    case 1:
      metric.value = choices.below(2) == 1;
      break;
    case 2:
      metric.value = std::int64_t{-5};
      break;
    case 3:
      metric.value = std::string("text");
      break;
    case 4: {
      const ByteView bytes = choices.bytes();
      metric.value = Bytes(bytes.begin(), bytes.end());
      break;
    }
    case 5: {
      if (depth == 0) break;
      Template value;
      value.is_definition = choices.below(3) == 0;
      value.template_ref = std::string(1, static_cast<char>('a' + choices.below(6)));
      for (unsigned i = choices.below(3); i > 0; --i)
        value.metrics.push_back(any_metric(choices, depth - 1));
      value.parameters.push_back({"p", choices.below(36), std::uint64_t{1}});
      metric.datatype = code_of(TypeCode::template_);
      metric.value = std::move(value);
      break;
    }
    default:
      metric.value = std::uint64_t{choices.below(256)};
      break;
  }
  return metric;
}

Payload any_payload(Choices& choices) {
  Payload payload;
  if (choices.below(8) != 0) payload.timestamp_ms = 1'700'000'000'000 + choices.below(50);
  if (choices.below(8) != 0) payload.seq = choices.below(choices.below(2) == 0 ? 6 : 256);
  if (choices.below(4) == 0) {
    payload.uuid = envelope_uuid;
    payload.body = Bytes(choices.below(8));
  }
  for (unsigned i = choices.below(5); i > 0; --i) payload.metrics.push_back(any_metric(choices, 3));
  if (choices.below(2) == 0)
    payload.metrics.push_back(make_bd_seq_metric(static_cast<std::uint8_t>(choices.below(3)), {}));
  return payload;
}

/// What the listener of the actions may rely on.
class Listener {
 public:
  void check(const HostSession& session, HostActions& actions) {
    for (HostAction& action : actions) {
      switch (action.kind) {
        case HostActionKind::node_born:
        case HostActionKind::device_born:
          require(action.schema != nullptr);
          metrics_[action.device] = action.schema->metrics.size();
          check_rows(session, action);
          break;
        case HostActionKind::data:
          require(metrics_.contains(action.device));
          check_rows(session, action);
          break;
        case HostActionKind::publish:
          require(parse_topic(action.message.topic).has_value() && !action.message.payload.empty());
          break;
        case HostActionKind::node_died:
          require(!session.node(action.node).online || action.death == Death::replaced);
          break;
        case HostActionKind::problem:
        case HostActionKind::rebirth_requested:
          require(!action.text.empty());
          break;
        default:
          break;
      }
    }
    actions.clear();
  }

 private:
  void check_rows(const HostSession& session, const HostAction& action) const {
    require(action.device.value() < session.device_count());
    require(session.device(action.device).node == action.node);
    for (const ontology::Row& row : action.batch.rows)
      require(row.slot < metrics_.at(action.device));
  }
  std::map<DeviceNumber, std::size_t> metrics_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices({reinterpret_cast<const std::byte*>(data), size});
  HostOptions options;
  options.host_id = "hub";
  options.nodes_max = 4;
  options.devices_per_node_max = 4;
  options.metrics_per_device_max = 64;
  options.held_messages_max = 8;
  options.reorder_messages_max = 4;
  options.held_bytes_max = 4096;
  options.stale_after = std::chrono::seconds(60);
  HostSession session = *HostSession::create(options);
  HostActions actions;
  Listener listener;
  Now now{Timestamp{1'700'000'000'000'000}, Duration(0)};
  session.start(now, actions);
  session.on_connected(now, actions);
  Bytes bytes;
  std::string topic;
  while (choices.left()) {
    constexpr std::string_view types[] = {"NBIRTH", "NDEATH", "NDATA", "DBIRTH",
                                          "DDEATH", "DDATA",  "DDATA", "NCMD"};
    const std::string_view type = types[choices.below(8)];
    topic.assign("spBv1.0/g/").append(type).append("/e");
    topic += static_cast<char>('0' + choices.below(6));
    if (type.starts_with('D')) (topic += "/d") += static_cast<char>('0' + choices.below(6));
    switch (choices.below(16)) {
      case 0:
        session.on_message(topic, choices.bytes(), now, actions);
        break;
      case 1:
        session.on_message(as_text(choices.bytes()), choices.bytes(), now, actions);
        break;
      case 2:
        session.on_message("spBv1.0/STATE/hub", choices.bytes(), now, actions);
        break;
      case 3:
        now.monotonic += std::chrono::milliseconds(400) * choices.below(256);
        session.on_tick(now, actions);
        break;
      case 4:
        session.on_closed(now, choices.below(256), actions);
        now.monotonic += std::chrono::seconds(60);
        session.on_tick(now, actions);
        session.on_connected(now, actions);
        break;
      default:
        bytes.clear();
        encode(any_payload(choices), bytes);
        session.on_message(topic, bytes, now, actions);
        break;
    }
    listener.check(session, actions);
    require(session.node_count() <= options.nodes_max);
    require(session.device_count() <= options.nodes_max * (options.devices_per_node_max + 1));
    const auto due = session.next_tick();
    require(!due || *due > Duration::min());
  }
  session.stop(now, actions);
  listener.check(session, actions);
  return 0;
}
