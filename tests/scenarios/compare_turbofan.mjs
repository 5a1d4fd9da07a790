// Reads the segments of a finished run with a second Parquet engine and compares every key and value with the recorded
// text file. Usage: node compare_turbofan.mjs KEPT_RUN_DIR test_FD001.txt.gz
import { join } from 'node:path';
import { readRecording, scansOfTestFleet, sensors, timeOf } from './recording.mjs';
import { rowsOf, segmentsOf, seriesOf } from './stored_rows.mjs';

const [kept, recorded] = process.argv.slice(2);
if (!kept || !recorded) {
  console.error('usage: node compare_turbofan.mjs KEPT_RUN_DIR test_FD001.txt.gz');
  process.exit(2);
}

const expected = new Map();
let rows = 0;
for (const [device, scans] of readRecording(recorded)) {
  scans.forEach((values, scan) => {
    ++rows;
    sensors.forEach((sensor, i) => expected.set(`${device}/${sensor}/${timeOf(scan + 1)}`, values[i]));
  });
}

const series = seriesOf(kept);
const files = segmentsOf(join(kept, 'hub'));
const problems = [];
let samples = 0;
for (const path of files) {
  for (const row of await rowsOf(path)) {
    const place = series.get(String(row.series));
    // What models made of the recording stands beside it, under other names.
    if (!place?.device.startsWith('test-') || !sensors.includes(place.metric)) continue;
    ++samples;
    const key = `${place.device}/${place.metric}/${row.ms}`;
    const want = expected.get(key);
    if (want === undefined) problems.push(`${path}: ${key} is not in the recording, or was stored twice`);
    else if (want !== row.f64) problems.push(`${path}: ${key} is ${row.f64}, recorded ${want}`);
    else if (Number(row.quality) !== 0) problems.push(`${path}: ${key} has quality ${row.quality}`);
    expected.delete(key);
  }
}
for (const key of expected.keys()) problems.push(`${key} is missing`);
console.log(`${rows} recorded rows, ${samples} samples in ${files.length} segments, ${problems.length} differences`);
for (const problem of problems.slice(0, 20)) console.error(problem);
const whole = rows === scansOfTestFleet && samples === scansOfTestFleet * sensors.length;
if (!whole) console.error(`expected ${scansOfTestFleet} rows and ${scansOfTestFleet * sensors.length} samples`);
process.exit(problems.length === 0 && whole ? 0 : 1);
