#include "fabric/custody/relay.hpp"

#include <algorithm>

#include "fabric/custody/sender.hpp"

namespace millwright::custody {

using ontology::Sequence;

namespace {
constexpr Duration refused_retry = std::chrono::milliseconds(50);
}

Relay::Relay(std::string edge, RelayLink& link, RelayOptions options)
    : edge_(std::move(edge)), link_(link), options_(options), retransmit_(options.retransmit_min) {}

void Relay::on_birth(const envelope::Envelope& birth) {
  // What is held goes on its way; the edge sends again from its own position, and what is held is
  // trimmed as known.
  const bool continues = birth.incarnation == incarnation_ && birth.first_sequence <= expected_;
  if (!continues) {
    held_.clear();
    bytes_ = 0;
    sent_ = 0;
    incarnation_ = birth.incarnation;
    expected_ = birth.first_sequence;
    hub_received_.clear();
    progress_.clear();
  }
  if (held_.empty())
    std::erase_if(progress_, [&](const auto& entry) { return entry.first != incarnation_; });
  progress_[incarnation_].received = expected_;
  definitions_.clear();
  for (const auto& definition : birth.definitions)
    definitions_[definition.number] = definition.recipe;
}

Relay::Outcome Relay::take(RelayMessage message, const envelope::Envelope& envelope, Duration now) {
  if (incarnation_ == 0) return Outcome::not_born;
  if (message.range.incarnation != incarnation_) {
    // The next life of the journal begins at zero, after everything of the one before.
    if (message.range.first != 0) return Outcome::gap;
    incarnation_ = message.range.incarnation;
    expected_ = 0;
  }
  const Judgement judgement = judge(expected_, message.range.first, message.range.count);
  if (judgement.kind == Judgement::Kind::duplicate) return Outcome::duplicate;
  if (judgement.kind == Judgement::Kind::gap) return Outcome::gap;
  if (bytes_ >= options_.bytes_max) return Outcome::full;
  for (const auto& definition : envelope.definitions)
    definitions_[definition.number] = definition.recipe;
  expected_ = message.range.end();
  progress_[incarnation_].received = expected_;
  bytes_ += message.bytes();
  held_.push_back(std::move(message));
  pump(now);
  return Outcome::taken;
}

Bytes Relay::birth_envelope() const {
  envelope::Envelope birth;
  birth.kind = envelope::Kind::birth;
  birth.producer = edge_;
  birth.incarnation = held_.empty() ? incarnation_ : held_.front().range.incarnation;
  birth.first_sequence = held_.empty() ? expected_ : held_.front().range.first;
  for (const auto& [number, recipe] : definitions_) birth.definitions.push_back({number, recipe});
  Bytes out;
  envelope::encode(birth, out);
  return out;
}

void Relay::on_uplink_born(Duration now) {
  uplink_born_ = true;
  sent_ = 0;
  hub_received_.clear();
  retransmit_ = options_.retransmit_min;
  last_progress_ = now;
  pump(now);
}

void Relay::on_uplink_lost() {
  uplink_born_ = false;
}

void Relay::pump(Duration now) {
  while (uplink_born_ && sent_ < held_.size()) {
    if (sent_ == 0) last_progress_ = now;
    if (!link_.forward(edge_, held_[sent_])) {
      refused_at_ = now;
      break;
    }
    refused_at_.reset();
    ++sent_;
  }
}

std::size_t Relay::arrived_count() const {
  std::size_t count = 0;
  while (count < sent_) {
    const auto received = hub_received_.find(held_[count].range.incarnation);
    if (received == hub_received_.end() || held_[count].range.end() > received->second) break;
    ++count;
  }
  return count;
}

void Relay::on_acknowledgement(const envelope::Acknowledgement& acknowledgement, Duration now) {
  auto& stored = progress_[acknowledgement.incarnation].stored;
  stored = std::max(stored, acknowledgement.stored);
  bool progress = false;
  while (!held_.empty()) {
    const auto& front = held_.front();
    if (front.range.incarnation != acknowledgement.incarnation || front.range.end() > stored) break;
    bytes_ -= front.bytes();
    held_.pop_front();
    if (sent_ > 0) --sent_;
    progress = true;
  }
  // The hub knows more than this gateway was ever given: the edge need not send it again.
  if (acknowledgement.incarnation == incarnation_ && stored > expected_) expected_ = stored;
  const std::size_t before = arrived_count();
  auto& received = hub_received_[acknowledgement.incarnation];
  received = std::max({received, acknowledgement.received, acknowledgement.stored});
  progress = progress || arrived_count() > before;
  if (progress) {
    last_progress_ = now;
    retransmit_ = options_.retransmit_min;
  }
  pump(now);
}

std::optional<Duration> Relay::next_tick() const {
  if (!uplink_born_) return std::nullopt;
  if (refused_at_) return *refused_at_ + refused_retry;
  if (arrived_count() == held_.size()) return std::nullopt;
  return last_progress_ + retransmit_;
}

void Relay::on_tick(Duration now) {
  const bool waits = arrived_count() < held_.size();
  if (uplink_born_ && waits && now >= last_progress_ + retransmit_) {
    sent_ = arrived_count();
    retransmit_ = std::min(retransmit_ * 2, options_.retransmit_max);
    last_progress_ = now;
  }
  pump(now);
}

std::vector<envelope::Acknowledgement> Relay::acknowledgements() const {
  std::vector<envelope::Acknowledgement> out;
  for (const auto& [incarnation, progress] : progress_) {
    const Sequence received = incarnation == incarnation_ ? expected_ : progress.received;
    out.push_back({edge_, incarnation, progress.stored, std::max(received, progress.stored)});
  }
  return out;
}

}  // namespace millwright::custody
