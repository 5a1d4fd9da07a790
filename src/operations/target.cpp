#include "operations/target.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::operations {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || std::string_view("_.:/-").contains(c);
  });
}

}  // namespace

std::string_view name_of(TargetKind kind) {
  return kind == TargetKind::edge ? "edge" : "gateway";
}

bool is_valid_target_id(std::string_view text) {
  return !text.empty() && text.size() <= 191 && std::ranges::all_of(text, [](char c) {
    return is_lower_or_digit(c) || std::string_view("_.:/-").contains(c);
  });
}

Result<Selector> Selector::parse(std::string_view text) {
  Selector selector;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view condition = text.substr(0, comma);
    const auto equals = condition.find('=');
    const std::string_view key = condition.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : condition.substr(equals + 1);
    const bool ends_in_comma = comma != std::string_view::npos && comma + 1 == text.size();
    if (!is_plain(key) || !is_plain(value) || ends_in_comma) {
      return fail(Code::invalid_input,
                  fmt::format("'{}' is not a condition of a selector", condition),
                  "write key=value, separated by commas, such as kind=gateway,ring=lab");
    }
    selector.conditions_.emplace_back(key, value);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  std::ranges::sort(selector.conditions_);
  const auto twice = std::ranges::adjacent_find(selector.conditions_, {}, &Label::first);
  if (twice != selector.conditions_.end()) {
    return fail(Code::invalid_input, fmt::format("the selector names '{}' twice", twice->first),
                "keep one condition a key");
  }
  return selector;
}

bool Selector::matches(const Target& target) const {
  return std::ranges::all_of(conditions_, [&](const Label& condition) {
    const auto& [key, value] = condition;
    if (key == "kind") return name_of(target.kind) == value;
    if (key == "site") return target.site == value;
    if (key == "id") return target.id == value;
    return std::ranges::find(target.labels, condition) != target.labels.end();
  });
}

std::string Selector::text() const {
  std::string out;
  for (const auto& [key, value] : conditions_) {
    if (!out.empty()) out += ',';
    out += fmt::format("{}={}", key, value);
  }
  return out;
}

Result<Inventory> Inventory::create(std::vector<Target> targets) {
  std::ranges::sort(targets, {}, &Target::id);
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string& id = targets[i].id;
    if (!is_valid_target_id(id)) {
      problems.push_back({{},
                          fmt::format("'{}' is not a target id", id),
                          "1 to 191 of a-z, 0-9, '_', '.', ':', '/', '-'",
                          "",
                          ""});
    }
    if (i > 0 && targets[i - 1].id == id) {
      problems.push_back({{}, fmt::format("target '{}' stands there twice", id), "", "", ""});
    }
  }
  if (!problems.empty()) {
    return std::unexpected(Error(Code::invalid_input, "the inventory cannot be used")
                               .with_problems(std::move(problems)));
  }
  Inventory inventory;
  inventory.targets_ = std::move(targets);
  return inventory;
}

const Target* Inventory::find(std::string_view id) const {
  const auto at = std::ranges::lower_bound(
      targets_, id, {}, [](const Target& target) { return std::string_view(target.id); });
  return at != targets_.end() && at->id == id ? &*at : nullptr;
}

}  // namespace millwright::operations
