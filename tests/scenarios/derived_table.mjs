// Everything that models said of the recorded fleet, as a table that two runs can be compared by: one line a device,
// metric and event time with the bits of the value and the quality, sorted. Nothing of when or how it was stored.
// Usage: node derived_table.mjs write KEPT_RUN_DIR TABLE.gz
//        node derived_table.mjs compare KEPT_RUN_DIR TABLE.gz
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { scansOfTestFleet, sensors } from './recording.mjs';
import { currentRows } from './stored_rows.mjs';

const derivedOfScan = ['anomaly/t2', 'anomaly/spe', 'anomaly/score', 'anomaly/flag', 'rul', 'rul/low', 'rul/high',
  'health', 'health/confidence', 'health/state', 'health/by/rul', 'health/by/anomaly', 'health/by/sensors',
  'input/watermark'];

const [verb, kept, table] = process.argv.slice(2);
if (!['write', 'compare'].includes(verb) || !table) {
  console.error('usage: node derived_table.mjs write|compare KEPT_RUN_DIR TABLE.gz');
  process.exit(2);
}

const bits = new DataView(new ArrayBuffer(8));
const valueOf = (row) => {
  if (row.f64 !== null && row.f64 !== undefined) {
    bits.setFloat64(0, row.f64);
    return `f${bits.getBigUint64(0).toString(16).padStart(16, '0')} (${row.f64})`;
  }
  if (row.i64 !== null && row.i64 !== undefined) return `i${row.i64}`;
  if (row.text !== null && row.text !== undefined) return `t${row.text}`;
  return 'nothing';
};

const problems = [];
const stored = await currentRows(kept, ({ device, metric }) => device.startsWith('test-') && !sensors.includes(metric));
const lines = new Map();
const counts = new Map(derivedOfScan.map((metric) => [metric, 0]));
for (const [key, { row, place, revisions }] of stored) {
  if (revisions !== 1) problems.push(`${key} has ${revisions} rows`);
  if (counts.has(place.metric)) counts.set(place.metric, counts.get(place.metric) + 1);
  else problems.push(`${key} is of a metric that is not expected`);
  lines.set(key, `${valueOf(row)} quality ${Number(row.quality).toString(16).padStart(4, '0')}`);
}
for (const [metric, count] of counts) {
  if (count !== scansOfTestFleet) problems.push(`${count} values of ${metric}, expected ${scansOfTestFleet}`);
}
const text = [...lines.keys()].sort().map((key) => `${key} ${lines.get(key)}\n`).join('');
const digest = createHash('sha256').update(text).digest('hex');

if (verb === 'write') {
  writeFileSync(table, gzipSync(text, { level: 1 }));
} else {
  const differences = new Map();
  const differs = (key, what) => {
    problems.push(`${key} ${what}`);
    const metric = key.slice(key.indexOf('/') + 1, key.lastIndexOf('/'));
    differences.set(metric, (differences.get(metric) ?? 0) + 1);
  };
  for (const line of gunzipSync(readFileSync(table)).toString('utf8').split('\n').slice(0, -1)) {
    const key = line.slice(0, line.indexOf(' '));
    const want = line.slice(key.length + 1);
    const found = lines.get(key);
    if (found === undefined) differs(key, 'is missing');
    else if (found !== want) differs(key, `is ${found}, undisturbed ${want}`);
    lines.delete(key);
  }
  for (const key of lines.keys()) differs(key, 'is not in the undisturbed run');
  for (const [metric, count] of differences) console.error(`${count} values of ${metric} differ`);
}
console.log(`${stored.size} derived values, digest ${digest}, ${problems.length} problems`);
for (const problem of problems.slice(0, 20)) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
