// Inside of HostSession: the state kept per edge node and device. Not for other folders.
//
// A message of an edge node passes three gates: its number (in order, else kept behind the gap),
// its birth (the device's alias table must be known and trusted, else the message is held), its
// content. An alias table stops being trusted when a birth may have been missed: after a gap that
// did not close, and after this host's own connection was away.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "wire/sparkplug/alias_table.hpp"
#include "wire/sparkplug/flatten.hpp"
#include "wire/sparkplug/host_session.hpp"
#include "wire/sparkplug/payload.hpp"
#include "wire/sparkplug/scanner.hpp"

namespace millwright::sparkplug {

struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};
template <typename T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// A message that waits: behind a gap, or for a birth.
struct KeptMessage {
  MessageType type = MessageType::ndata;
  std::string device;
  std::uint8_t seq = 0;
  std::optional<std::uint64_t> sent_ms;
  Bytes payload;
  Timestamp arrived;
};

struct HostDevice {
  DeviceStatus status;
  AliasTable table;
  /// The table may be used: the birth came, and no later one can have been missed.
  bool trusted = false;
  bool ever_born = false;
  bool born_again = false;                                        ///< since the node's last birth
  bool same_schema = false;                                       ///< as the birth before the last
  std::unordered_map<std::uint64_t, std::string> template_names;  ///< alias to metric name
  /// Aliases and names which the birth declared in a way that no series can hold, or which stayed
  /// unknown after a rebirth: their values are counted, not asked for again.
  std::unordered_set<std::uint64_t> ignored_aliases;
  std::unordered_set<std::string, TextHash, std::equal_to<>> ignored_names;
};

struct HostNode {
  NodeStatus status;
  std::optional<std::uint64_t> bd_seq;
  std::optional<std::uint64_t> previous_bd_seq;  ///< of the session that this one replaced silently
  bool synchronised = false;                     ///< `expected` means something
  std::uint8_t expected = 0;
  DeviceNumber self;
  std::map<std::string, DeviceNumber, std::less<>> devices;  ///< by wire name, without the node
  std::unordered_map<std::uint64_t, DeviceNumber> aliases;   ///< one alias space for all of them
  TemplateDefinitions definitions;
  std::optional<std::uint64_t> birth_sent_ms;  ///< time in the last NBIRTH
  bool births_running = false;                 ///< no data since the last NBIRTH yet
  bool adopt_next = false;                     ///< `expected` is whatever comes next
  bool enveloped = false;  ///< its NBIRTH carried an envelope: it resends what is not acknowledged

  std::vector<KeptMessage> pending;  ///< behind a gap, by arrival
  std::vector<KeptMessage> held;     ///< for a birth, by arrival
  std::size_t kept_bytes = 0;

  bool rebirth_open = false;
  Duration asked_at{0};  ///< when the open request was first wanted
  std::uint32_t rebirth_tries = 0;
  std::string rebirth_cause;
  std::optional<Duration> gap_deadline;
  std::optional<Duration> rebirth_due;
  std::optional<Duration> last_request;
  std::optional<Duration> timer;  ///< under which the node stands in the timer set
  Duration last_heard{0};
  bool said_stale = false;

  /// A second stream of numbers beside the expected one.
  std::optional<std::uint8_t> other_next;
  std::uint32_t other_run = 0;
  std::uint32_t main_run = 0;
  std::optional<Duration> duplicate_said;
};

class HostSession::Machine {
 public:
  explicit Machine(HostOptions options);

  // host_session.cpp: connection, STATE, commands, timers
  void start(const Now& now, HostActions& out);
  void stop(const Now& now, HostActions& out);
  void on_connected(const Now& now, HostActions& out);
  void on_closed(const Now& now, std::uint64_t random, HostActions& out);
  void on_message(std::string_view topic, ByteView payload, const Now& now, HostActions& out);
  void on_tick(const Now& now, HostActions& out);
  std::optional<Duration> next_tick() const;
  Result<void> command(NodeNumber node, std::string_view device,
                       std::span<const CommandMetric> metrics, const Now& now, HostActions& out);
  Result<void> request_rebirth(NodeNumber node, std::string_view cause, const Now& now,
                               HostActions& out);

  HostOptions options_;
  enum class Link : std::uint8_t { stopped, backing_off, connecting, online, leaving };
  Link link_ = Link::stopped;
  std::vector<HostNode> nodes_;
  std::vector<HostDevice> devices_;
  TextMap<NodeNumber> node_numbers_;  ///< by `group/edge`
  std::array<std::uint64_t, host_problem_count> counts_{};

 private:
  /// Where a data topic leads, so that a known one is not parsed again.
  struct Route {
    NodeNumber node;
    DeviceNumber device;
  };

  void attempt(const Now& now, HostActions& out);
  void publish_state(HostActions& out);
  void on_own_state(ByteView payload, const Now& now, HostActions& out);
  void run_timers(const Now& now, HostActions& out);
  void arm(NodeNumber number);
  void problem(HostProblem what, std::string text, HostActions& out,
               std::optional<NodeNumber> node = {}, std::optional<DeviceNumber> device = {});

  // host_order.cpp: numbers, gaps, what is kept
  std::optional<NodeNumber> add_node(std::string_view group, std::string_view edge,
                                     HostActions& out);
  std::optional<DeviceNumber> add_device(NodeNumber node, std::string_view name, HostActions& out);
  void on_node_message(const Topic& topic, ByteView payload, const Now& now, HostActions& out);
  void on_device_message(NodeNumber number, const Topic& topic, ByteView payload, const Now& now,
                         HostActions& out);
  void on_data(NodeNumber number, DeviceNumber device, ByteView payload, const Now& now,
               HostActions& out);
  enum class Order : std::uint8_t {
    now,       ///< its turn
    late,      ///< of an earlier time: concerns nothing that follows
    later,     ///< kept behind the gap, or dropped and counted
    overflow,  ///< its turn once what waits has been given up (`overtake`)
  };
  Order in_order(NodeNumber number, const KeptMessage& head, ByteView payload, const Now& now,
                 HostActions& out);
  /// Gives up a gap behind which there is no room for `head`. Reads other messages: what was read
  /// of this one before is gone.
  void overtake(NodeNumber number, const KeptMessage& head, const Now& now, HostActions& out);
  void drain_pending(NodeNumber number, const Now& now, HostActions& out);
  void give_up_gap(NodeNumber number, HostProblem cause, const Now& now, HostActions& out);
  void pending_to_held(NodeNumber number, std::optional<std::uint64_t> sent_before_ms,
                       HostActions& out);
  void take_turn(NodeNumber number, const KeptMessage& message, const Now& now, HostActions& out);
  void watch_for_duplicate(NodeNumber number, std::uint8_t seq, const Now& now, HostActions& out);
  void say_duplicate(NodeNumber number, std::string_view how, const Now& now, HostActions& out);
  bool keep(HostNode& node, std::vector<KeptMessage>& where, std::uint32_t messages_max,
            const KeptMessage& head, ByteView payload);
  void forget(HostNode& node, const KeptMessage& message);
  void hold(NodeNumber number, const KeptMessage& head, ByteView payload, HostActions& out);

  // host_rebirth.cpp: trust in births, requests for them
  void distrust(NodeNumber number);
  void ask_rebirth(NodeNumber number, std::string_view cause, const Now& now, HostActions& out);
  void send_rebirth(NodeNumber number, const Now& now, HostActions& out);
  void give_up_rebirth(NodeNumber number, const Now& now, HostActions& out);

  // host_births.cpp: births and deaths
  void on_node_birth(NodeNumber number, ByteView bytes, const Now& now, HostActions& out);
  void on_node_death(NodeNumber number, ByteView bytes, const Now& now, HostActions& out);
  void on_device_birth(NodeNumber number, const KeptMessage& head, ByteView bytes, const Now& now,
                       HostActions& out);
  void on_device_death(NodeNumber number, const KeptMessage& head, const Now& now,
                       HostActions& out);
  enum class Declared : std::uint8_t { refused, changed, same };
  Declared declare(NodeNumber number, DeviceNumber device, Payload& payload, HostActions& out);
  void strip_unsupported(DeviceNumber device, std::vector<Metric>& metrics, HostActions& out);
  bool claim_aliases(NodeNumber number, DeviceNumber device,
                     const std::vector<MetricBinding>& metrics, HostActions& out);
  void release_aliases(NodeNumber number, DeviceNumber device);
  void report_birth(DeviceNumber device, const Payload& payload, Timestamp arrived,
                    HostActions& out);
  void device_offline(DeviceNumber device, Death death, Timestamp at, HostActions& out);
  void node_offline(NodeNumber number, Death death, Timestamp at, HostActions& out);
  void forget_unborn(NodeNumber number, const Now& now, HostActions& out);

  // host_data.cpp: content of DATA messages
  enum class UnknownMetrics : std::uint8_t {
    ask,     ///< hold the message and ask for a rebirth
    ignore,  ///< the birth was just told again: they stay unknown
  };
  /// Reads into `data_`, or into `general` when only the general codec can. Nothing when malformed.
  std::optional<ScanOutcome> read(DeviceNumber device, ByteView payload, Timestamp arrived,
                                  Payload& general, HostActions& out);
  void finish(DeviceNumber device, ScanOutcome outcome, Payload& general, const KeptMessage& head,
              ByteView payload, UnknownMetrics unknown, const Now& now, HostActions& out);
  void finish_general(DeviceNumber device, Payload& general, const KeptMessage& head,
                      ByteView payload, UnknownMetrics unknown, const Now& now, HostActions& out);
  bool settle_unknown(DeviceNumber device, const KeptMessage& head, ByteView payload,
                      UnknownMetrics unknown, const Now& now, HostActions& out);
  void append_data(DeviceNumber device, DataClass data_class, Timestamp arrived, HostActions& out);
  void release_held(NodeNumber number, DeviceNumber device, Declared declared, const Now& now,
                    HostActions& out);

  HostNode& at(NodeNumber number) { return nodes_[number.value()]; }
  HostDevice& at(DeviceNumber number) { return devices_[number.value()]; }

  bool stopping_ = false;
  bool was_online_ = false;
  std::uint32_t failures_ = 0;
  std::optional<Duration> wake_;
  std::optional<Duration> repair_due_;
  std::optional<Duration> last_repair_;
  std::int64_t state_timestamp_ms_ = 0;
  std::string state_topic_;
  TextMap<Route> routes_;
  std::set<std::pair<Duration, std::uint32_t>> timers_;
  std::size_t kept_total_ = 0;
  DataMessage data_;
  KeptMessage head_;  ///< of the data message in hand; reused
  std::string key_;
};

}  // namespace millwright::sparkplug
