// The driver port: what brings samples into an edge. A driver owns its devices, lives on one
// executor, never blocks and is paced by its own timers. It knows nothing of pipelines, journals or
// the wire.
//
// Restart without a hole and without a repetition. Every batch carries a Position. The edge core
// stores it in the journal record that accepts the batch's outcome (one emission gives at most one
// record, so both become durable together) and hands the last one to `start` after a crash. When a
// pipeline holds state (a window in progress), the core keeps a checkpoint {position, snapshots of
// all pipelines} beside the journal: it restores the snapshots, starts the driver after the
// checkpoint's position, and suppresses outcomes up to the journal's last position. Drivers and
// stages are deterministic, so what is suppressed equals what was stored. Without a checkpoint the
// same is done from the beginning of the input.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"

namespace millwright::drivers {

/// Where in its input a driver is: after the record that it names. Positions of one driver grow
/// with each emission and are compared by (order, record).
struct Position {
  std::int64_t order = 0;    ///< event time in microseconds where emission follows event time,
                             ///< else 0
  std::uint64_t record = 0;  ///< number of the record in its source, from 1
  std::uint64_t offset = 0;  ///< byte after the record where the source can seek, else 0: a hint
  std::uint32_t source = 0;  ///< fingerprint of the source; another one cannot be resumed

  bool operator==(const Position&) const = default;
  /// True when `this` was emitted before `other` or is the same.
  bool not_after(const Position& other) const {
    return order != other.order ? order < other.order : record <= other.record;
  }
  /// At most 30 bytes, self-delimiting.
  void encode(ByteWriter& out) const;
  static Result<Position> decode(ByteReader& in);
};

/// A sink's answer to a batch.
enum class Answer : std::uint8_t {
  taken,    ///< the sink has what it needs of the batch; it will become durable in order
  not_now,  ///< no room: nothing was taken. `Driver::resume` is called when there is room again
};

/// What a driver tells the edge, always on the driver's executor.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Samples of one scan of one device: `device` indexes `Driver::devices()`, rows carry slots of
  /// its schema. The batch is only lent for the call.
  virtual Answer offer(std::uint32_t device, const ontology::Batch& batch,
                       const Position& position) = 0;
  /// A source that cannot be paused dropped samples after `not_now`: a declared loss.
  virtual void lost(std::uint32_t device, std::uint64_t samples, Timestamp from, Timestamp to,
                    const Position& position) = 0;
  /// The input is over; nothing follows. Open windows may be closed.
  virtual void ended() = 0;
  /// The driver cannot go on (or, for a source that reconnects, cannot for now).
  virtual void failed(const Error& error) = 0;
};

enum class DriverState : std::uint8_t { idle, running, waiting_for_sink, ended, failed };
std::string_view name_of(DriverState state);

/// Counters since `start`.
struct DriverStatus {
  DriverState state = DriverState::idle;
  std::uint64_t batches = 0;
  std::uint64_t samples = 0;
  std::uint64_t samples_unparsable = 0;  ///< emitted as bad:unparsable without a value
  std::uint64_t records_broken = 0;      ///< not emitted: wrong shape or unreadable time
  std::uint64_t records_unselected = 0;  ///< of keys that are not this edge's
  std::uint64_t samples_lost = 0;        ///< told to Sink::lost
  std::string last_problem;              ///< `file:line: what`, the latest
  std::optional<Position> position;      ///< of the last batch taken
  std::optional<Timestamp> event_time;   ///< of the last batch taken
};

/// A write to a device. Refused outside the declared limits; in force until `lease` is over, then
/// the device returns to its own program.
struct Command {
  std::string device;
  std::string metric;
  double value = 0;
  Duration lease{};
};

class Driver {
 public:
  virtual ~Driver() = default;
  /// Fixed for the driver's life. `address.site` and `address.edge` are empty: the core knows them.
  virtual const std::vector<ontology::DeviceSchema>& devices() const = 0;
  /// Starts emitting after `position` (nullopt: from the beginning). The first batch comes from the
  /// executor, never from inside the call. `conflict`: the source is not the one of `position`.
  virtual Result<void> start(Sink& sink, std::optional<Position> after) = 0;
  /// There is room again after `not_now`; harmless otherwise.
  virtual void resume() = 0;
  /// Ends emission; no call into the sink follows.
  virtual void stop() = 0;
  /// `not_found`: no such device or metric. `refused`: outside the limits, or not writable.
  virtual Result<void> command(const Command& command) = 0;
  virtual DriverStatus status() const = 0;
};

}  // namespace millwright::drivers
