// Seeded randomness of the simulated world: SplitMix64 (Steele, Lea, Flood 2014). Every process and
// every fault takes a stream of its own, so that one more draw here changes nothing there.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.hpp"

namespace millwright::sim {

class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override {
    state_ += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound); 0 when `bound` is 0.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(double probability) { return unit() < probability; }
  /// Uniform in [from, to].
  Duration between(Duration from, Duration to) {
    const auto span = static_cast<std::uint64_t>((to - from).count()) + 1;
    return from + Duration(static_cast<std::int64_t>(below(span)));
  }
  /// A stream of its own, fixed by this stream's seed and `name` (not by how far this one is).
  static SimRandom stream(std::uint64_t seed, std::string_view name) {
    std::uint64_t hash = 0xCBF29CE484222325ull ^ seed;
    for (const char c : name) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
    }
    SimRandom mixed(hash);
    return SimRandom(mixed.next());
  }

 private:
  __extension__ using Wide = unsigned __int128;
  std::uint64_t state_;
};

}  // namespace millwright::sim
