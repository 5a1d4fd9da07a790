// What a person most likely meant by a text that is not a UCUM code: the names and abbreviations
// that stand in data sheets and tag lists, other spellings of operators, else the nearest atom.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ontology/unit.hpp"

namespace millwright::ontology {
namespace {

struct Spelling {
  std::string_view written;  ///< in lower case
  std::string_view code;
};

// Looked up in lower case, for the whole text first, then for each factor of it.
constexpr std::array spellings{
    Spelling{"celsius", "Cel"},
    Spelling{"centigrade", "Cel"},
    Spelling{"degc", "Cel"},
    Spelling{"deg_c", "Cel"},
    Spelling{"deg c", "Cel"},
    Spelling{"\u00b0c", "Cel"},
    Spelling{"\u2103", "Cel"},
    Spelling{"cel", "Cel"},
    Spelling{"fahrenheit", "[degF]"},
    Spelling{"degf", "[degF]"},
    Spelling{"deg f", "[degF]"},
    Spelling{"\u00b0f", "[degF]"},
    Spelling{"rankine", "[degR]"},
    Spelling{"degr", "[degR]"},
    Spelling{"\u00b0r", "[degR]"},
    Spelling{"kelvin", "K"},
    Spelling{"degk", "K"},
    Spelling{"rpm", "{rev}/min"},
    Spelling{"r/min", "{rev}/min"},
    Spelling{"u/min", "{rev}/min"},
    Spelling{"rps", "{rev}/s"},
    Spelling{"rev", "{rev}"},
    Spelling{"psi", "[psi]"},
    Spelling{"psia", "[psi]{absolute}"},
    Spelling{"psig", "[psi]{gauge}"},
    Spelling{"barg", "bar{gauge}"},
    Spelling{"bara", "bar{absolute}"},
    Spelling{"mbarg", "mbar{gauge}"},
    Spelling{"kpag", "kPa{gauge}"},
    Spelling{"kpaa", "kPa{absolute}"},
    Spelling{"mmhg", "mm[Hg]"},
    Spelling{"inhg", "[in_i'Hg]"},
    Spelling{"mmh2o", "mm[H2O]"},
    Spelling{"mmwc", "mm[H2O]"},
    Spelling{"inh2o", "[in_i'H2O]"},
    Spelling{"mh2o", "m[H2O]"},
    Spelling{"torr", "mm[Hg]"},
    Spelling{"pascal", "Pa"},
    Spelling{"kilopascal", "kPa"},
    Spelling{"millibar", "mbar"},
    Spelling{"sec", "s"},
    Spelling{"secs", "s"},
    Spelling{"second", "s"},
    Spelling{"seconds", "s"},
    Spelling{"msec", "ms"},
    Spelling{"mins", "min"},
    Spelling{"minute", "min"},
    Spelling{"minutes", "min"},
    Spelling{"hr", "h"},
    Spelling{"hrs", "h"},
    Spelling{"hour", "h"},
    Spelling{"hours", "h"},
    Spelling{"day", "d"},
    Spelling{"days", "d"},
    Spelling{"week", "wk"},
    Spelling{"month", "mo"},
    Spelling{"year", "a"},
    Spelling{"yr", "a"},
    Spelling{"gpm", "[gal_us]/min"},
    Spelling{"cfm", "[cft_i]/min"},
    Spelling{"scfm", "[cft_i]{standard}/min"},
    Spelling{"lpm", "L/min"},
    Spelling{"slpm", "L{standard}/min"},
    Spelling{"nm3", "m3{normal}"},
    Spelling{"nm3/h", "m3{normal}/h"},
    Spelling{"mph", "[mi_i]/h"},
    Spelling{"kmh", "km/h"},
    Spelling{"kph", "km/h"},
    Spelling{"fps", "[ft_i]/s"},
    Spelling{"ips", "[in_i]/s"},
    Spelling{"pps", "[lb_av]/s"},
    Spelling{"lbm", "[lb_av]"},
    Spelling{"lb", "[lb_av]"},
    Spelling{"lbs", "[lb_av]"},
    Spelling{"pound", "[lb_av]"},
    Spelling{"oz", "[oz_av]"},
    Spelling{"lbf", "[lbf_av]"},
    Spelling{"lbf.ft", "[lbf_av].[ft_i]"},
    Spelling{"ft.lb", "[ft_i].[lbf_av]"},
    Spelling{"in", "[in_i]"},
    Spelling{"inch", "[in_i]"},
    Spelling{"inches", "[in_i]"},
    Spelling{"mil", "[mil_i]"},
    Spelling{"mils", "[mil_i]"},
    Spelling{"feet", "[ft_i]"},
    Spelling{"foot", "[ft_i]"},
    Spelling{"yard", "[yd_i]"},
    Spelling{"mile", "[mi_i]"},
    Spelling{"miles", "[mi_i]"},
    Spelling{"knot", "[kn_i]"},
    Spelling{"sqft", "[sft_i]"},
    Spelling{"cuft", "[cft_i]"},
    Spelling{"gal", "[gal_us]"},
    Spelling{"gallon", "[gal_us]"},
    Spelling{"bbl", "[bbl_us]"},
    Spelling{"hp", "[HP]"},
    Spelling{"btu", "[Btu_IT]"},
    Spelling{"metre", "m"},
    Spelling{"meter", "m"},
    Spelling{"meters", "m"},
    Spelling{"metres", "m"},
    Spelling{"micron", "um"},
    Spelling{"\u00b5m", "um"},
    Spelling{"\u03bcm", "um"},
    Spelling{"litre", "L"},
    Spelling{"liter", "L"},
    Spelling{"liters", "L"},
    Spelling{"ltr", "L"},
    Spelling{"kgs", "kg"},
    Spelling{"kilogram", "kg"},
    Spelling{"gram", "g"},
    Spelling{"tonne", "t"},
    Spelling{"ton", "t"},
    Spelling{"newton", "N"},
    Spelling{"nm", "N.m"},
    Spelling{"kwh", "kW.h"},
    Spelling{"mwh", "MW.h"},
    Spelling{"wh", "W.h"},
    Spelling{"kw", "kW"},
    Spelling{"watt", "W"},
    Spelling{"watts", "W"},
    Spelling{"kilowatt", "kW"},
    Spelling{"va", "V.A"},
    Spelling{"kva", "kV.A"},
    Spelling{"var", "V.A{reactive}"},
    Spelling{"kvar", "kV.A{reactive}"},
    Spelling{"volt", "V"},
    Spelling{"volts", "V"},
    Spelling{"vac", "V{ac}"},
    Spelling{"vdc", "V{dc}"},
    Spelling{"amp", "A"},
    Spelling{"amps", "A"},
    Spelling{"ampere", "A"},
    Spelling{"ohm", "Ohm"},
    Spelling{"ohms", "Ohm"},
    Spelling{"\u03c9", "Ohm"},
    Spelling{"\u03a9", "Ohm"},
    Spelling{"hertz", "Hz"},
    Spelling{"cps", "Hz"},
    Spelling{"joule", "J"},
    Spelling{"ppm", "[ppm]"},
    Spelling{"ppb", "[ppb]"},
    Spelling{"percent", "%"},
    Spelling{"pct", "%"},
    Spelling{"%rh", "%"},
    Spelling{"degree", "deg"},
    Spelling{"degrees", "deg"},
    Spelling{"\u00b0", "deg"},
    Spelling{"grms", "[g]"},
    Spelling{"byte", "By"},
    Spelling{"bytes", "By"},
    Spelling{"count", "{count}"},
    Spelling{"counts", "{count}"},
    Spelling{"pcs", "{piece}"},
    Spelling{"none", "1"},
    Spelling{"unitless", "1"},
    Spelling{"ratio", "1"},
    Spelling{"dimensionless", "1"},
    Spelling{"-", "1"},
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

bool is_unit_symbol(std::string_view symbol) {
  // A parse without suggestions: the caller is the maker of suggestions.
  for (const auto& atom : unit_atoms()) {
    if (symbol == atom.code) return true;
    if (!atom.metric || !symbol.ends_with(atom.code)) continue;
    const auto prefix = symbol.substr(0, symbol.size() - atom.code.size());
    if (prefix == "da" ||
        (prefix.size() == 1 && std::string_view("YZEPTGMkhdcmunpfazy").contains(prefix.front()))) {
      return true;
    }
  }
  return false;
}

std::string_view spelled(std::string_view text) {
  const auto small = lower(text);
  for (const auto& spelling : spellings) {
    if (spelling.written == small) return spelling.code;
  }
  return {};
}

/// The atom, with a prefix where it takes one, that equals `symbol` but for case.
std::string other_case(std::string_view symbol) {
  const auto small = lower(symbol);
  for (const auto& atom : unit_atoms()) {
    if (lower(atom.code) == small) return std::string(atom.code);
    if (small == "[" + lower(atom.code) + "]") return std::string(atom.code);
    if (lower(atom.code) == "[" + small + "]") return std::string(atom.code);
  }
  for (std::string_view prefix : {"k", "m", "M", "u", "c", "h", "d", "G", "n"}) {
    for (const auto& atom : unit_atoms()) {
      if (atom.metric && lower(std::string(prefix).append(atom.code)) == small) {
        return std::string(prefix).append(atom.code);
      }
    }
  }
  return {};
}

std::string repaired_symbol(std::string_view symbol) {
  if (symbol.empty() || is_unit_symbol(symbol)) return std::string(symbol);
  if (const auto known = spelled(symbol); !known.empty()) return std::string(known);
  return other_case(symbol);
}

/// Each factor by itself, operators and exponents kept; empty when one has no likely meaning.
std::string repaired_factors(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '{') {
      const auto close = text.find('}', at);
      if (close == std::string_view::npos) return {};
      out += text.substr(at, close + 1 - at);
      at = close + 1;
    } else if (std::string_view("./()+-0123456789").contains(c)) {
      out += c;
      ++at;
    } else {
      const std::size_t start = at;
      while (at < text.size() && !std::string_view("./(){}+-0123456789").contains(text[at])) {
        at = text[at] == '[' ? std::min(text.find(']', at), text.size() - 1) + 1 : at + 1;
      }
      const auto symbol = repaired_symbol(text.substr(start, at - start));
      if (symbol.empty()) return {};
      out += symbol;
    }
  }
  return out;
}

}  // namespace

std::string nearest_unit(std::string_view text) {
  std::string plain(text);
  while (plain.starts_with(' ')) plain.erase(0, 1);
  while (plain.ends_with(' ')) plain.pop_back();
  if (plain.empty()) return "1";
  if (const auto whole = spelled(plain); !whole.empty()) return std::string(whole);
  plain = replaced(replaced(replaced(plain, "\u00b2", "2"), "\u00b3", "3"), "\u00b7", ".");
  plain = replaced(replaced(replaced(plain, "**", ""), "10^", "10*"), "^", "");
  if (!plain.starts_with("10*")) plain = replaced(plain, "*", ".");
  plain = replaced(replaced(plain, " per ", "/"), " ", ".");
  if (const auto whole = spelled(plain); !whole.empty()) return std::string(whole);
  if (auto repaired = repaired_factors(plain); !repaired.empty() && repaired != text) {
    return repaired;
  }
  std::vector<std::string_view> codes;
  for (const auto& atom : unit_atoms()) codes.push_back(atom.code);
  if (plain.size() < 3) return {};
  return std::string(nearest_name(plain, codes));
}

}  // namespace millwright::ontology
