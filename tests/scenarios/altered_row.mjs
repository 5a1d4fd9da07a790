// One stored row is altered on disk, in copies of what a run left; the hub must say which.
// Usage: node altered_row.mjs BIN_DIR KEPT_RUN_DIR DATA_DIR
//
// By a careless hand: a byte of a segment is flipped. The segment fails its checksum, is named, and nothing is answered
// from it. By a forger who makes every checksum fit: the stored verdicts no longer follow from the rows, and lineage
// names the row whose change explains it. The row is chosen so that the prediction moves much: of a change within the
// sensors' noise lineage says that the verdict does not fit, but not reliably which row it is.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { forgeValue } from './forged_segment.mjs';
import { bundleOf, remainingLife } from './model_bundle.mjs';
import { readRecording, recordedFile, sensors, timeOf } from './recording.mjs';
import { ask, copyHub, lineageOf, withHub } from './running_hub.mjs';
import { rowsOf, segmentsOf, seriesOf } from './stored_rows.mjs';
import { featuresOf } from './window_features.mjs';

const [bin, kept, data] = process.argv.slice(2);
if (!bin || !kept || !data) {
  console.error('usage: node altered_row.mjs BIN_DIR KEPT_RUN_DIR DATA_DIR');
  process.exit(2);
}
const expect = (what, holds, found) => {
  if (!holds) throw new Error(`not so: ${what}${found === undefined ? '' : `; found ${JSON.stringify(found, null, 1)}`}`);
};

const fleet = readRecording(recordedFile(data));
const life = bundleOf(join(kept, 'hub'), 'turbofan-rul');
const places = [...seriesOf(kept)];
const numberOf = (device, metric) => places.find(([, place]) => place.device === device && place.metric === metric)[0];
const textOf = (device, metric) => {
  const { site, edge } = places.find(([, place]) => place.device === device && place.metric === metric)[1];
  return `${site}/${edge}/${device}/${metric}`;
};

/** The scan in the middle of a life whose newest static pressure moves the prediction most, of the first engines. */
const choose = () => {
  const sensor = 'Ps30';
  const place = sensors.indexOf(sensor);
  const inputs = life.card.features.inputs.map((input) => sensors.indexOf(input));
  const predicted = (scans) => remainingLife(life, featuresOf(life.card.features, inputs, scans));
  let best = { moved: 0 };
  for (const [device, all] of [...fleet].slice(0, 20)) {
    for (let cycle = 40; cycle < all.length; ++cycle) {
      const scans = all.slice(0, cycle);
      const value = Math.round((scans.at(-1)[place] + 2) * 100) / 100;
      const altered = [...scans.slice(0, -1), scans.at(-1).with(place, value)];
      const moved = Math.abs(predicted(altered) - predicted(scans));
      if (moved > best.moved) best = { moved, device, cycle, sensor, recorded: scans.at(-1)[place], value };
    }
  }
  return best;
};

const copies = mkdtempSync(join(tmpdir(), 'millwright-altered-'));
const copyOf = (name) => copyHub(kept, join(copies, name));
const segmentWith = async (hub, is_it) => {
  for (const path of segmentsOf(hub)) if ((await rowsOf(path)).some(is_it)) return path;
  throw new Error('no segment holds the row');
};

try {
  const { device, cycle, sensor, recorded, value, moved } = choose();
  const ms = timeOf(cycle);
  const series = textOf(device, sensor);
  const number = numberOf(device, sensor);
  const is_it = (row) => String(row.series) === number && row.ms === ms;
  const time = new Date(ms).toISOString().replace('.000Z', 'Z');
  console.log(`altered: ${series} at ${time} from ${recorded} to ${value}; the prediction should move by ${moved.toFixed(1)}`);

  const flipped = copyOf('flipped');
  const damaged = await segmentWith(flipped, is_it);
  const bytes = readFileSync(damaged);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(damaged, bytes);
  const named = relative(flipped, damaged);
  await withHub(bin, flipped, join(kept, 'resources'), async (url) => {
    const answer = await lineageOf(url, textOf(device, 'health'), ms);
    expect('nothing is explained by a damaged segment', answer.status >= 400, answer);
    expect('the damaged segment is named', JSON.stringify(answer.body).includes(named), answer.body);
    console.log(`byte flipped: ${answer.status} ${answer.body.detail ?? JSON.stringify(answer.body)}`);
  });

  const forged = copyOf('forged');
  await forgeValue(forged, await segmentWith(forged, is_it), is_it, value);
  await withHub(bin, forged, join(kept, 'resources'), async (url) => {
    const verified = await ask(url, '/api/v1/verify', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    expect('every checksum fits', verified.status === 200, verified);
    console.log(`forged: verify says ${JSON.stringify(verified.body)}`);
    for (const metric of ['health', 'rul', 'anomaly/t2']) {
      const { status, body } = await lineageOf(url, textOf(device, metric), ms);
      expect(`lineage of ${metric} answers`, status === 200, body);
      const source = body.sources.find((row) => row.series === series && row.ts === time);
      expect('the altered row is among the sources', source?.value === value, source);
      expect('the verdict is not said to be sound', body.complete === false && body.recomputed.agrees === false, body.problems);
      const line = body.problems.find((text) => text.includes(`source row ${series} at ${time}`));
      expect(`lineage of ${metric} names the altered row`, line !== undefined, body.problems);
      console.log(`forged: lineage of ${metric}: ${line}`);
    }
    const { body } = await lineageOf(url, textOf(device, 'health'), timeOf(cycle - 1));
    expect('what came before the altered row is sound', body.complete === true, body.problems);
  });
} finally {
  rmSync(copies, { recursive: true, force: true });
}
