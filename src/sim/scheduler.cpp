// The event queue: a binary heap over slots; cancelled events leave a stale entry behind that is
// skipped when its time comes.
#include "sim/scheduler.hpp"

#include <algorithm>
#include <utility>

#include "base/result.hpp"

namespace millwright::sim {

std::uint64_t Scheduler::at(Duration when, engine::Task task) {
  return add(when, 0, std::move(task));
}

std::uint64_t Scheduler::add(Duration when, std::uint32_t owner, engine::Task task) {
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[slot].task = std::move(task);
  slots_[slot].owner = owner;
  const std::uint32_t generation = ++slots_[slot].generation;
  push({std::max(when, now_), next_order_++, slot, generation});
  return (std::uint64_t{generation} << 32) | slot;
}

void Scheduler::push(Entry entry) {
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), later);
}

Scheduler::Entry Scheduler::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Entry entry = heap_.back();
  heap_.pop_back();
  return entry;
}

void Scheduler::release(std::uint32_t slot) {
  ++slots_[slot].generation;
  free_slots_.push_back(slot);
}

void Scheduler::cancel(std::uint64_t id) {
  const auto slot = static_cast<std::uint32_t>(id);
  if (slot >= slots_.size() || slots_[slot].generation != static_cast<std::uint32_t>(id >> 32)) {
    return;
  }
  // The task dies after its slot is free: its destructor may schedule or cancel.
  const engine::Task dying = std::move(slots_[slot].task);
  release(slot);
}

void Scheduler::kill(std::uint32_t owner) {
  owners_[owner].alive = false;
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].owner != owner || !slots_[slot].task) continue;
    const engine::Task dying = std::move(slots_[slot].task);
    slots_[slot].task = nullptr;
    release(slot);
  }
}

bool Scheduler::drop_stale_front() {
  while (!heap_.empty() && slots_[heap_.front().slot].generation != heap_.front().generation) pop();
  return !heap_.empty();
}

bool Scheduler::run_one() {
  return step(Duration::max());
}

bool Scheduler::step(Duration limit) {
  while (drop_stale_front() && heap_.front().when <= limit) {
    const Entry entry = pop();
    const Duration busy_until = owners_[slots_[entry.slot].owner].busy_until;
    if (busy_until > entry.when) {
      push({busy_until, next_order_++, entry.slot, entry.generation});
      continue;
    }
    now_ = entry.when;
    engine::Task task = std::move(slots_[entry.slot].task);
    slots_[entry.slot].task = nullptr;
    release(entry.slot);
    ++events_run_;
    task();
    return true;
  }
  return false;
}

void Scheduler::run_until(Duration until) {
  while (step(until)) {
  }
  now_ = std::max(now_, until);
}

bool Scheduler::run_until_true(const std::function<bool()>& done, Duration limit) {
  const Duration end = now_ + limit;
  if (done()) return true;
  while (step(end)) {
    if (done()) return true;
  }
  now_ = std::max(now_, end);
  return false;
}

std::unique_ptr<SimExecutor> Scheduler::make_executor(std::string name) {
  owners_.emplace_back();
  return std::make_unique<SimExecutor>(*this, static_cast<std::uint32_t>(owners_.size() - 1),
                                       std::move(name));
}

void SimExecutor::post(engine::Task task) {
  if (alive()) scheduler_->add(scheduler_->now_, owner_, std::move(task));
}

engine::TimerId SimExecutor::post_after(Duration delay, engine::Task task) {
  return alive() ? scheduler_->add(scheduler_->now_ + delay, owner_, std::move(task)) : 0;
}

void SimExecutor::kill() {
  if (!alive()) return;
  scheduler_->kill(owner_);
  std::vector<engine::Task> observers = std::exchange(observers_, {});
  for (auto& observer : observers) observer();
}

void SimExecutor::charge(Duration cost) {
  Duration& busy = scheduler_->owners_[owner_].busy_until;
  busy = std::max(busy, scheduler_->now_) + cost;
}

}  // namespace millwright::sim
