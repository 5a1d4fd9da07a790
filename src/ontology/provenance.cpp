#include "ontology/provenance.hpp"

#include <array>
#include <utility>

namespace millwright::ontology {
namespace {

using Field = std::pair<std::string_view, std::string Recipe::*>;
// Sorted by name: the order is part of the canonical form.
constexpr std::array<Field, 7> fields{{
    {"calibration_set", &Recipe::calibration_set},
    {"inputs", &Recipe::inputs},
    {"model", &Recipe::model},
    {"pipeline", &Recipe::pipeline},
    {"producer", &Recipe::producer},
    {"release", &Recipe::release},
    {"schema", &Recipe::schema},
}};

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
}

/// Reads exactly what `canonical` writes; anything else is refused, because its digest would not be
/// that of the recipe.
class CanonicalReader {
 public:
  explicit CanonicalReader(std::string_view text) : text_(text) {}
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool string(std::string& out) {
    if (!take('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c != '\\') {
        out += c;
        continue;
      }
      if (at_ >= text_.size()) return false;
      c = text_[at_++];
      if (c == '"' || c == '\\') {
        out += c;
      } else if (c == 'u' && at_ + 4 <= text_.size() && text_.substr(at_, 2) == "00") {
        const int high = hex(text_[at_ + 2]), low = hex(text_[at_ + 3]);
        if (high < 0 || low < 0) return false;
        out += static_cast<char>(high * 16 + low);
        at_ += 4;
      } else {
        return false;
      }
    }
    return take('"');
  }
  bool at_end() const { return at_ == text_.size(); }

 private:
  static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string Recipe::canonical() const {
  std::string out = "{";
  for (const auto& [name, member] : fields) {
    if ((this->*member).empty()) continue;
    if (out.size() > 1) out += ',';
    out.append("\"").append(name).append("\":\"");
    append_escaped(out, this->*member);
    out += '"';
  }
  return out + "}";
}

Result<Recipe> Recipe::parse(std::string_view canonical) {
  const auto bad = [] {
    return fail(Code::corrupt, "a provenance record is not in canonical form");
  };
  Recipe recipe;
  CanonicalReader reader(canonical);
  if (!reader.take('{')) return bad();
  bool first = true;
  while (!reader.take('}')) {
    if (!first && !reader.take(',')) return bad();
    first = false;
    std::string name;
    if (!reader.string(name) || !reader.take(':')) return bad();
    std::string value;
    if (!reader.string(value)) return bad();
    bool known = false;
    for (const auto& [field, member] : fields) {
      if (field != name) continue;
      recipe.*member = std::move(value);
      known = true;
      break;
    }
    if (!known) return bad();
  }
  if (!reader.at_end() || recipe.canonical() != canonical) return bad();
  return recipe;
}

}  // namespace millwright::ontology
