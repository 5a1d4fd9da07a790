// Walks health scores back and compares the leaves with the rows that the recording and the window rule give. The hub is
// asked; which rows are right is derived here, from the text file and what the example declares.
// Usage: node lineage_check.mjs HUB_URL|BIN_DIR KEPT_RUN_DIR DATA_DIR [COUNT] [SEED]
// With BIN_DIR the hub is one of that program on a copy of the run.
//
// Window rule: a health score rests on the last 30 scans (the longest declared window; fewer at the beginning of a life)
// up to its own, of each declared input one row a scan.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declaredFeatures, readRecording, recordedFile, sensors, timeOf } from './recording.mjs';
import { copyHub, lineageOf, withHub } from './running_hub.mjs';
import { seriesOf } from './stored_rows.mjs';

const [hub, kept, data, count_text = '50', seed_text = '7'] = process.argv.slice(2);
if (!hub || !kept || !data) {
  console.error('usage: node lineage_check.mjs HUB_URL|BIN_DIR KEPT_RUN_DIR DATA_DIR [COUNT] [SEED]');
  process.exit(2);
}

/** mulberry32: the same choice on every machine. */
let state = Number(seed_text) >>> 0;
const random = (below) => {
  state = (state + 0x6d2b79f5) >>> 0;
  let x = Math.imul(state ^ (state >>> 15), state | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * below);
};

const fleet = readRecording(recordedFile(data));
const rule = declaredFeatures('turbofan-rul');
const longest = Math.max(...rule.windows);
const places = [...seriesOf(kept).values()];
const addressOf = (device, metric) => {
  const found = places.filter((place) => place.device === device && place.metric === metric);
  if (found.length !== 1) throw new Error(`${found.length} series ${device}/${metric}`);
  return `${found[0].site}/${found[0].edge}/${device}/${metric}`;
};

const expectedLeaves = (device, cycle) => {
  const leaves = new Map();
  for (let at = Math.max(1, cycle - longest + 1); at <= cycle; ++at) {
    for (const input of rule.inputs) {
      leaves.set(`${addressOf(device, input)} ${timeOf(at)}`, fleet.get(device)[at - 1][sensors.indexOf(input)]);
    }
  }
  return leaves;
};

const problems = [];
const check = (what, { status, body }, device, cycle) => {
  if (status !== 200) {
    problems.push(`${what}: ${status} ${JSON.stringify(body)}`);
    return 0;
  }
  if (Date.parse(body.value.ts) !== timeOf(cycle)) problems.push(`${what} is of ${body.value.ts}`);
  if (!body.complete || body.problems.length > 0) problems.push(`${what}: ${body.problems.join('; ')}`);
  if (body.recomputed?.agrees !== true) problems.push(`${what} was not recomputed`);
  const leaves = expectedLeaves(device, cycle);
  const expected = leaves.size;
  for (const { series, ts, value } of body.sources) {
    const key = `${series} ${Date.parse(ts)}`;
    if (!leaves.has(key)) problems.push(`${what} names ${series} at ${ts}, which the rule does not, or twice`);
    else if (leaves.get(key) !== value) problems.push(`${what}: ${series} at ${ts} is ${value}, recorded ${leaves.get(key)}`);
    leaves.delete(key);
  }
  for (const key of leaves.keys()) problems.push(`${what} does not name ${key}`);
  return expected;
};

const devices = [...fleet.keys()];
const chosen = Array.from({ length: Number(count_text) }, () => {
  const device = devices[random(devices.length)];
  return { device, cycle: 1 + random(fleet.get(device).length) };
});
const quantile = (times, share) => [...times].sort((a, b) => a - b)[Math.ceil(share * times.length) - 1];
let leaves = 0;
const askAll = async (url) => {
  const ask = ({ device, cycle }) => lineageOf(url, addressOf(device, 'health'), timeOf(cycle));
  // A hub that has just started looks through the histories of its findings first.
  console.log(`first answer after ${(await ask(chosen[0])).ms.toFixed(1)} ms`);
  const times = [];
  for (const score of chosen) {
    const answer = await ask(score);
    times.push(answer.ms);
    leaves += check(`health of ${score.device} at cycle ${score.cycle}`, answer, score.device, score.cycle);
  }
  // With 50 answers the 99th percentile is the slowest.
  console.log(`${times.length} health scores walked back: p50 ${quantile(times, 0.5).toFixed(1)} ms, ` +
    `p99 ${quantile(times, 0.99).toFixed(1)} ms (goal 200 ms)`);
};
if (/^https?:/.test(hub)) {
  await askAll(hub);
} else {
  const copy = mkdtempSync(join(tmpdir(), 'millwright-lineage-'));
  try {
    await withHub(hub, copyHub(kept, copy), join(kept, 'resources'), askAll);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
console.log(`${leaves} source rows derived from the recording, ${problems.length} differences`);
for (const problem of problems.slice(0, 20)) console.error(problem);
process.exit(problems.length === 0 && leaves > 0 ? 0 : 1);
