// Units of measure by UCUM (The Unified Code for Units of Measure 2.1, case-sensitive codes): parse
// a code into dimension and factor, tell whether two units measure the same kind of quantity,
// convert. Not here: logarithmic units (pH, dB) and arbitrary units, which convert into nothing.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace millwright::ontology {

/// Powers of UCUM's seven base units (section 4.2): metre, second, gram, radian, kelvin, coulomb,
/// candela. The mole is a number in UCUM, so it has no dimension.
struct Dimension {
  std::array<std::int8_t, 7> powers{};

  bool operator==(const Dimension&) const = default;
  /// `m.s-2`; `1` when there is none.
  std::string text() const;
};

/// A parsed unit: value in base units = value × factor + offset. Only temperature scales have an
/// offset.
struct Unit {
  std::string code;  ///< as it was written
  Dimension dimension;
  double factor = 1;
  double offset = 0;
};

/// Reads a UCUM case-sensitive code of at most 128 characters: `[psi]`, `{rev}/min`, `m3/h`,
/// `[lb_av]/s/[psi]`, `10*3.m`, `1`. invalid_input has one Problem: what is wrong, and the nearest
/// valid code with a remedy (`celsius` → `Cel`).
Result<Unit> parse_unit(std::string_view code);

/// True when values of one can be turned into values of the other.
inline bool commensurable(const Unit& a, const Unit& b) {
  return a.dimension == b.dimension;
}

/// `value` of unit `from` in unit `to`. invalid_input when they are not commensurable.
Result<double> convert(double value, const Unit& from, const Unit& to);
/// A difference or rate of `value` (a tolerance, a slope): like `convert`, without offsets.
Result<double> convert_difference(double value, const Unit& from, const Unit& to);

/// One atom of the table, for documentation and for the nearest valid name.
struct UnitAtom {
  std::string_view code;
  std::string_view name;
  double value = 1;             ///< the atom is `value` × `definition`
  std::string_view definition;  ///< a UCUM code; empty for base units and for the number 1
  bool metric = false;          ///< takes prefixes
  double kelvin_offset = 0;     ///< of a temperature scale
  bool special = false;         ///< stands alone: no powers, products or quotients
};
/// All atoms, in the order of documentation.
std::span<const UnitAtom> unit_atoms();
/// The code that a person most likely meant by `text`, or empty.
std::string nearest_unit(std::string_view text);

}  // namespace millwright::ontology
