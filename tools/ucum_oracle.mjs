// Writes tests/golden/ucum/conversions.tsv with a foreign implementation of UCUM (npm
// @lhncbc/ucum-lhc), against which src/ontology/unit_test.cpp checks ours:
// in an empty folder:
//   npm install @lhncbc/ucum-lhc@7.1.10 && node …/tools/ucum_oracle.mjs > …/tests/golden/ucum/conversions.tsv
import { createRequire } from 'node:module';
import { join } from 'node:path';
const require = createRequire(join(process.cwd(), 'package.json'));
const ucum = require('@lhncbc/ucum-lhc').UcumLhcUtils.getInstance();

// Target unit : codes that are turned into it.
const groups = {
  m: 'm km mm um nm [in_i] [ft_i] [yd_i] [mi_i] [mil_i] [nmi_i]',
  s: 's ms us min h d wk mo a',
  g: 'g kg mg t [gr] [lb_av] [oz_av] [scwt_av] [lcwt_av] [ston_av] [lton_av]',
  rad: "rad mrad deg gon ' '' circ",
  K: 'K mK Cel [degF] [degR]',
  C: 'C A.h mA.h',
  cd: 'cd',
  1: "10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] 10*3 10*-6 1 {rev} dar/ar [in_i]/m",
  sr: 'sr',
  Hz: 'Hz kHz MHz /s 1/min {rev}/min {rpm}/min',
  N: 'N kN dyn gf kgf [lbf_av]',
  Pa: "Pa kPa MPa hPa bar mbar atm att [psi] m[H2O] mm[H2O] m[Hg] mm[Hg] [in_i'H2O] [in_i'Hg] N/mm2",
  J: 'J kJ MJ erg cal cal_th cal_IT kcal [Btu] [Btu_th] [Btu_IT] W.h kW.h MW.h N.m',
  W: 'W kW MW [HP] V.A kV.A [Btu_IT]/h',
  A: 'A mA kA',
  V: 'V mV kV',
  F: 'F uF nF pF',
  Ohm: 'Ohm kOhm MOhm',
  S: 'S uS mS',
  Wb: 'Wb Mx',
  T: 'T mT G',
  H: 'H mH',
  lm: 'lm',
  lx: 'lx',
  Bq: 'Bq',
  Gy: 'Gy',
  Sv: 'Sv mSv',
  'kat': 'kat',
  m3: 'm3 l L mL st [cin_i] [cft_i] [cyd_i] [gal_us] [qt_us] [pt_us] [foz_us] [bbl_us] [gal_br] dm3 hL',
  m2: 'm2 ar [sin_i] [sft_i] [syd_i] cm2',
  'm/s': 'm/s km/h mm/s [kn_i] [c] [mi_i]/h [ft_i]/min [in_i]/s',
  'm/s2': 'm/s2 [g] Gal mm/s2',
  'Pa.s': 'Pa.s P cP',
  'm2/s': 'm2/s St cSt',
  'A/m': 'A/m Oe',
  mol: 'mol kmol mmol',
  Bd: 'Bd kBd',
  bit: 'bit By kBy MiBy',
  'm3/s': 'm3/h L/min L/s [gal_us]/min [cft_i]/min m3/s',
  'kg/s': 'kg/s kg/h t/h [lb_av]/s [lb_av]/min [lb_av]/h',
  'kg/m3': 'kg/m3 g/cm3 [lb_av]/[cft_i] g/L',
  'K/s': 'K/s K/min [degR]/s',
  'kg/(s.Pa)': '[lb_av]/s/[psi] [lb_av]/(s.[psi]) kg/(s.bar)',
  'W/(m2.K)': 'W/(m2.K) W/m2/K kW/(m2.K)',
  'J/(kg.K)': 'kJ/(kg.K) [Btu_IT]/([lb_av].[degR])',
  'uS/cm': 'uS/cm mS/cm S/m',
};

console.log('# from\tto\tvalue\tconverted, by @lhncbc/ucum-lhc ' + require('@lhncbc/ucum-lhc/package.json').version);
for (const [to, codes] of Object.entries(groups)) {
  for (const from of codes.split(/\s+/)) {
    for (const value of [1, 250]) {
      const result = ucum.convertUnitTo(from, value, to);
      if (result.status !== 'succeeded') {
        console.error(`${from} -> ${to}: ${result.status} ${result.msg}`);
        continue;
      }
      console.log(`${from}\t${to}\t${value}\t${result.toVal}`);
    }
  }
}
for (const bad of ['celsius', 'psi', 'RPM', 'kWh', 'm^3', 'degF', 'ppm', 'Wh', 'inch', 'm//s', 'm.', '(m', 'barg', 'kVA', 'rpm', 'xyz']) {
  const { status } = ucum.validateUnitString(bad);
  console.log(`${bad}\t!\t0\t${status === 'valid' ? 'valid' : 'invalid'}`);
}
