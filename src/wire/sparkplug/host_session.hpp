// The Sparkplug B session of a host application (gateway, hub): STATE, subscriptions, and one small
// machine per edge node that turns births, data and deaths into typed events, in order. Without I/O
// and without a clock. It reads no envelope: the payload's body is handed on. (Specification 3.0,
// chapters 4 to 6.)
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "wire/sparkplug/session.hpp"
#include "wire/sparkplug/topic.hpp"

namespace millwright::sparkplug {

struct HostOptions {
  std::string host_id{};
  std::string group{};  ///< listens to this group only; empty: to all
  Duration reorder_timeout = std::chrono::seconds(2);  ///< how long a gap in seq may stay open
  std::uint32_t reorder_messages_max = 64;             ///< messages kept behind a gap, per node
  std::uint32_t held_messages_max = 128;          ///< data kept until its birth arrives, per node
  std::size_t held_bytes_max = 1 << 20;           ///< bytes of both kinds kept, per node
  std::size_t held_bytes_total_max = 256u << 20;  ///< the same, of all nodes
  /// Unanswered requests after which an edge counts as unable to rebirth.
  std::uint32_t rebirth_tries_max = 4;
  Duration rebirth_retry_min = std::chrono::seconds(10);  ///< between two requests to one node
  Duration rebirth_retry_max = std::chrono::minutes(5);
  /// After this host's own connection was away, births are asked for spread over this time.
  Duration rebirth_spread = std::chrono::seconds(10);
  Duration stale_after{0};  ///< silence after which a node is said to be stale; 0: never
  Duration reconnect_min = std::chrono::milliseconds(500);
  Duration reconnect_max = std::chrono::seconds(30);
  std::uint32_t nodes_max = 50'000;
  std::uint32_t devices_per_node_max = 10'000;
  std::uint32_t metrics_per_device_max = 100'000;
};

/// Numbers for the life of a HostSession, dense from 0, never reused: a caller may keep its own
/// state in vectors.
using NodeNumber = Number<struct NodeTag, std::uint32_t>;
using DeviceNumber = Number<struct HostDeviceTag, std::uint32_t>;

enum class HostActionKind : std::uint8_t {
  connect,      ///< with Will `message`, clean session
  subscribe,    ///< to filter `message.topic` with `message.qos`
  publish,      ///< `message`
  disconnect,   ///< end the connection without its Will; then call on_closed
  online,       ///< this host's STATE is out
  node_born,    ///< NBIRTH of `node`; `device` is its `_node`; `schema`, `batch`, `body` as below
  device_born,  ///< DBIRTH: `schema` is in force from now on, `batch` holds the values, `body`
  data,         ///< `batch` of `device` by slots of its last birth, `body`, `data_class`
  device_died,  ///< `device` went offline at `at`, because of `death`
  node_died,    ///< `node` went offline at `at`; its devices died in the actions just before
  node_stale,   ///< nothing heard from `node` for `stale_after`
  rebirth_requested,  ///< an NCMD to `node` went out just before; `text` names the cause
  problem,            ///< `problem`, counted; `text` says what and where
};
std::string_view name_of(HostActionKind kind);

enum class Death : std::uint8_t {
  declared,   ///< NDEATH or DDEATH
  replaced,   ///< an NBIRTH came that does not continue the session known so far
  forgotten,  ///< a device that was not born again after its node's new birth
  silent,     ///< asked for births several times, and not one message came
};
std::string_view name_of(Death death);

/// What can be wrong with what others send. Each is counted, reported as an action, and fatal to
/// nothing.
enum class HostProblem : std::uint8_t {
  malformed_topic,
  malformed_payload,
  missing_sequence,
  sequence_gap,        ///< messages lost, or late beyond the reorder timeout
  late_message,        ///< came after its gap was given up; its data are delivered all the same
  reorder_overflow,    ///< more messages behind a gap than are kept
  unknown_node,        ///< data without an NBIRTH
  unknown_device,      ///< data without a DBIRTH
  unknown_alias,       ///< an alias or name that the birth did not declare
  held_overflow,       ///< data waiting for a birth had to be dropped: more than is kept
  held_ambiguous,      ///< data waiting for a birth had to be dropped: the birth changed the schema
  alias_collision,     ///< a birth that uses one alias twice, or that of another device
  duplicate_metric,    ///< a birth that declares one name twice
  unsupported_metric,  ///< a datatype that cannot be flattened into values (reported, not stored)
  wrong_value,     ///< a value that does not fit its declared type; stored as null with bad quality
  stale_death,     ///< an NDEATH whose bdSeq is not that of the session: ignored
  duplicate_edge,  ///< two senders use one edge node id
  foreign_state,   ///< somebody else wrote this host's STATE; repaired
  limit_reached,   ///< a bound of HostOptions
  rebirth_ignored,  ///< several requests unanswered: data are read by the last births known
};
inline constexpr std::size_t host_problem_count = 20;
std::string_view name_of(HostProblem problem);

/// One action or event. Only the members named at its kind have a meaning.
struct HostAction {
  HostActionKind kind = HostActionKind::problem;
  Message message;
  NodeNumber node;
  DeviceNumber device;
  /// Births: what the slots mean from now on; kept alive by the holder.
  std::shared_ptr<const ontology::DeviceSchema> schema;
  ontology::Batch batch;
  Bytes body;  ///< payload body (of uuid `mw/1`, else empty)
  DataClass data_class = DataClass::live;
  Timestamp sent_at;     ///< time of the payload
  Timestamp arrived_at;  ///< when on_message was called with it
  Timestamp at;
  Death death = Death::declared;
  HostProblem problem = HostProblem::malformed_topic;
  std::uint8_t bd_seq = 0;  ///< node_born
  std::string text;

  void reset();
};
using HostActions = Reused<HostAction>;

/// What the host knows of an edge node.
struct NodeStatus {
  std::string group;
  std::string edge;
  bool online = false;
  std::uint64_t bd_seq = 0;
  Timestamp changed_at;  ///< last birth or death, this host's UTC
  std::uint64_t births = 0;
  std::uint64_t messages = 0;
  std::uint64_t rebirth_requests = 0;
};

/// What the host knows of a device; `address` is normalised (DESIGN D1).
struct DeviceStatus {
  NodeNumber node;
  std::string wire_name;  ///< device level of its topics; empty for the node's own metrics
  ontology::DeviceAddress address;
  std::shared_ptr<const ontology::DeviceSchema> schema;  ///< of its last birth
  bool online = false;
};

/// Owned by one caller on one executor. Memory is bounded by HostOptions.
class HostSession {
 public:
  /// Fails with invalid_input on ids that are not valid.
  static Result<HostSession> create(HostOptions options);
  HostSession(HostSession&&) noexcept;
  HostSession& operator=(HostSession&&) noexcept;
  ~HostSession();

  /// Connects with the STATE death as Will; `stop` publishes the death, then disconnects.
  void start(const Now& now, HostActions& out);
  void stop(const Now& now, HostActions& out);
  void on_connected(const Now& now, HostActions& out);
  /// The connection ended, or the attempt failed. `random` gives the back-off its jitter.
  void on_closed(const Now& now, std::uint64_t random, HostActions& out);
  void on_message(std::string_view topic, ByteView payload, const Now& now, HostActions& out);
  void on_tick(const Now& now, HostActions& out);
  /// Monotonic time at which on_tick has something to do; nothing: no timer is running.
  std::optional<Duration> next_tick() const;

  /// NCMD. `not_found`: no such node; `unavailable`: not connected.
  Result<void> command(NodeNumber node, std::span<const CommandMetric> metrics, const Now& now,
                       HostActions& out);
  /// DCMD, or NCMD when the device is a node's own.
  Result<void> command(DeviceNumber device, std::span<const CommandMetric> metrics, const Now& now,
                       HostActions& out);
  /// Asks the node for its births (a caller that lost its place). One request is open at a time;
  /// more are folded into it, with back-off.
  Result<void> request_rebirth(NodeNumber node, std::string_view cause, const Now& now,
                               HostActions& out);

  bool is_online() const;
  std::size_t node_count() const;
  std::size_t device_count() const;
  const NodeStatus& node(NodeNumber number) const;
  const DeviceStatus& device(DeviceNumber number) const;
  /// Nothing when no birth of it was ever seen.
  std::optional<NodeNumber> find_node(std::string_view group, std::string_view edge) const;
  std::uint64_t count(HostProblem problem) const;
  const HostOptions& options() const;

 private:
  class Machine;
  explicit HostSession(std::unique_ptr<Machine> machine);
  std::unique_ptr<Machine> machine_;
};

}  // namespace millwright::sparkplug
