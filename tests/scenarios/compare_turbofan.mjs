// Reads the segments of a finished run with a second Parquet engine and compares every key and value with the recorded
// text file. Usage: node compare_turbofan.mjs KEPT_RUN_DIR test_FD001.txt.gz
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const here = fileURLToPath(new URL('.', import.meta.url));
const peers = createRequire(join(here, '..', 'npm', 'package.json'));
const load = async (name) => import(pathToFileURL(peers.resolve(name)));
const { parquetReadObjects } = await load('hyparquet');
const { compressors } = await load('hyparquet-compressors');

const [kept, recorded] = process.argv.slice(2);
if (!kept || !recorded) {
  console.error('usage: node compare_turbofan.mjs KEPT_RUN_DIR test_FD001.txt.gz');
  process.exit(2);
}
const sensors = ['T2', 'T24', 'T30', 'T50', 'P2', 'P15', 'P30', 'Nf', 'Nc', 'epr', 'Ps30', 'phi', 'NRf', 'NRc', 'BPR',
  'farB', 'htBleed', 'Nf_dmd', 'PCNfR_dmd', 'W31', 'W32'];
const epoch = Date.UTC(2026, 0, 1);
const hour = 3600_000;

const expected = new Map();
let rows = 0;
for (const line of gunzipSync(readFileSync(recorded)).toString('utf8').split('\n')) {
  const cells = line.trim().split(/\s+/);
  if (cells.length < 26) continue;
  ++rows;
  const device = `test-${cells[0].padStart(3, '0')}`;
  const time = epoch + Number(cells[1]) * hour;
  sensors.forEach((sensor, i) => expected.set(`${device}/${sensor}/${time}`, Number(cells[5 + i])));
}

const dictionary = JSON.parse(readFileSync(join(kept, 'series.json'), 'utf8'));
const column = (name) => dictionary.columns.findIndex((c) => c.name === name);
const names = new Map();
for (const row of dictionary.rows) {
  names.set(String(row[column('series')]), `${row[column('device')]}/${row[column('metric')]}`);
}

const files = [];
const walk = (folder) => {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) walk(path);
    else if (entry.endsWith('.parquet')) files.push(path);
  }
};
walk(join(kept, 'hub', 'historian', 'segments'));

const problems = [];
let samples = 0;
for (const path of files) {
  const content = readFileSync(path);
  const file = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
  for (const row of await parquetReadObjects({ file, compressors })) {
    const name = names.get(String(row.series));
    // What models made of the recording stands beside it, under other names.
    if (!name?.startsWith('test-') || !sensors.includes(name.slice(name.indexOf('/') + 1))) continue;
    ++samples;
    const micros = row.ts instanceof Date ? BigInt(row.ts.getTime()) * 1000n : BigInt(row.ts);
    const key = `${name}/${micros / 1000n}`;
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
const whole = rows === 13096 && samples === 275016;
if (!whole) console.error('expected 13096 rows and 275016 samples');
process.exit(problems.length === 0 && whole ? 0 : 1);
