#include "fabric/custody/sender.hpp"

#include <algorithm>

namespace millwright::custody {

using envelope::Envelope;

namespace {
constexpr Duration refused_retry = std::chrono::milliseconds(50);
}

Sender::Sender(Journal& journal, SenderLink& link, std::string producer, SenderOptions options)
    : journal_(journal),
      link_(link),
      producer_(std::move(producer)),
      options_(options),
      cursor_(journal.first_unreleased()),
      retransmit_(options.retransmit_min) {}

Bytes Sender::birth_envelope() {
  const Cursor from = journal_.first_unreleased();
  Envelope birth;
  birth.kind = envelope::Kind::birth;
  birth.producer = producer_;
  birth.incarnation = from.incarnation;
  birth.first_sequence = from.sequence;
  defined_at_birth_.clear();
  for (const auto& [number, recipe] : journal_.recipes()) {
    birth.definitions.push_back({number, recipe});
    defined_at_birth_.insert(number);
  }
  Bytes out;
  envelope::encode(birth, out);
  return out;
}

void Sender::on_born(Duration now) {
  born_ = true;
  live_incarnation_ = journal_.incarnation();
  live_from_ = journal_.accepted();
  received_.clear();
  retransmit_ = options_.retransmit_min;
  last_progress_ = now;
  go_back(0);
  cursor_ = journal_.first_unreleased();
  pump(now);
}

void Sender::on_lost() {
  born_ = false;
}

void Sender::go_back(std::size_t keep) {
  defined_ = defined_at_birth_;
  if (keep >= in_flight_.size()) return;
  cursor_ = in_flight_[keep].start;
  while (in_flight_.size() > keep) {
    bytes_in_flight_ -= in_flight_.back().bytes;
    in_flight_.pop_back();
  }
  more_ = true;
}

std::size_t Sender::arrived_count() const {
  std::size_t count = 0;
  for (const InFlight& item : in_flight_) {
    const auto received = received_.find(item.range.incarnation);
    if (received == received_.end() || item.range.end() > received->second) break;
    ++count;
  }
  return count;
}

void Sender::on_acknowledgement(const envelope::Acknowledgement& acknowledgement, Duration now) {
  journal_.release(acknowledgement.incarnation, acknowledgement.stored);
  bool progress = false;
  while (!in_flight_.empty()) {
    const InFlight& front = in_flight_.front();
    if (front.range.incarnation != acknowledgement.incarnation ||
        front.range.end() > acknowledgement.stored)
      break;
    bytes_in_flight_ -= front.bytes;
    in_flight_.pop_front();
    progress = true;
  }
  if (in_flight_.empty() && cursor_.incarnation == acknowledgement.incarnation) {
    cursor_.sequence = std::max(cursor_.sequence, acknowledgement.stored);
  }
  const std::size_t before = arrived_count();
  auto& received = received_[acknowledgement.incarnation];
  received = std::max({received, acknowledgement.received, acknowledgement.stored});
  progress = progress || arrived_count() > before;
  if (progress) {
    last_progress_ = now;
    retransmit_ = options_.retransmit_min;
  }
  pump(now);
}

bool Sender::send(const JournalItem& item) {
  scratch_ = Envelope{};
  scratch_.producer = producer_;
  scratch_.incarnation = item.range.incarnation;
  scratch_.first_sequence = item.range.first;
  scratch_bytes_.clear();
  if (item.loss) {
    scratch_.kind = envelope::Kind::loss;
    scratch_.count = item.range.count;
    scratch_.losses.push_back(*item.loss);
    envelope::encode(scratch_, scratch_bytes_);
    return link_.send_loss(scratch_bytes_).has_value();
  }
  if (!link_.declare_schema(*item.schema)) return false;
  scratch_.kind = envelope::Kind::data;
  envelope::extract(item.batch.rows, scratch_);
  std::vector<std::uint32_t> newly_defined;
  for (const auto& run : scratch_.provenance) {
    if (run.value == 0 || defined_.contains(run.value)) continue;
    if (std::ranges::find(newly_defined, run.value) != newly_defined.end()) continue;
    const auto recipe = journal_.recipes().find(run.value);
    if (recipe == journal_.recipes().end()) continue;
    scratch_.definitions.push_back({run.value, recipe->second});
    newly_defined.push_back(run.value);
  }
  envelope::encode(scratch_, scratch_bytes_);
  const bool historical =
      item.range.incarnation != live_incarnation_ || item.range.first < live_from_;
  const auto data_class =
      historical ? sparkplug::DataClass::historical : sparkplug::DataClass::live;
  if (!link_.send_data(item.schema->address.device, item.batch, scratch_bytes_, data_class))
    return false;
  defined_.insert(newly_defined.begin(), newly_defined.end());
  return true;
}

void Sender::pump(Duration now) {
  while (born_ && bytes_in_flight_ < options_.window_bytes &&
         in_flight_.size() < options_.window_messages) {
    const Cursor start = cursor_;
    auto item = journal_.read(cursor_);
    if (!item || !*item) {
      more_ = !item;
      break;
    }
    if (!send(**item)) {
      cursor_ = start;
      refused_at_ = now;
      break;
    }
    refused_at_.reset();
    if (in_flight_.empty()) last_progress_ = now;
    const auto& range = (*item)->range;
    if (range.incarnation == highest_sent_.incarnation && range.first < highest_sent_.first) {
      samples_resent_ += range.count;
    } else {
      highest_sent_ = {range.incarnation, range.end(), 0};
    }
    const std::uint64_t bytes = std::max<std::uint64_t>((*item)->bytes, 64);
    in_flight_.push_back({start, range, bytes});
    bytes_in_flight_ += bytes;
  }
}

std::optional<Duration> Sender::next_tick() const {
  if (!born_) return std::nullopt;
  if (refused_at_) return *refused_at_ + refused_retry;
  if (arrived_count() == in_flight_.size()) return std::nullopt;
  return last_progress_ + retransmit_;
}

void Sender::on_tick(Duration now) {
  const bool waits = arrived_count() < in_flight_.size();
  if (born_ && waits && now >= last_progress_ + retransmit_) {
    go_back(arrived_count());
    retransmit_ = std::min(retransmit_ * 2, options_.retransmit_max);
    last_progress_ = now;
  }
  pump(now);
}

}  // namespace millwright::custody
