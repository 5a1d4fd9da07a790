#include <sys/random.h>
#include <time.h>

#include <array>
#include <mutex>

#include "base/result.hpp"
#include "engine/system_time.hpp"

namespace millwright::engine {
namespace {

std::int64_t microseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

class RealClock final : public Clock {
 public:
  Timestamp utc_now() const override { return {microseconds_of(CLOCK_REALTIME)}; }
  Duration monotonic_now() const override { return Duration(microseconds_of(CLOCK_MONOTONIC)); }
};

/// Usable from every thread: ids are drawn on several.
class KernelRandom final : public Random {
 public:
  std::uint64_t next() override {
    const std::lock_guard lock(mutex_);
    if (used_ == pool_.size()) refill();
    return pool_[used_++];
  }

 private:
  void refill() {
    auto* at = reinterpret_cast<unsigned char*>(pool_.data());
    std::size_t left = sizeof pool_;
    while (left > 0) {
      const ssize_t got = ::getrandom(at, left, 0);
      if (got < 0) continue;  // EINTR is its only failure for these arguments
      at += got;
      left -= static_cast<std::size_t>(got);
    }
    used_ = 0;
  }

  std::mutex mutex_;
  std::array<std::uint64_t, 32> pool_{};
  std::size_t used_ = 32;
};

}  // namespace

std::unique_ptr<Clock> make_real_clock() {
  return std::make_unique<RealClock>();
}
std::unique_ptr<Random> make_real_random() {
  return std::make_unique<KernelRandom>();
}

}  // namespace millwright::engine
