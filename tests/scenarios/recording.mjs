// The recorded turbofan fleet as the text files tell it, and what the example declares to make of it. Knows nothing of
// what the system stored.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const sensors = ['T2', 'T24', 'T30', 'T50', 'P2', 'P15', 'P30', 'Nf', 'Nc', 'epr', 'Ps30', 'phi', 'NRf', 'NRc',
  'BPR', 'farB', 'htBleed', 'Nf_dmd', 'PCNfR_dmd', 'W31', 'W32'];
export const scansOfTestFleet = 13096;

const epoch = Date.UTC(2026, 0, 1);
const hour = 3600_000;

/** Milliseconds since 1970 of a cycle, counted from 1: one cycle is taken as an hour. */
export const timeOf = (cycle) => epoch + cycle * hour;
export const deviceOf = (unit) => `test-${String(unit).padStart(3, '0')}`;

/** By device, in order of cycles: the values of `sensors`. */
export const readRecording = (path) => {
  const fleet = new Map();
  for (const line of gunzipSync(readFileSync(path)).toString('utf8').split('\n')) {
    const cells = line.trim().split(/\s+/).map(Number);
    if (cells.length < 26) continue;
    const device = deviceOf(cells[0]);
    const scans = fleet.get(device) ?? [];
    fleet.set(device, scans);
    if (cells[1] !== scans.length + 1) throw new Error(`${path}: cycle ${cells[1]} of ${device} is out of order`);
    scans.push(cells.slice(5, 5 + sensors.length));
  }
  return fleet;
};

/** True remaining life of each device at the end of its record, in hours. */
export const readTruth = (path) =>
  new Map(readFileSync(path, 'utf8').trim().split(/\s+/).map((life, i) => [deviceOf(i + 1), Number(life)]));

const models = fileURLToPath(new URL('../../examples/turbofan/models.yaml', import.meta.url));

/** Inputs and window features of a declared model. Reads the example's own layout, not YAML at large. */
export const declaredFeatures = (name) => {
  const document = readFileSync(models, 'utf8').split(/^---$/m).find((text) => text.includes(`name: ${name}\n`));
  const list = (key) => document.match(new RegExp(`\\b${key}: \\[([^\\]]*)\\]`))[1].split(',').map((cell) => cell.trim());
  return {
    inputs: list('inputs'),
    windows: list('windows').map(Number),
    functions: list('functions'),
    add_age: /\bage: true\b/.test(document),
  };
};

export const recordedFile = (data) => join(data, 'cmapss', 'test_FD001.txt.gz');
export const truthFile = (data) => join(data, 'cmapss', 'RUL_FD001.txt');
