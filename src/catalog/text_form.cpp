#include "catalog/text_form.hpp"

#include <algorithm>

#include "base/id.hpp"

namespace millwright::catalog {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool consists_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text,
                             [&](char c) { return is_alphanumeric(c) || others.contains(c); });
}

bool is_signal_name(std::string_view text) {
  return !text.empty() && text.size() <= 127 && is_alphanumeric(text.front()) &&
         consists_of(text, "_./-");
}

bool is_time_zone(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    return text.size() == 6 && text[3] == ':' && digit(1) && digit(2) && digit(4) && digit(5);
  }
  if (text.empty() || text.front() < 'A' || text.front() > 'Z') return false;
  return text == "UTC" || text.contains('/') ? consists_of(text, "_/+-") : consists_of(text, "");
}

std::string id_like(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ' || c == '/') c = '-';
    if (is_alphanumeric(c) || (!out.empty() && std::string_view("_.-").contains(c))) out += c;
  }
  if (out.size() > 63) out.resize(63);
  return is_valid_name(out) ? out : std::string();
}

bool is_party(std::string_view text) {
  for (const auto prefix : {"role/", "person/"}) {
    if (text.starts_with(prefix)) return is_valid_name(text.substr(text.find('/') + 1));
  }
  return is_valid_name(text);
}

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace millwright::catalog
