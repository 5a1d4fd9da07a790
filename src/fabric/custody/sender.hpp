// Sends a journal upwards: strictly in sequence, at most a window of unacknowledged bytes and
// messages, back to where the next hop stands when an acknowledgement stays out. Decides what to
// send; the link below says it on the wire.
//
// Pure apart from the journal: time comes in. Lives on the executor of its core.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "fabric/custody/journal.hpp"
#include "ontology/address.hpp"
#include "wire/envelope/envelope.hpp"
#include "wire/sparkplug/session.hpp"

namespace millwright::custody {

struct SenderOptions {
  /// A broker drops QoS 0 silently when a reader is slow, so no more than this is ever under way
  /// (DESIGN D6).
  std::uint64_t window_bytes = 256 * 1024;
  std::uint32_t window_messages = 400;
  Duration retransmit_min = std::chrono::seconds(1);
  Duration retransmit_max = std::chrono::seconds(15);
};

/// The session below the sender. An error means that nothing of the message was sent.
class SenderLink {
 public:
  virtual ~SenderLink() = default;
  /// Makes `schema` the one in force for its device (a birth when it is not).
  virtual Result<void> declare_schema(const ontology::DeviceSchema& schema) = 0;
  virtual Result<void> send_data(const std::string& device, const ontology::Batch& batch,
                                 ByteView envelope, sparkplug::DataClass data_class) = 0;
  /// A declared loss: a message of the node itself.
  virtual Result<void> send_loss(ByteView envelope) = 0;
};

class Sender {
 public:
  Sender(Journal& journal, SenderLink& link, std::string producer, SenderOptions options);

  /// Envelope of the node's birth: where sending (re)starts and the dictionary of recipes.
  Bytes birth_envelope();
  /// The session is born: everything unacknowledged is sent (again). What was accepted before is
  /// late to this hop.
  void on_born(Duration now);
  void on_lost();
  void on_acknowledgement(const envelope::Acknowledgement& acknowledgement, Duration now);
  /// Sends what the window allows.
  void pump(Duration now);
  void on_tick(Duration now);
  /// When on_tick has something to do.
  std::optional<Duration> next_tick() const;

  std::uint64_t bytes_in_flight() const { return bytes_in_flight_; }
  std::uint64_t samples_resent() const { return samples_resent_; }
  /// True when everything accepted was sent and acknowledged as stored.
  bool is_drained() const { return in_flight_.empty() && !more_; }

 private:
  struct InFlight {
    Cursor start;
    ontology::SequenceRange range;
    std::uint64_t bytes = 0;
  };
  bool send(const JournalItem& item);
  void go_back(std::size_t keep);
  std::size_t arrived_count() const;

  Journal& journal_;
  SenderLink& link_;
  std::string producer_;
  SenderOptions options_;
  Cursor cursor_;
  std::deque<InFlight> in_flight_;
  std::uint64_t bytes_in_flight_ = 0;
  std::uint64_t samples_resent_ = 0;
  bool born_ = false;
  bool more_ = true;
  ontology::Incarnation live_incarnation_ = 0;
  ontology::Sequence live_from_ = 0;      ///< accepted before this: historical
  ontology::SequenceRange highest_sent_;  ///< to count what is sent again
  std::map<ontology::Incarnation, ontology::Sequence>
      received_;  ///< told by the next hop, this session
  std::set<std::uint32_t> defined_at_birth_, defined_;
  Duration retransmit_{0};
  Duration last_progress_{0};
  std::optional<Duration> refused_at_;  ///< the link took no more; tried again a little later
  envelope::Envelope scratch_;
  Bytes scratch_bytes_;
};

/// How a host takes a run of samples, given what it expects next. In order only: a gap is refused,
/// an overlap is trimmed.
struct Judgement {
  enum class Kind : std::uint8_t { accept, duplicate, gap } kind = Kind::accept;
  std::uint64_t skip = 0;  ///< accept: leading samples that are known already
};
constexpr Judgement judge(ontology::Sequence expected, ontology::Sequence first,
                          std::uint64_t count) {
  if (first > expected) return {Judgement::Kind::gap, 0};
  if (first + count <= expected) return {Judgement::Kind::duplicate, count};
  return {Judgement::Kind::accept, expected - first};
}

}  // namespace millwright::custody
