#include "sim/topics.hpp"

#include <algorithm>

namespace millwright::sim {
namespace {

/// Cuts the first level off `rest`; `at_end` is set when it was the last one.
std::string_view take_level(std::string_view& rest, bool& at_end) {
  const auto slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  at_end = slash == std::string_view::npos;
  rest = at_end ? std::string_view{} : rest.substr(slash + 1);
  return level;
}

}  // namespace

bool is_valid_filter(std::string_view filter) {
  if (filter.empty() || filter.size() > 65'535) return false;
  bool at_end = false;
  while (!at_end) {
    const std::string_view level = take_level(filter, at_end);
    if (level.contains('#') && (level != "#" || !at_end)) return false;
    if (level.contains('+') && level != "+") return false;
  }
  return true;
}

bool topic_matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  bool filter_ends = false, topic_ends = false;
  while (true) {
    if (filter_ends) return topic_ends;
    const std::string_view wanted = take_level(filter, filter_ends);
    if (wanted == "#") return true;  // also matches the level above it: `a/#` matches `a`
    if (topic_ends) return false;
    const std::string_view level = take_level(topic, topic_ends);
    if (wanted != "+" && wanted != level) return false;
  }
}

void SubscriptionTree::add(std::string_view filter, std::uint64_t subscriber, engine::Qos qos) {
  Node* node = &root_;
  bool at_end = false;
  while (!at_end) {
    const std::string_view level = take_level(filter, at_end);
    auto& child = node->children[std::string(level)];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
  }
  node->subscribers[subscriber] = qos;
}

void SubscriptionTree::remove(std::string_view filter, std::uint64_t subscriber) {
  Node* node = &root_;
  bool at_end = false;
  while (!at_end) {
    const auto child = node->children.find(take_level(filter, at_end));
    if (child == node->children.end()) return;
    node = child->second.get();
  }
  node->subscribers.erase(subscriber);
}

void SubscriptionTree::collect(const Node& node, std::string_view rest, bool at_end, bool at_start,
                               std::map<std::uint64_t, engine::Qos>& found) {
  const auto add_all = [&](const Node& from) {
    for (const auto& [subscriber, qos] : from.subscribers) {
      auto& best = found.emplace(subscriber, qos).first->second;
      best = std::max(best, qos);
    }
  };
  const bool hidden = at_start && rest.starts_with('$');
  if (!hidden) {
    if (const auto all = node.children.find("#"); all != node.children.end()) add_all(*all->second);
  }
  if (at_end) return add_all(node);
  bool ends = false;
  const std::string_view level = take_level(rest, ends);
  if (const auto exact = node.children.find(level); exact != node.children.end()) {
    collect(*exact->second, rest, ends, false, found);
  }
  if (hidden) return;
  if (const auto any = node.children.find("+"); any != node.children.end()) {
    collect(*any->second, rest, ends, false, found);
  }
}

std::vector<SubscriptionTree::Match> SubscriptionTree::match(std::string_view topic) const {
  std::map<std::uint64_t, engine::Qos> found;
  collect(root_, topic, false, true, found);
  std::vector<Match> out;
  out.reserve(found.size());
  for (const auto& [subscriber, qos] : found) out.push_back({subscriber, qos});
  return out;
}

}  // namespace millwright::sim
