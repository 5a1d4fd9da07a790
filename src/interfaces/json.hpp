// JSON at the rim of the program: a small value type, its text, and reading it back. Inside, types
// are used. Reading is nlohmann's (json_adapter.cpp).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace millwright::interfaces {

/// A JSON value. Objects keep the order in which their members were added.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;
  using Member = std::pair<std::string, Json>;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value) : value_(value) {}
  Json(std::uint32_t value) : value_(std::uint64_t{value}) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  static Json array() { return Json(Array{}); }
  static Json object(std::initializer_list<Member> members = {}) { return Json(Object(members)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_number() const;

  /// What the value holds, or a neutral value when it holds something else.
  bool boolean() const;
  double number() const;
  std::int64_t integer() const;
  std::uint64_t natural() const;
  const std::string& string() const;
  const Array& items() const;
  const Object& members() const;
  /// Member of an object; null when there is none.
  const Json& operator[](std::string_view key) const;

  /// Appends to an array (null becomes one).
  Json& push(Json value);
  /// Adds a member to an object (null becomes one). The key is not looked for.
  Json& set(std::string key, Json value);

  /// Without spaces; text that is not UTF-8 gets U+FFFD in place of the wrong bytes; NaN and the
  /// infinities are null.
  std::string dump() const;
  /// For people: two spaces a level; short arrays of scalars on one line.
  std::string pretty() const;
  /// A scalar as plain text, without quotes; other values as `dump`.
  std::string text() const;
  /// YAML block style of the same value.
  std::string yaml() const;

  bool operator==(const Json&) const = default;

 private:
  friend class JsonText;
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      value_;
};

/// `text` as a JSON string with its quotes.
std::string json_string(std::string_view text);

/// Reads one JSON text (RFC 8259). invalid_input names line and column; nesting is bounded at 256
/// levels.
Result<Json> parse_json(std::string_view text);

/// RFC 4648 base64 with padding.
std::string base64(std::string_view bytes);

}  // namespace millwright::interfaces
