// Recomputes the figures and the verdicts of a finished run, from the recorded text files and the trained bundles alone.
// Usage: node recompute_turbofan.mjs KEPT_RUN_DIR DATA_DIR [REPORT.json]
//
// 1. RMSE and NASA score of the last stored prediction of each engine, both sides cut at the target's clip for the RMSE
//    and neither for the score; they must equal those of the run's report to 1e-9 of their size.
// 2. Every scan of the test fleet anew: window features by the declared rule, the bundle's trees and components walked
//    here, health fused of what they say; each verdict is compared with the stored one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fusionOf } from './health_fusion.mjs';
import { anomaly, bundleOf, intervalOf, remainingLife } from './model_bundle.mjs';
import { declaredFeatures, readRecording, readTruth, recordedFile, scansOfTestFleet, sensors, timeOf, truthFile }
  from './recording.mjs';
import { currentRows } from './stored_rows.mjs';
import { featuresOf } from './window_features.mjs';

const [kept, data, report] = process.argv.slice(2);
if (!kept || !data) {
  console.error('usage: node recompute_turbofan.mjs KEPT_RUN_DIR DATA_DIR [REPORT.json]');
  process.exit(2);
}

// The rule of the models for agreement between runtimes: |a - b| <= 1e-5 max(1, |a|). Trees are summed in 32-bit floats,
// and a gateway without an ONNX runtime adds the base first instead of last, which moves predictions by up to 8e-6 of
// their size. A feature on the wrong side of a threshold moves them by far more. The bounds of an interval carry the
// deviation of the prediction, so that its size counts for them. SPE differs by up to 5e-6: the edge takes it as the
// difference of two lengths, and its loadings are orthonormal to 32 bits only.
const tolerance = 1e-5;
const compared = ['rul', 'rul/low', 'rul/high', 'anomaly/t2', 'anomaly/spe', 'anomaly/score', 'anomaly/flag', 'health',
  'health/confidence', 'health/state', 'health/by/rul', 'health/by/anomaly', 'health/by/sensors'];

const fleet = readRecording(recordedFile(data));
const truth = readTruth(truthFile(data));
const hub = join(kept, 'hub');
const life = bundleOf(hub, 'turbofan-rul');
const monitor = bundleOf(hub, 'turbofan-anomaly');
const problems = [];
for (const bundle of [life, monitor]) {
  const declared = declaredFeatures(bundle.card.name);
  for (const [key, value] of Object.entries(declared)) {
    if (JSON.stringify(bundle.card.features[key]) !== JSON.stringify(value))
      problems.push(`${bundle.card.name} was trained with ${key} ${JSON.stringify(bundle.card.features[key])}`);
  }
  bundle.inputs = declared.inputs.map((input) => sensors.indexOf(input));
}

const stored = await currentRows(kept, ({ device, metric }) => fleet.has(device) && compared.includes(metric));
const storedValue = (device, metric, cycle) => {
  const row = stored.get(`${device}/${metric}/${timeOf(cycle)}`)?.row;
  return row?.f64 ?? row?.text ?? (row?.i64 === null || row?.i64 === undefined ? undefined : Number(row.i64));
};

const figures = () => {
  const clip = life.card.target_max;
  let squares = 0;
  let score = 0;
  for (const [device, scans] of fleet) {
    const predicted = storedValue(device, 'rul', scans.length);
    const late = predicted - truth.get(device);
    squares += (Math.min(predicted, clip) - Math.min(truth.get(device), clip)) ** 2;
    score += late < 0 ? Math.exp(-late / 13) - 1 : Math.exp(late / 10) - 1;
  }
  return { rmse_clipped: Math.sqrt(squares / fleet.size), score };
};

const verdictsOf = (scans, fuse) => {
  const rul = remainingLife(life, featuresOf(life.card.features, life.inputs, scans));
  const { low, high } = intervalOf(life, rul);
  const { t2, spe, score, flag } = anomaly(monitor, featuresOf(monitor.card.features, monitor.inputs, scans));
  const is_full = ({ card }) => scans.length >= Math.max(...card.features.windows);
  const health = fuse(timeOf(scans.length), { rul: { value: rul, is_full: is_full(life) },
    anomaly: { value: score, is_full: is_full(monitor) }, sensors: { value: 1, is_full: true } });
  return { ...health, rul, 'rul/low': low, 'rul/high': high, 'anomaly/t2': t2, 'anomaly/spe': spe, 'anomaly/score': score,
    'anomaly/flag': Number(flag) };
};

const apartOf = (metric, verdicts, value) => {
  if (typeof verdicts[metric] === 'string') return verdicts[metric] === value ? 0 : Infinity;
  return Math.abs(verdicts[metric] - value) / Math.max(1, Math.abs(verdicts[metric.startsWith('rul') ? 'rul' : metric]));
};

const difference_max = Object.fromEntries(compared.map((metric) => [metric, 0]));
let scans_compared = 0;
const identical = { ...difference_max };
for (const [device, scans] of fleet) {
  const fuse = fusionOf(life.card.target_max);
  for (let cycle = 1; cycle <= scans.length; ++cycle) {
    const verdicts = verdictsOf(scans.slice(0, cycle), fuse);
    for (const metric of compared) {
      const value = storedValue(device, metric, cycle);
      const apart = apartOf(metric, verdicts, value);
      if (!(apart <= tolerance))
        problems.push(`${device}/${metric} of cycle ${cycle} is stored as ${value}, recomputed ${verdicts[metric]}`);
      difference_max[metric] = Math.max(difference_max[metric], apart);
      if (value === verdicts[metric]) ++identical[metric];
    }
    ++scans_compared;
  }
}
if (scans_compared !== scansOfTestFleet) problems.push(`${scans_compared} scans, expected ${scansOfTestFleet}`);

const computed = figures();
const told = report ? JSON.parse(readFileSync(report, 'utf8')) : computed;
for (const [name, value] of Object.entries(computed)) {
  if (!(Math.abs(value - told[name]) <= 1e-9 * Math.abs(value)))
    problems.push(`the run reports ${name} ${told[name]}, recomputed ${value}`);
}
console.log(JSON.stringify({ ...computed, scans_compared, tolerance, difference_max, identical,
  differences: problems.length }, null, 2));
for (const problem of problems.slice(0, 20)) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
