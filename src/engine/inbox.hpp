// A bounded inbox: what stands between two executors. Its overflow rule is named, and whatever it
// loses is counted and told. Not a queue of tasks (that is the executor).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace millwright::engine {

/// What happens to an item for which there is no room.
enum class Overflow : std::uint8_t {
  refuse,       ///< the sender is told `exhausted` and keeps it (back-pressure)
  drop_oldest,  ///< the oldest items make room and are lost, declared through `on_loss`
  spill,        ///< it goes to the spill store; refused when that is full too
};

/// Keeps what does not fit into memory, oldest first. Used under the inbox's lock.
template <typename T>
class SpillStore {
 public:
  virtual ~SpillStore() = default;
  /// `exhausted`: its own bound is reached; the item is untouched.
  virtual Result<void> put(T& item) = 0;
  /// The oldest item; nullopt when empty.
  virtual Result<std::optional<T>> take() = 0;
};

template <typename T>
struct InboxOptions {
  /// Bound on the summed weight of the items in memory.
  std::size_t weight_max = 1024;
  Overflow overflow = Overflow::refuse;
  /// Weight of one item, at least 1; samples of a batch, for example.
  std::function<std::size_t(const T&)> weight = [](const T&) -> std::size_t { return 1; };
  /// Called for each item lost, on the thread that pushed, before `push` returns.
  std::function<void(T&&)> on_loss = [](T&&) {};
  /// Called when the inbox stops being empty, on the thread that pushed, without the lock.
  std::function<void()> on_ready = [] {};
  /// Needed for `spill`.
  std::unique_ptr<SpillStore<T>> spill = nullptr;
};

/// Counts in weight units since the inbox was made; pushed = taken + lost + waiting.
struct InboxCounts {
  std::uint64_t pushed = 0;
  std::uint64_t taken = 0;
  std::uint64_t lost = 0;
  std::uint64_t refused = 0;  ///< never entered; not in `pushed`
  std::uint64_t spilled = 0;
};

/// Any thread may push; one executor takes. Order is kept, also through the spill store.
/// An item heavier than the whole bound is taken when the inbox is empty, else it could never pass.
template <typename T>
class Inbox {
 public:
  explicit Inbox(InboxOptions<T> options) : options_(std::move(options)) {
    MILLWRIGHT_ASSERT(options_.weight_max > 0);
    MILLWRIGHT_ASSERT(options_.overflow != Overflow::spill || options_.spill != nullptr);
  }

  /// `exhausted`: refused; the caller's item is untouched and may be pushed again later.
  Result<void> push(T&& item) {
    const std::size_t weight = options_.weight(item);
    std::vector<T> lost;
    bool was_empty = false;
    {
      const std::lock_guard lock(mutex_);
      was_empty = items_.empty() && spilled_items_ == 0;
      if (options_.overflow == Overflow::drop_oldest) make_room(weight, lost);
      // While older items lie in the spill store, newer ones must queue behind them.
      const bool fits = fits_now(weight) && spilled_items_ == 0;
      if (!fits && options_.overflow != Overflow::spill) {
        counts_.refused += weight;
        return fail(Code::exhausted, "the inbox is full");
      }
      if (!fits) {
        if (auto put = options_.spill->put(item); !put) {
          counts_.refused += weight;
          return put;
        }
        ++spilled_items_;
        counts_.spilled += weight;
      } else {
        items_.push_back({std::move(item), weight});
        waiting_ += weight;
      }
      counts_.pushed += weight;
    }
    for (auto& gone : lost) options_.on_loss(std::move(gone));
    if (was_empty) options_.on_ready();
    return {};
  }

  /// The oldest item; nullopt when there is none. An error is the spill store's.
  Result<std::optional<T>> take() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return take_spilled();
    Item item = std::move(items_.front());
    items_.pop_front();
    waiting_ -= item.weight;
    counts_.taken += item.weight;
    return std::optional<T>(std::move(item.value));
  }

  /// Weight of what waits in memory.
  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return items_.empty() && spilled_items_ == 0;
  }
  InboxCounts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  struct Item {
    T value;
    std::size_t weight;
  };

  bool fits_now(std::size_t weight) const {
    return items_.empty() || waiting_ + weight <= options_.weight_max;
  }

  void make_room(std::size_t weight, std::vector<T>& lost) {
    while (!fits_now(weight)) {
      waiting_ -= items_.front().weight;
      counts_.lost += items_.front().weight;
      lost.push_back(std::move(items_.front().value));
      items_.pop_front();
    }
  }

  Result<std::optional<T>> take_spilled() {
    if (spilled_items_ == 0) return std::optional<T>{};
    auto item = options_.spill->take();
    if (!item) return item;
    --spilled_items_;
    if (*item) counts_.taken += options_.weight(**item);
    return item;
  }

  InboxOptions<T> options_;
  mutable std::mutex mutex_;
  std::deque<Item> items_;
  std::size_t waiting_ = 0;
  std::size_t spilled_items_ = 0;
  InboxCounts counts_;
};

}  // namespace millwright::engine
