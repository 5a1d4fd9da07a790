// What a gateway holds of one edge between the edge and the hub: the messages that arrived in order
// and that the hub has not acknowledged yet. In memory only: the edge keeps its samples until the
// hub's acknowledgement, so a gateway that dies loses nothing. Bounded by the edge's own window;
// beyond `bytes_max` nothing more is taken.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "ontology/custody.hpp"
#include "wire/envelope/envelope.hpp"
#include "wire/sparkplug/session.hpp"

namespace millwright::custody {

struct RelayOptions {
  std::uint64_t bytes_max = 4 * 1024 * 1024;
  Duration retransmit_min = std::chrono::seconds(1);
  Duration retransmit_max = std::chrono::seconds(15);
};

/// One message on its way. A loss has an empty schema and batch.
struct RelayMessage {
  ontology::SequenceRange range;
  std::shared_ptr<const ontology::DeviceSchema> schema;
  ontology::Batch batch;
  Bytes envelope;
  sparkplug::DataClass data_class = sparkplug::DataClass::live;

  std::uint64_t bytes() const {
    return 64 + batch.rows.size() * 16 + batch.arena.size() + envelope.size();
  }
};

/// The uplink of the gateway, as the relay sees it. An error: nothing was sent.
class RelayLink {
 public:
  virtual ~RelayLink() = default;
  virtual Result<void> forward(const std::string& edge, const RelayMessage& message) = 0;
};

class Relay {
 public:
  enum class Outcome : std::uint8_t {
    taken,
    duplicate,  ///< known already: acknowledge again
    gap,        ///< something before it is missing: acknowledge the position, the sender goes back
    full,       ///< no room: not taken; the sender sends it again
    not_born,   ///< no birth of this incarnation was seen
  };

  Relay(std::string edge, RelayLink& link, RelayOptions options);

  /// The edge's birth: where it restarts, and its dictionary.
  void on_birth(const envelope::Envelope& birth);
  /// `message.range` is what its envelope says; definitions of the envelope are kept for births of
  /// the gateway.
  Outcome take(RelayMessage message, const envelope::Envelope& envelope, Duration now);

  /// Envelope for the birth of the edge's `_node` device at the hub: restart at the oldest message
  /// held.
  Bytes birth_envelope() const;
  bool has_birth() const { return incarnation_ != 0; }
  /// The gateway's session with the hub is born: everything held is forwarded (again).
  void on_uplink_born(Duration now);
  void on_uplink_lost();
  /// The hub's word, passed on to the edge by `acknowledgement`.
  void on_acknowledgement(const envelope::Acknowledgement& acknowledgement, Duration now);
  void on_tick(Duration now);
  std::optional<Duration> next_tick() const;
  void pump(Duration now);

  /// What the edge shall be told: one entry for each life of its journal that is under way; empty
  /// before its birth.
  std::vector<envelope::Acknowledgement> acknowledgements() const;
  const std::string& edge() const { return edge_; }
  std::uint64_t bytes_held() const { return bytes_; }

 private:
  std::string edge_;
  RelayLink& link_;
  RelayOptions options_;
  ontology::Incarnation incarnation_ = 0;
  ontology::Sequence expected_ = 0;  ///< next from the edge
  struct Progress {
    ontology::Sequence received = 0;  ///< here
    ontology::Sequence stored = 0;    ///< at the hub
  };
  std::map<ontology::Incarnation, Progress> progress_;
  std::deque<RelayMessage> held_;
  std::size_t sent_ = 0;  ///< of held_, so many are on their way
  std::uint64_t bytes_ = 0;
  std::map<ontology::Incarnation, ontology::Sequence>
      hub_received_;  ///< told by the hub, this session
  std::map<std::uint32_t, std::string> definitions_;
  std::size_t arrived_count() const;
  bool uplink_born_ = false;
  Duration retransmit_;
  Duration last_progress_{0};
  std::optional<Duration> refused_at_;  ///< the link took no more; tried again a little later
};

}  // namespace millwright::custody
