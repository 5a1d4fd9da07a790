// What a finished run left in its folder, read with a second Parquet engine: every row of every segment, and of each
// series and time the current one.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';

const peers = createRequire(fileURLToPath(new URL('../npm/package.json', import.meta.url)));
const load = async (name) => import(pathToFileURL(peers.resolve(name)));
const { parquetReadObjects } = await load('hyparquet');
const { compressors } = await load('hyparquet-compressors');

/** By number of the series: site, edge, device, metric. */
export const seriesOf = (kept) => {
  const dictionary = JSON.parse(readFileSync(join(kept, 'series.json'), 'utf8'));
  const column = (name) => dictionary.columns.findIndex((c) => c.name === name);
  const names = ['site', 'edge', 'device', 'metric'];
  return new Map(dictionary.rows.map((row) =>
    [String(row[column('series')]), Object.fromEntries(names.map((name) => [name, row[column(name)]]))]));
};

export const segmentsOf = (hub) => {
  const files = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder)) {
      const path = join(folder, entry);
      if (statSync(path).isDirectory()) walk(path);
      else if (entry.endsWith('.parquet')) files.push(path);
    }
  };
  walk(join(hub, 'historian', 'segments'));
  return files.sort();
};

/** Of one segment. `ms` is the event time, which must be whole milliseconds here. */
export const rowsOf = async (path) => {
  const content = readFileSync(path);
  const file = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
  const rows = await parquetReadObjects({ file, compressors });
  for (const row of rows) row.ms = row.ts instanceof Date ? row.ts.getTime() : Number(BigInt(row.ts) / 1000n);
  return rows;
};

const isLater = (a, b) =>
  a.revision !== b.revision ? a.revision > b.revision
    : a.sequence + BigInt(a.index) > b.sequence + BigInt(b.index);

/** Rows of the series that `wanted` takes, by `device/metric/ms`: the current one, and how many there are. */
export const currentRows = async (kept, wanted) => {
  const series = seriesOf(kept);
  const found = new Map();
  for (const path of segmentsOf(join(kept, 'hub'))) {
    for (const row of await rowsOf(path)) {
      const place = series.get(String(row.series));
      if (!place || !wanted(place)) continue;
      const key = `${place.device}/${place.metric}/${row.ms}`;
      const known = found.get(key);
      if (!known) found.set(key, { row, place, revisions: 1 });
      else found.set(key, { row: isLater(row, known.row) ? row : known.row, place, revisions: known.revisions + 1 });
    }
  }
  return found;
};
