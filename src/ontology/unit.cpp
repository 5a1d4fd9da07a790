#include "ontology/unit.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include "base/format.hpp"

namespace millwright::ontology {
namespace {

constexpr std::size_t code_size_max = 128;
constexpr int depth_max = 24;  // parentheses and definitions of definitions
constexpr int power_max = 99;
constexpr std::array<std::string_view, 7> base_codes{"m", "s", "g", "rad", "K", "C", "cd"};

struct Prefix {
  std::string_view code;
  double factor;
};
constexpr std::array prefixes{Prefix{"da", 1e1},
                              Prefix{"Ki", 1024.0},
                              Prefix{"Mi", 1048576.0},
                              Prefix{"Gi", 1073741824.0},
                              Prefix{"Ti", 1099511627776.0},
                              Prefix{"Y", 1e24},
                              Prefix{"Z", 1e21},
                              Prefix{"E", 1e18},
                              Prefix{"P", 1e15},
                              Prefix{"T", 1e12},
                              Prefix{"G", 1e9},
                              Prefix{"M", 1e6},
                              Prefix{"k", 1e3},
                              Prefix{"h", 1e2},
                              Prefix{"d", 1e-1},
                              Prefix{"c", 1e-2},
                              Prefix{"m", 1e-3},
                              Prefix{"u", 1e-6},
                              Prefix{"n", 1e-9},
                              Prefix{"p", 1e-12},
                              Prefix{"f", 1e-15},
                              Prefix{"a", 1e-18},
                              Prefix{"z", 1e-21},
                              Prefix{"y", 1e-24}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

const UnitAtom* find_atom(std::string_view code) {
  for (const auto& atom : unit_atoms()) {
    if (atom.code == code) return &atom;
  }
  return nullptr;
}

/// What a term evaluates to. `special` keeps a temperature scale from taking part in algebra.
struct Value {
  Dimension dimension;
  double factor = 1;
  double offset = 0;
  bool special = false;
};

/// Recursive descent over UCUM's grammar (section 2.1, EBNF of the ISO 11240 annex); evaluation is
/// from left to right, `/` and `.` of equal rank.
class Parser {
 public:
  Parser(std::string_view text, int depth) : text_(text), depth_(depth) {}

  std::optional<Value> whole() {
    auto value = term();
    if (!value) return std::nullopt;
    if (at_ != text_.size()) {
      return refuse(text_[at_] == ')' ? "a closing parenthesis without an opening one"
                                      : fmt::format("unexpected '{}'", text_.substr(at_, 1)));
    }
    return value;
  }
  const std::string& what() const { return what_; }
  const std::string& remedy() const { return remedy_; }

 private:
  std::nullopt_t refuse(std::string what, std::string remedy = {}) {
    if (what_.empty()) what_ = std::move(what), remedy_ = std::move(remedy);
    return std::nullopt;
  }
  bool more() const { return at_ < text_.size(); }

  std::optional<Value> term() {
    if (++depth_ > depth_max) return refuse("parentheses nested too deeply");
    Value result;
    bool divide = more() && text_[at_] == '/';
    bool combined = divide;
    if (divide) ++at_;
    while (true) {
      const auto next = component();
      if (!next) return std::nullopt;
      const bool last = !more() || (text_[at_] != '.' && text_[at_] != '/');
      if (!combined && last) {
        result = *next;
      } else if (next->special || result.special) {
        return refuse("a temperature scale takes part in a product or quotient",
                      "use K for differences and rates of temperature, such as K/s");
      } else if (!multiply(result, *next, divide ? -1 : 1)) {
        return std::nullopt;
      }
      if (last) break;
      divide = text_[at_++] == '/';
      combined = true;
    }
    --depth_;
    return result;
  }

  std::optional<Value> component() {
    if (!more()) return refuse(text_.empty() ? "no unit" : "the code ends after an operator");
    std::optional<Value> value;
    const char c = text_[at_];
    if (c == '(') {
      ++at_;
      value = term();
      if (!value) return std::nullopt;
      if (!more() || text_[at_] != ')') return refuse("a parenthesis is not closed");
      ++at_;
    } else if (c == '{') {
      return annotation() ? std::optional<Value>(Value{}) : std::nullopt;
    } else if (is_digit(c) && text_.substr(at_, 3) != "10*" && text_.substr(at_, 3) != "10^") {
      value = number();
    } else {
      value = simple_unit();
    }
    if (value && more() && text_[at_] == '{' && !annotation()) return std::nullopt;
    return value;
  }

  bool annotation() {
    const auto close = text_.find('}', at_);
    if (close == std::string_view::npos) {
      refuse("an annotation is not closed", "end it with '}'");
      return false;
    }
    at_ = close + 1;
    return true;
  }

  std::optional<Value> number() {
    Value value;
    value.factor = 0;
    while (more() && is_digit(text_[at_])) value.factor = value.factor * 10 + (text_[at_++] - '0');
    if (!(value.factor > 0) || !std::isfinite(value.factor)) {
      return refuse("a factor must be a positive whole number");
    }
    return value;
  }

  std::optional<Value> simple_unit() {
    const std::size_t start = at_;
    if (is_digit(text_[at_])) {
      at_ += 3;  // 10* or 10^
    } else {
      while (more() && !is_digit(text_[at_]) &&
             std::string_view("./(){}+-").find(text_[at_]) == std::string_view::npos) {
        if (text_[at_] != '[') {
          ++at_;
          continue;
        }
        const auto close = text_.find(']', at_);
        if (close == std::string_view::npos) return refuse("a bracket is not closed");
        at_ = close + 1;
      }
    }
    const auto symbol = text_.substr(start, at_ - start);
    if (symbol.empty()) return refuse(fmt::format("unexpected '{}'", text_.substr(at_, 1)));
    const auto power = exponent();
    auto value = atom(symbol);
    if (!power || !value || *power == 1) return power ? value : std::nullopt;
    if (value->special) {
      return refuse("a temperature scale has no powers", "use K for powers of temperature");
    }
    Value raised;
    if (!multiply(raised, *value, *power)) return std::nullopt;
    return raised;
  }

  std::optional<int> exponent() {
    const bool sign = more() && (text_[at_] == '+' || text_[at_] == '-');
    const bool negative = sign && text_[at_] == '-';
    if (sign) ++at_;
    int power = 0, digits = 0;
    while (more() && is_digit(text_[at_]) && digits < 3) {
      power = power * 10 + (text_[at_++] - '0');
      ++digits;
    }
    if (digits == 0) {
      if (!sign) return 1;
      return refuse("a sign without an exponent"), std::nullopt;
    }
    if (power == 0 || power > power_max) {
      return refuse(fmt::format("an exponent outside 1 to {}", power_max)), std::nullopt;
    }
    return negative ? -power : power;
  }

  std::optional<Value> atom(std::string_view symbol) {
    if (const auto* exact = find_atom(symbol)) return define(*exact, 1);
    for (const auto& prefix : prefixes) {
      if (!symbol.starts_with(prefix.code)) continue;
      const auto* rest = find_atom(symbol.substr(prefix.code.size()));
      if (rest != nullptr && rest->metric) return define(*rest, prefix.factor);
    }
    return refuse(fmt::format("'{}' is no unit of UCUM", symbol));
  }

  std::optional<Value> define(const UnitAtom& found, double scale) {
    Value value;
    if (found.definition.empty()) {
      for (std::size_t i = 0; i < base_codes.size(); ++i) {
        if (base_codes[i] == found.code) value.dimension.powers[i] = 1;
      }
    } else {
      Parser inner(found.definition, depth_ + 1);
      const auto defined = inner.whole();
      if (!defined) return refuse(inner.what());
      value = *defined;
    }
    value.factor *= found.value * scale;
    value.offset = found.kelvin_offset;
    value.special = found.special;
    return value;
  }

  bool multiply(Value& into, const Value& by, int power) {
    for (std::size_t i = 0; i < into.dimension.powers.size(); ++i) {
      const int sum = into.dimension.powers[i] + by.dimension.powers[i] * power;
      if (sum < -power_max || sum > power_max) {
        refuse("powers too large");
        return false;
      }
      into.dimension.powers[i] = static_cast<std::int8_t>(sum);
    }
    into.factor *= std::pow(by.factor, power);
    if (!std::isnormal(into.factor)) {
      refuse("a factor too large or too small");
      return false;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_;
  std::string what_;
  std::string remedy_;
};

}  // namespace

std::string Dimension::text() const {
  std::string out;
  for (std::size_t i = 0; i < powers.size(); ++i) {
    if (powers[i] == 0) continue;
    if (!out.empty()) out += '.';
    out += base_codes[i];
    if (powers[i] != 1) out += std::to_string(powers[i]);
  }
  return out.empty() ? "1" : out;
}

Result<Unit> parse_unit(std::string_view code) {
  const bool too_long = code.size() > code_size_max;
  Parser parser(too_long ? std::string_view() : code, 0);
  const auto value = parser.whole();
  if (value) return Unit{std::string(code), value->dimension, value->factor, value->offset};
  Problem problem;
  problem.what = too_long ? std::string("a unit of more than 128 characters")
                 : parser.what().starts_with(fmt::format("'{}' ", code))
                     ? parser.what()
                     : fmt::format("'{}' is not a unit: {}", code, parser.what());
  problem.expected = "a UCUM case-sensitive code, such as Cel, bar, m3/h or [psi]";
  if (!too_long && parser.remedy().empty()) problem.nearest = nearest_unit(code);
  if (Parser check(problem.nearest, 0); !check.whole()) problem.nearest.clear();
  problem.remedy = parser.remedy();
  if (problem.remedy.empty() && !problem.nearest.empty()) {
    problem.remedy = fmt::format("write {}", problem.nearest);
  }
  auto message = problem.what;
  auto remedy = problem.remedy;
  return std::unexpected(Error(Code::invalid_input, std::move(message), std::move(remedy))
                             .with_problems({std::move(problem)}));
}

namespace {
std::unexpected<Error> not_commensurable(const Unit& from, const Unit& to) {
  return fail(Code::invalid_input,
              fmt::format("{} ({}) cannot be turned into {} ({})", from.code, from.dimension.text(),
                          to.code, to.dimension.text()));
}
}  // namespace

Result<double> convert(double value, const Unit& from, const Unit& to) {
  if (!commensurable(from, to)) return not_commensurable(from, to);
  if (from.factor == to.factor && from.offset == to.offset) return value;
  return (value * from.factor + from.offset - to.offset) / to.factor;
}

Result<double> convert_difference(double value, const Unit& from, const Unit& to) {
  if (!commensurable(from, to)) return not_commensurable(from, to);
  if (from.factor == to.factor) return value;
  return value * from.factor / to.factor;
}

}  // namespace millwright::ontology
