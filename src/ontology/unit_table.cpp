// The atoms of UCUM that plants need. Definitions are those of the UCUM specification 2.1, sections
// 4.2 to 4.6, as value × code; unit_test.cpp compares all of them with a foreign implementation.
#include <array>

#include "ontology/unit.hpp"

namespace millwright::ontology {
namespace {

constexpr UnitAtom base(std::string_view code, std::string_view name) {
  return {code, name, 1, "", true, 0, false};
}
constexpr UnitAtom metric(std::string_view code, std::string_view name, double value,
                          std::string_view definition) {
  return {code, name, value, definition, true, 0, false};
}
constexpr UnitAtom plain(std::string_view code, std::string_view name, double value,
                         std::string_view definition) {
  return {code, name, value, definition, false, 0, false};
}

constexpr double pi = 3.14159265358979323846;

constexpr std::array atoms{
    // Base units (UCUM 4.2).
    base("m", "metre"),
    base("s", "second"),
    base("g", "gram"),
    base("rad", "radian"),
    base("K", "kelvin"),
    base("C", "coulomb"),
    base("cd", "candela"),
    // Numbers (UCUM 4.3).
    plain("10*", "ten, for powers of ten", 10, ""),
    plain("10^", "ten, for powers of ten", 10, ""),
    plain("[pi]", "the number pi", pi, ""),
    plain("%", "percent", 1e-2, ""),
    plain("[ppth]", "parts per thousand", 1e-3, ""),
    plain("[ppm]", "parts per million", 1e-6, ""),
    plain("[ppb]", "parts per billion", 1e-9, ""),
    plain("[pptr]", "parts per trillion", 1e-12, ""),
    metric("mol", "mole", 6.02214076e23, ""),
    // SI units (UCUM 4.3).
    metric("sr", "steradian", 1, "rad2"),
    metric("Hz", "hertz", 1, "s-1"),
    metric("N", "newton", 1, "kg.m/s2"),
    metric("Pa", "pascal", 1, "N/m2"),
    metric("J", "joule", 1, "N.m"),
    metric("W", "watt", 1, "J/s"),
    metric("A", "ampere", 1, "C/s"),
    metric("V", "volt", 1, "J/C"),
    metric("F", "farad", 1, "C/V"),
    metric("Ohm", "ohm", 1, "V/A"),
    metric("S", "siemens", 1, "Ohm-1"),
    metric("Wb", "weber", 1, "V.s"),
    metric("T", "tesla", 1, "Wb/m2"),
    metric("H", "henry", 1, "Wb/A"),
    metric("lm", "lumen", 1, "cd.sr"),
    metric("lx", "lux", 1, "lm/m2"),
    metric("Bq", "becquerel", 1, "s-1"),
    metric("Gy", "gray", 1, "J/kg"),
    metric("Sv", "sievert", 1, "J/kg"),
    metric("kat", "katal", 1, "mol/s"),
    UnitAtom{"Cel", "degree Celsius", 1, "K", true, 273.15, true},
    // Other units from ISO 1000, ISO 2955 (UCUM 4.3).
    plain("gon", "gon", 0.9, "deg"),
    plain("deg", "degree of angle", pi / 180, "rad"),
    plain("'", "minute of angle", 1.0 / 60, "deg"),
    plain("''", "second of angle", 1.0 / 3600, "deg"),
    plain("circ", "circle (full turn)", 2 * pi, "rad"),
    metric("l", "litre", 1, "dm3"),
    metric("L", "litre", 1, "dm3"),
    metric("st", "stere", 1, "m3"),
    metric("ar", "are", 100, "m2"),
    plain("min", "minute", 60, "s"),
    plain("h", "hour", 60, "min"),
    plain("d", "day", 24, "h"),
    plain("wk", "week", 7, "d"),
    plain("mo", "month (mean Julian)", 30.4375, "d"),
    plain("a", "year (mean Julian)", 365.25, "d"),
    metric("t", "tonne", 1e3, "kg"),
    metric("bar", "bar", 1e5, "Pa"),
    // Natural and customary constants (UCUM 4.4).
    metric("[g]", "standard acceleration of free fall", 9.80665, "m/s2"),
    metric("[c]", "speed of light", 299792458, "m/s"),
    metric("gf", "gram-force", 1, "g.[g]"),
    plain("[lbf_av]", "pound-force", 1, "[lb_av].[g]"),
    plain("atm", "standard atmosphere", 101325, "Pa"),
    plain("att", "technical atmosphere", 1, "kgf/cm2"),
    // CGS units (UCUM 4.5).
    metric("dyn", "dyne", 1, "g.cm/s2"),
    metric("erg", "erg", 1, "dyn.cm"),
    metric("P", "poise", 1, "dyn.s/cm2"),
    metric("St", "stokes", 1, "cm2/s"),
    metric("Gal", "gal", 1, "cm/s2"),
    metric("G", "gauss", 1e-4, "T"),
    metric("Mx", "maxwell", 1e-8, "Wb"),
    metric("Oe", "oersted", 250 / pi, "A/m"),
    // International customary units (UCUM 4.6).
    plain("[in_i]", "inch", 2.54, "cm"),
    plain("[ft_i]", "foot", 12, "[in_i]"),
    plain("[yd_i]", "yard", 3, "[ft_i]"),
    plain("[mi_i]", "mile", 5280, "[ft_i]"),
    plain("[mil_i]", "mil (thousandth of an inch)", 1e-3, "[in_i]"),
    plain("[nmi_i]", "nautical mile", 1852, "m"),
    plain("[kn_i]", "knot", 1, "[nmi_i]/h"),
    plain("[sin_i]", "square inch", 1, "[in_i]2"),
    plain("[sft_i]", "square foot", 1, "[ft_i]2"),
    plain("[syd_i]", "square yard", 1, "[yd_i]2"),
    plain("[cin_i]", "cubic inch", 1, "[in_i]3"),
    plain("[cft_i]", "cubic foot", 1, "[ft_i]3"),
    plain("[cyd_i]", "cubic yard", 1, "[yd_i]3"),
    plain("[gal_us]", "US gallon", 231, "[in_i]3"),
    plain("[qt_us]", "US quart", 0.25, "[gal_us]"),
    plain("[pt_us]", "US pint", 0.125, "[gal_us]"),
    plain("[foz_us]", "US fluid ounce", 1.0 / 128, "[gal_us]"),
    plain("[bbl_us]", "US barrel (petroleum)", 42, "[gal_us]"),
    plain("[gal_br]", "imperial gallon", 4.54609, "l"),
    plain("[gr]", "grain", 64.79891, "mg"),
    plain("[lb_av]", "pound", 7000, "[gr]"),
    plain("[oz_av]", "ounce", 1.0 / 16, "[lb_av]"),
    plain("[scwt_av]", "short hundredweight", 100, "[lb_av]"),
    plain("[lcwt_av]", "long hundredweight", 112, "[lb_av]"),
    plain("[ston_av]", "short ton", 20, "[scwt_av]"),
    plain("[lton_av]", "long ton", 20, "[lcwt_av]"),
    plain("[psi]", "pound-force per square inch", 1, "[lbf_av]/[in_i]2"),
    metric("m[H2O]", "metre of water column", 9.80665, "kPa"),
    metric("m[Hg]", "metre of mercury column", 133.322, "kPa"),
    plain("[in_i'H2O]", "inch of water column", 1, "m[H2O].[in_i]/m"),
    plain("[in_i'Hg]", "inch of mercury column", 1, "m[Hg].[in_i]/m"),
    plain("[HP]", "horsepower", 550, "[ft_i].[lbf_av]/s"),
    metric("cal", "calorie (thermochemical)", 4.184, "J"),
    metric("cal_th", "calorie (thermochemical)", 4.184, "J"),
    metric("cal_IT", "calorie (international table)", 4.1868, "J"),
    plain("[Btu]", "British thermal unit (thermochemical)", 1.05435, "kJ"),
    plain("[Btu_th]", "British thermal unit (thermochemical)", 1.05435, "kJ"),
    plain("[Btu_IT]", "British thermal unit (international table)", 1.05505585262, "kJ"),
    plain("[degR]", "degree Rankine", 5.0 / 9, "K"),
    UnitAtom{"[degF]", "degree Fahrenheit", 5.0 / 9, "K", false, 459.67 * 5 / 9, true},
    // Information (UCUM 4.6).
    metric("bit", "bit", 1, ""),
    metric("By", "byte", 8, "bit"),
    metric("Bd", "baud", 1, "s-1"),
};
static_assert(atoms.size() >= 80);

}  // namespace

std::span<const UnitAtom> unit_atoms() {
  return atoms;
}

}  // namespace millwright::ontology
