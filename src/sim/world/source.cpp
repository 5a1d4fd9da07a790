#include "sim/world/source.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "sim/random.hpp"

namespace millwright::sim {
namespace {

/// Overdue scans played in one go before others get their turn.
constexpr int catch_up_max = 64;

}  // namespace

Timestamp SourceTruth::time_of(std::uint64_t record) const {
  const auto shift = static_cast<std::int64_t>(
      SimRandom::stream(edge, "shift").below(static_cast<std::uint64_t>(period.count())));
  return start + period * static_cast<std::int64_t>(record) + Duration(shift);
}

std::optional<std::uint64_t> SourceTruth::record_at(Timestamp time) const {
  const Duration since = time - time_of(0);
  if (since.count() <= 0 || since.count() % period.count() != 0) return std::nullopt;
  const auto record = static_cast<std::uint64_t>(since / period);
  return record <= records ? std::optional(record) : std::nullopt;
}

std::string SourceTruth::name_of(std::uint32_t signal) const {
  return fmt::format("signal {:02}", signal);
}

ontology::DataType SourceTruth::type_of(std::uint32_t signal) const {
  return signal % 4 == 3 ? ontology::DataType::int64 : ontology::DataType::float64;
}

std::uint64_t SourceTruth::bits_of(std::uint64_t record, std::uint32_t signal) const {
  SimRandom random(seed ^ (std::uint64_t{edge} << 40) ^ (record << 8) ^ signal);
  ontology::Row row;
  if (type_of(signal) == ontology::DataType::int64) {
    row.set_i64(static_cast<std::int64_t>(random.below(1'000'000)));
  } else {
    row.set_f64(random.unit() * 100);
  }
  return row.bits;
}

SimSource::SimSource(SourceTruth truth, const Clock& clock, engine::Executor& executor,
                     std::uint32_t life, std::uint64_t repeat)
    : truth_(truth), clock_(clock), executor_(executor), turn_(life), repeat_(repeat) {
  ontology::DeviceSchema schema;
  schema.address.device = SourceTruth::device;
  for (std::uint32_t slot = 0; slot < truth_.signals; ++slot) {
    const std::uint32_t signal = (slot + turn_) % truth_.signals;
    schema.metrics.push_back({truth_.name_of(signal), truth_.type_of(signal), ""});
  }
  devices_.push_back(std::move(schema));
}

drivers::Position SimSource::position_of(std::uint64_t record) const {
  drivers::Position position;
  position.order = truth_.time_of(record).us;
  position.record = record;
  position.source = 0x51B0 + truth_.edge;
  return position;
}

Result<void> SimSource::start(drivers::Sink& sink, std::optional<drivers::Position> after) {
  sink_ = &sink;
  next_ = after ? (after->record - 1) % truth_.records + 2 : 1;
  next_ -= std::min(next_ - 1, repeat_);
  status_.state = drivers::DriverState::running;
  arm();
  return {};
}

void SimSource::resume() {
  if (!std::exchange(waiting_, false)) return;
  status_.state = drivers::DriverState::running;
  arm();
}

void SimSource::stop() {
  if (timer_) executor_.cancel(*timer_);
  timer_.reset();
  sink_ = nullptr;
}

Result<void> SimSource::command(const drivers::Command& command) {
  return fail(Code::refused, fmt::format("{} is not writable", command.metric));
}

void SimSource::arm() {
  if (timer_ || sink_ == nullptr || waiting_) return;
  const Duration delay = next_ > truth_.records
                             ? Duration(0)
                             : std::max(Duration(0), truth_.time_of(next_) - clock_.utc_now());
  timer_ = executor_.post_after(delay, [this] {
    timer_.reset();
    emit();
  });
}

void SimSource::emit() {
  for (int i = 0; i < catch_up_max && sink_ != nullptr; ++i) {
    if (next_ > truth_.records) {
      status_.state = drivers::DriverState::ended;
      return std::exchange(sink_, nullptr)->ended();
    }
    const Timestamp time = truth_.time_of(next_);
    if (time > clock_.utc_now()) break;
    ontology::Batch batch;
    for (std::uint32_t slot = 0; slot < truth_.signals; ++slot) {
      ontology::Row row;
      row.ts_us = time.us;
      row.slot = slot;
      row.bits = truth_.bits_of(next_, (slot + turn_) % truth_.signals);
      batch.rows.push_back(row);
    }
    // A repeated scan pretends to be a new one.
    const drivers::Position position =
        position_of(repeat_ > 0 ? next_ + truth_.records * turn_ : next_);
    if (sink_->offer(0, batch, position) == drivers::Answer::not_now) {
      status_.state = drivers::DriverState::waiting_for_sink;
      if (truth_.waits) {
        waiting_ = true;
        return;
      }
      status_.samples_lost += truth_.signals;
      sink_->lost(0, truth_.signals, time, time, position);
    } else {
      ++status_.batches;
      status_.samples += truth_.signals;
      status_.position = position;
      status_.event_time = time;
    }
    ++next_;
  }
  arm();
}

}  // namespace millwright::sim
