#include "interfaces/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/format.hpp"

namespace millwright::interfaces {

namespace {

template <typename T>
std::string number_text(T value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

std::string double_text(double value) {
  if (!std::isfinite(value)) return "null";
  return number_text(value);
}

/// Length of the valid UTF-8 sequence at the start of `text` (RFC 3629), or 0.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) >= 0xA0) return 0;  // surrogates
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) >= 0x90) return 0;
  return length;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      else
        out += c;
  }
}

const Json null_value;

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    if (length == 1)
      append_escaped(out, text.front());
    else
      out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out + '"';
}

bool Json::is_number() const {
  return std::holds_alternative<std::int64_t>(value_) ||
         std::holds_alternative<std::uint64_t>(value_) || std::holds_alternative<double>(value_);
}

bool Json::boolean() const {
  const auto* value = std::get_if<bool>(&value_);
  return value != nullptr && *value;
}

double Json::number() const {
  if (const auto* i = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*i);
  if (const auto* u = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*u);
  if (const auto* d = std::get_if<double>(&value_)) return *d;
  return 0;
}

std::int64_t Json::integer() const {
  if (const auto* i = std::get_if<std::int64_t>(&value_)) return *i;
  if (const auto* u = std::get_if<std::uint64_t>(&value_)) return static_cast<std::int64_t>(*u);
  const double value = number();
  return std::abs(value) < 9e18 ? static_cast<std::int64_t>(value) : 0;
}

std::uint64_t Json::natural() const {
  if (const auto* u = std::get_if<std::uint64_t>(&value_)) return *u;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer()));
}

const std::string& Json::string() const {
  static const std::string empty;
  const auto* value = std::get_if<std::string>(&value_);
  return value != nullptr ? *value : empty;
}

const Json::Array& Json::items() const {
  static const Array empty;
  const auto* value = std::get_if<Array>(&value_);
  return value != nullptr ? *value : empty;
}

const Json::Object& Json::members() const {
  static const Object empty;
  const auto* value = std::get_if<Object>(&value_);
  return value != nullptr ? *value : empty;
}

const Json& Json::operator[](std::string_view key) const {
  for (const auto& [name, value] : members()) {
    if (name == key) return value;
  }
  return null_value;
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

Json& Json::set(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  std::get<Object>(value_).emplace_back(std::move(key), std::move(value));
  return *this;
}

/// Writes values as text, in the styles that Json offers.
class JsonText {
 public:
  static std::string scalar(const Json& json) {
    if (json.is_null()) return "null";
    if (const auto* b = std::get_if<bool>(&json.value_)) return *b ? "true" : "false";
    if (const auto* i = std::get_if<std::int64_t>(&json.value_)) return number_text(*i);
    if (const auto* u = std::get_if<std::uint64_t>(&json.value_)) return number_text(*u);
    if (const auto* d = std::get_if<double>(&json.value_)) return double_text(*d);
    return json_string(json.string());
  }

  static void compact(const Json& json, std::string& out) {
    if (json.is_array()) {
      out += '[';
      for (std::size_t i = 0; i < json.items().size(); ++i) {
        if (i > 0) out += ',';
        compact(json.items()[i], out);
      }
      out += ']';
    } else if (json.is_object()) {
      out += '{';
      bool first = true;
      for (const auto& [name, value] : json.members()) {
        if (!first) out += ',';
        first = false;
        out += json_string(name);
        out += ':';
        compact(value, out);
      }
      out += '}';
    } else {
      out += scalar(json);
    }
  }

  static bool is_flat(const Json& json) {
    return json.is_array() && std::ranges::none_of(json.items(), [](const Json& item) {
             return item.is_array() || item.is_object();
           });
  }

  static void pretty(const Json& json, std::size_t indent, std::string& out) {
    const std::string line = "\n" + std::string(indent * 2 + 2, ' ');
    const std::string end = "\n" + std::string(indent * 2, ' ');
    if (json.is_array() && !json.items().empty() && !is_flat(json)) {
      out += '[';
      for (std::size_t i = 0; i < json.items().size(); ++i) {
        out += (i > 0 ? "," : "") + line;
        pretty(json.items()[i], indent + 1, out);
      }
      out += end + ']';
    } else if (is_flat(json)) {
      out += '[';
      for (std::size_t i = 0; i < json.items().size(); ++i) {
        if (i > 0) out += ", ";
        out += scalar(json.items()[i]);
      }
      out += ']';
    } else if (json.is_object() && !json.members().empty()) {
      out += '{';
      bool first = true;
      for (const auto& [name, value] : json.members()) {
        out += (first ? "" : ",") + line + json_string(name) + ": ";
        first = false;
        pretty(value, indent + 1, out);
      }
      out += end + '}';
    } else {
      compact(json, out);
    }
  }

  /// Block style; strings are quoted as JSON, which YAML 1.2 reads.
  static void yaml(const Json& json, std::size_t indent, std::string& out) {
    const std::string margin(indent * 2, ' ');
    if (json.is_array() && !json.items().empty()) {
      for (const Json& item : json.items()) {
        out += margin + "-";
        child(item, indent, out);
      }
    } else if (json.is_object() && !json.members().empty()) {
      for (const auto& [name, value] : json.members()) {
        out += margin + key(name) + ":";
        child(value, indent, out);
      }
    } else {
      std::string text;
      compact(json, text);
      out += margin + text + "\n";
    }
  }

 private:
  static std::string key(const std::string& name) {
    const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
    }) && !(name.front() >= '0' && name.front() <= '9');
    return plain ? name : json_string(name);
  }
  static void child(const Json& value, std::size_t indent, std::string& out) {
    const bool nested = (value.is_array() && !value.items().empty()) ||
                        (value.is_object() && !value.members().empty());
    if (nested) {
      out += "\n";
      yaml(value, indent + 1, out);
    } else {
      out += " ";
      compact(value, out);
      out += "\n";
    }
  }
};

std::string Json::dump() const {
  std::string out;
  JsonText::compact(*this, out);
  return out;
}

std::string Json::pretty() const {
  std::string out;
  JsonText::pretty(*this, 0, out);
  return out;
}

std::string Json::text() const {
  if (is_null()) return "";
  return is_string() ? string() : dump();
}

std::string Json::yaml() const {
  std::string out;
  JsonText::yaml(*this, 0, out);
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < left ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= left ? alphabet[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return out;
}

}  // namespace millwright::interfaces
