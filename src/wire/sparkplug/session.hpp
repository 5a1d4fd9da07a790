// What the edge session and the host session have in common: messages, time, reused lists of
// actions, and the values of commands. Sessions do no I/O: they append actions, the caller carries
// them out in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "ontology/value.hpp"

namespace millwright::sparkplug {

/// Both clocks at one moment: `utc` goes into payloads and STATE, `monotonic` drives every timer.
struct Now {
  Timestamp utc;
  Duration monotonic{0};
};

enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1 };
enum class Retain : std::uint8_t { no, yes };

/// One MQTT message to publish, or a Will.
struct Message {
  std::string topic;
  Bytes payload;
  Qos qos = Qos::at_most_once;
  Retain retain = Retain::no;

  void reset() {
    topic.clear();
    payload.clear();
    qos = Qos::at_most_once;
    retain = Retain::no;
  }
  bool operator==(const Message&) const = default;
};

/// Live data, or data that is late to this hop (DESIGN D9). Never mixed in one message.
enum class DataClass : std::uint8_t { live, historical };

/// A value of a command. Integers, booleans and DateTime as int64 (uint64 by its bit pattern),
/// floats as double, texts as string, bytes as bytes; monostate is null.
using CommandValue = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;

/// One metric of an NCMD or DCMD.
struct CommandMetric {
  std::string name;
  ontology::DataType datatype = ontology::DataType::unknown;
  CommandValue value;

  bool operator==(const CommandMetric&) const = default;
};

/// A list that keeps its elements and their buffers when cleared, so that a steady stream of
/// actions allocates nothing. `T` has `reset()`. Buffers of an element may be swapped or moved out.
template <typename T>
class Reused {
 public:
  T& append() {
    if (used_ == items_.size())
      items_.emplace_back();
    else
      items_[used_].reset();
    return items_[used_++];
  }
  void drop_last() { --used_; }
  void clear() { used_ = 0; }
  bool empty() const { return used_ == 0; }
  std::size_t size() const { return used_; }
  T& operator[](std::size_t index) { return items_[index]; }
  const T& operator[](std::size_t index) const { return items_[index]; }
  T* begin() { return items_.data(); }
  T* end() { return items_.data() + used_; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + used_; }

 private:
  std::vector<T> items_;
  std::size_t used_ = 0;
};

}  // namespace millwright::sparkplug
