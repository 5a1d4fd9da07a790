// What happened in a simulated world, as one rolling hash and counts by kind. Two runs of one seed
// must agree in every bit of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace millwright::sim {

class Trace {
 public:
  /// Adds an event. `content` and `subject` go into the hash by value.
  void add(std::string_view kind, Duration when, std::string_view subject, ByteView content = {}) {
    ++counts_[std::string(kind)];
    mix(static_cast<std::uint64_t>(when.count()));
    mix(as_bytes(kind));
    mix(as_bytes(subject));
    mix(content);
  }
  std::uint64_t hash() const { return hash_; }
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  void mix(std::uint64_t word) {
    hash_ ^= word;
    hash_ *= 0x9FB21C651E98DF25ull;
    hash_ ^= hash_ >> 32;
  }
  void mix(ByteView bytes) {
    mix(bytes.size());
    while (bytes.size() >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), 8);
      mix(word);
      bytes = bytes.subspan(8);
    }
    std::uint64_t word = 0;
    if (!bytes.empty()) std::memcpy(&word, bytes.data(), bytes.size());
    mix(word);
  }

  std::uint64_t hash_ = 0x243F6A8885A308D3ull;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace millwright::sim
