// MQTT topic filters (MQTT 3.1.1, 4.7) and a tree of subscriptions that finds who wants a topic.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/broker.hpp"

namespace millwright::sim {

/// True when `filter` may stand in a SUBSCRIBE: not empty, `#` alone in its last level, `+` alone
/// in its level.
bool is_valid_filter(std::string_view filter);
/// MQTT 3.1.1, 4.7.1 and 4.7.2 (wildcards do not match topics that begin with `$`).
bool topic_matches(std::string_view filter, std::string_view topic);

/// Filters by subscriber number.
class SubscriptionTree {
 public:
  struct Match {
    std::uint64_t subscriber;
    engine::Qos qos;
  };
  void add(std::string_view filter, std::uint64_t subscriber, engine::Qos qos);
  void remove(std::string_view filter, std::uint64_t subscriber);
  /// Each subscriber once, by number, with the greatest QoS of its matching filters.
  std::vector<Match> match(std::string_view topic) const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
    std::map<std::uint64_t, engine::Qos> subscribers;
  };
  static void collect(const Node& node, std::string_view rest, bool at_end, bool at_start,
                      std::map<std::uint64_t, engine::Qos>& found);
  Node root_;
};

}  // namespace millwright::sim
