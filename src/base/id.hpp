// Typed names and numbers: an id of one thing never passes for an id of another.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace millwright {

/// True for names that may stand in topics, paths and keys: `[a-z0-9][a-z0-9_.-]{0,62}` (DESIGN
/// D1).
bool is_valid_name(std::string_view text);

/// A name checked against the rule above, of one kind of thing.
template <typename Tag>
class Name {
 public:
  Name() = default;
  static Result<Name> create(std::string_view text) {
    if (!is_valid_name(text)) {
      return fail(Code::invalid_input, std::string("'").append(text).append("' is not a valid id"),
                  "use 1 to 63 of a-z, 0-9, '_', '.', '-', starting with a letter or digit");
    }
    Name name;
    name.text_ = text;
    return name;
  }
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Name&) const = default;

 private:
  std::string text_;
};

/// A number of one kind of thing.
template <typename Tag, typename Representation = std::uint64_t>
class Number {
 public:
  constexpr Number() = default;
  constexpr explicit Number(Representation value) : value_(value) {}
  constexpr Representation value() const { return value_; }
  constexpr auto operator<=>(const Number&) const = default;

 private:
  Representation value_{};
};

}  // namespace millwright

template <typename Tag>
struct std::hash<millwright::Name<Tag>> {
  std::size_t operator()(const millwright::Name<Tag>& name) const noexcept {
    return std::hash<std::string>{}(name.text());
  }
};

template <typename Tag, typename Representation>
struct std::hash<millwright::Number<Tag, Representation>> {
  std::size_t operator()(const millwright::Number<Tag, Representation>& number) const noexcept {
    return std::hash<Representation>{}(number.value());
  }
};
