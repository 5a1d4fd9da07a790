// The Sparkplug B session of an edge node: Will, bdSeq, primary host, births, data, deaths,
// rebirth, commands. A machine without I/O and without a clock: events in, actions out; the same
// machine runs live, in the simulator and under a fuzzer. (Specification 3.0, chapters 5 and 6.)
//
// Life: start → persist_bd_seq, connect → on_connected → subscribe… → [primary host online] →
// need_births → the caller sets the birth bodies and calls send_births → publish (NBIRTH, DBIRTHs)
// → born → publish_data… A rebirth request leads to need_births again within the same session.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "wire/sparkplug/alias_table.hpp"
#include "wire/sparkplug/session.hpp"
#include "wire/sparkplug/topic.hpp"

namespace millwright::sparkplug {

/// Whether DATA repeats the datatype. The standard says no
/// [tck-id-payloads-metric-datatype-not-req]; some readers (npm sparkplug-payload 1.0.3) read
/// nothing without it.
enum class DatatypeInData : std::uint8_t { no, yes };
/// Whether DATA carries the standard `Quality` property (0, 192, 500) on rows that are not good.
enum class QualityInData : std::uint8_t { no, yes };

struct EdgeOptions {
  std::string group{};
  std::string edge{};
  std::string primary_host{};  ///< host id whose STATE decides; empty: births follow the connection
  std::uint32_t servers = 1;   ///< brokers to walk through; `EdgeAction::server` counts modulo this
  Duration rebirth_debounce = std::chrono::seconds(5);  ///< least time between two birth sequences
  Duration reconnect_min = std::chrono::milliseconds(500);
  Duration reconnect_max = std::chrono::seconds(30);
  /// With several servers: leaves a server whose STATE stays silent for so long.
  Duration host_wait_max = std::chrono::seconds(30);
  DatatypeInData datatype_in_data = DatatypeInData::no;
  QualityInData quality_in_data = QualityInData::no;
};

enum class EdgeActionKind : std::uint8_t {
  persist_bd_seq,  ///< store `bd_seq` durably before carrying out what follows
  connect,         ///< to server `server`, with Will `message`, clean session
  subscribe,       ///< to filter `message.topic` with `message.qos`
  publish,         ///< `message`; if the connection refuses it, call on_publish_refused
  disconnect,      ///< end the connection without its Will; then call on_closed
  need_births,     ///< set the birth bodies, then call send_births
  born,            ///< the birth sequence is complete: data may be published from now on
  command,         ///< `device` (empty: the node) shall take `metrics`
  host_state,      ///< the primary host is `host_online`
  refused,         ///< something received was not usable: `text` says what
};
std::string_view name_of(EdgeActionKind kind);

/// One action. Only the members named at its kind have a meaning.
struct EdgeAction {
  EdgeActionKind kind = EdgeActionKind::refused;
  Message message;
  std::uint8_t bd_seq = 0;
  std::uint32_t server = 0;
  bool host_online = false;
  std::string device;
  std::vector<CommandMetric> metrics;
  std::string text;

  void reset();
};
using EdgeActions = Reused<EdgeAction>;

enum class EdgeState : std::uint8_t {
  stopped,
  backing_off,         ///< waits for the next attempt to connect
  connecting,          ///< CONNECT handed over, no answer yet
  waiting_for_host,    ///< connected; the primary host is not online
  waiting_for_births,  ///< need_births was said
  born,
  leaving,  ///< disconnect was said; on_closed is awaited
};
std::string_view name_of(EdgeState state);

/// What the births of a device carry beside its schema.
struct BirthContent {
  ByteView body{};  ///< payload body, with uuid `mw/1`; empty: none
  /// Last known values, of slots of the schema; null: none. A slot without one is born as null.
  const ontology::Batch* values = nullptr;
};

/// Owned by one caller on one executor. Memory is bounded by the devices that the caller declared.
/// In every call the empty device name means the node itself.
class EdgeSession {
 public:
  /// `last_bd_seq`: what persist_bd_seq stored last; nothing on the first start ever, which then
  /// begins with 0. Fails with invalid_input on ids that are not valid.
  static Result<EdgeSession> create(EdgeOptions options, std::optional<std::uint8_t> last_bd_seq);

  // What there is to report. ------------------------------------------------------------------

  /// Declares a device with its metrics (slot = index), or replaces its schema. While born: DBIRTH
  /// at once (for a changed schema DDEATH first; for the node a rebirth of everything, since only
  /// an NBIRTH can declare node metrics). An equal schema publishes nothing; the content is for the
  /// next birth then. The node's own bdSeq and `Node Control/Rebirth` are added by the session.
  /// Fails with invalid_input on metrics, or slots of the values, that cannot be.
  Result<void> set_device(std::string_view device, std::vector<ontology::MetricDefinition> metrics,
                          const BirthContent& birth, const Now& now, EdgeActions& out);
  /// DDEATH while born. not_found when there is no such device; the node cannot be removed.
  Result<void> remove_device(std::string_view device, const Now& now, EdgeActions& out);
  /// Last values for the next birth, without publishing. Data published as live updates them too.
  Result<void> set_values(std::string_view device, const ontology::Batch& batch);
  /// Takes out the rows that say what the last value says already: same time, quality and value.
  void remove_known(std::string_view device, ontology::Batch& batch) const;
  /// Payload body (and uuid `mw/1`) of the next births of the device; empty: none.
  Result<void> set_birth_body(std::string_view device, ByteView body);

  // Life. -------------------------------------------------------------------------------------

  /// Connects; `stop` ends it with NDEATH, then disconnect.
  void start(const Now& now, EdgeActions& out);
  void stop(const Now& now, EdgeActions& out);
  void on_connected(const Now& now, EdgeActions& out);
  /// The connection ended, or the attempt failed. `random` gives the back-off its jitter.
  void on_closed(const Now& now, std::uint64_t random, EdgeActions& out);
  void on_message(std::string_view topic, ByteView payload, const Now& now, EdgeActions& out);
  void on_tick(const Now& now, EdgeActions& out);
  /// Monotonic time at which on_tick has something to do; nothing: no timer is running.
  std::optional<Duration> next_tick() const;

  // Publishing. -------------------------------------------------------------------------------

  /// The answer to need_births: NBIRTH (seq 0), then a DBIRTH for every device.
  Result<void> send_births(const Now& now, EdgeActions& out);
  /// One DATA message: the rows of `batch` by alias, `body` as envelope (empty: none).
  /// `unavailable` while not born, `not_found` for an unknown device, `invalid_input` for a slot
  /// that the schema has not; then nothing was appended and no number was used.
  Result<void> publish_data(std::string_view device, const ontology::Batch& batch, ByteView body,
                            DataClass data_class, const Now& now, EdgeActions& out);
  /// The connection refused a publish action of the last list: neither it nor any later publish of
  /// that list was sent, `messages` in all. Their numbers are taken back, so that no hole remains;
  /// data is published again by the caller, an unfinished birth sequence is begun anew
  /// (need_births, from on_tick).
  void on_publish_refused(std::uint32_t messages, const Now& now, EdgeActions& out);

  // State. ------------------------------------------------------------------------------------

  EdgeState state() const { return state_; }
  bool is_born() const { return state_ == EdgeState::born; }
  /// bdSeq of the current connection or attempt.
  std::uint8_t bd_seq() const { return bd_seq_; }
  /// The number that the next message will carry.
  std::uint8_t next_seq() const { return seq_; }
  const EdgeOptions& options() const { return options_; }

 private:
  /// What is reported as one birth: a device, or under the empty name the node.
  struct Device {
    std::vector<ontology::MetricDefinition> metrics;
    AliasTable table;
    std::vector<ontology::Row> values;  ///< last live row of each slot
    std::vector<std::string> texts;     ///< of slots of text and blob columns
    Bytes birth_body;
    std::string data_topic;
  };
  using Devices = std::map<std::string, Device, std::less<>>;

  EdgeSession(EdgeOptions options, std::optional<std::uint8_t> last_bd_seq);

  void attempt(const Now& now, EdgeActions& out);
  void begin_births(const Now& now, EdgeActions& out);
  void leave(const Now& now, EdgeActions& out);
  void request_rebirth(const Now& now, EdgeActions& out);
  void on_host_state(ByteView payload, const Now& now, EdgeActions& out);
  void on_command(const Topic& topic, ByteView bytes, const Now& now, EdgeActions& out);
  void make_node_death(const Now& now, Message& message) const;
  void publish_birth(const std::string& name, const Device& device, const Now& now,
                     EdgeActions& out);
  void publish_device_death(std::string_view name, const Now& now, EdgeActions& out);
  Result<Device> make_device(std::string_view name,
                             std::vector<ontology::MetricDefinition> metrics);
  std::uint8_t take_seq() {
    ++since_birth_;
    return seq_++;
  }
  std::string topic(MessageType type, std::string_view device = {}) const;

  EdgeOptions options_;
  EdgeState state_ = EdgeState::stopped;
  bool stopping_ = false;          ///< stop was said: do not connect again
  bool walk_ = false;              ///< the next attempt goes to the next server
  std::uint32_t births_sent_ = 0;  ///< NBIRTHs that went out on this connection
  std::uint64_t since_birth_ = 0;  ///< numbered messages since the last NBIRTH, with it
  Devices devices_;
  std::uint64_t next_alias_ = 1;
  std::optional<std::uint8_t> sent_bd_seq_;  ///< of the last CONNECT that reached a broker
  std::optional<std::uint8_t> persisted_bd_seq_;
  std::uint8_t bd_seq_ = 0;
  std::uint8_t seq_ = 0;          ///< counts modulo 256 by its width
  std::uint32_t returnable_ = 0;  ///< data messages since the last birth or death message
  std::uint32_t server_ = 0;
  std::uint32_t failures_ = 0;                     ///< attempts since the last birth
  std::optional<std::int64_t> host_timestamp_ms_;  ///< of the STATE that counted last
  bool host_online_ = false;
  std::optional<Duration> wake_;         ///< back-off, waiting for the host, or births put off
  std::optional<Duration> rebirth_due_;  ///< a rebirth request that waits for the debounce
  std::optional<Duration> last_births_;
};

}  // namespace millwright::sparkplug
