#!/usr/bin/env node
// Sparkplug payloads to typed values: ours beside npm sparkplug-payload, on the same bytes, in one run. Mix: 40 % double,
// 30 % int32 (half negative), 20 % bool, 10 % texts of 16 bytes; alias, timestamp and datatype each.
//
//   node bench/codec.mjs BIN_FOLDER     prints a table in Markdown
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure } from './sparkplug_payload.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: bench/codec.mjs BIN_FOLDER');
  process.exit(2);
}

function runOurs(vectors) {
  const result = spawnSync(join(folder, 'wire_bench'), ['--benchmark_filter=write_vectors|payload_|enveloped',
    '--benchmark_format=json', '--benchmark_min_time=0.3s', '--benchmark_repetitions=5'],
  { encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, MILLWRIGHT_VECTORS: vectors } });
  if (result.status !== 0) throw new Error(`wire_bench failed: ${result.error ?? result.stderr}`);
  const best = new Map();
  for (const run of JSON.parse(result.stdout).benchmarks) {
    if (run.error_occurred) throw new Error(`${run.name}: ${run.error_message}`);
    if (run.run_type !== 'iteration' || !run.items_per_second) continue;
    // cpu_time is in nanoseconds a round; items_per_second is of processor time.
    const name = run.run_name;
    if (!(best.get(name)?.items_per_second > run.items_per_second)) best.set(name, run);
  }
  return best;
}

const scratch = mkdtempSync(join(tmpdir(), 'codec-bench-'));
try {
  const vectors = join(scratch, 'vectors');
  const ours = runOurs(vectors);
  const million = (rate) => (rate / 1e6).toFixed(1);
  const rate = (name) => ours.get(name).items_per_second;
  console.log('Million metrics a second of processor time, best repetition; each row is the same bytes.\n');
  console.log('| metrics | bytes a metric | npm sparkplug-payload 1.0.3 | protobuf, one message reused | general codec | '
    + 'scanner | scanner / npm | encoder |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const line of readFileSync(vectors, 'utf8').trim().split('\n')) {
    const [count, hex] = line.split('\t');
    const npm = measure(Buffer.from(hex, 'hex'), Number(count));
    const scanner = rate(`payload_scanner/${count}`);
    console.log(`| ${count} | ${(hex.length / 2 / count).toFixed(1)} | ${million(npm)} | `
      + `${million(rate(`payload_protobuf/${count}`))} | ${million(rate(`payload_general/${count}`))} | `
      + `${million(scanner)} | ${(scanner / npm).toFixed(1)} | ${million(rate(`payload_encoder/${count}`))} |`);
  }
  console.log('\nA message of 20 doubles with its envelope (encode, decode, merge):\n');
  console.log('| event times | bytes a metric, everything | of these envelope | million metrics a second |');
  console.log('|---|---|---|---|');
  for (const [name, title] of [['one_scan', 'one scan'], ['jittered', 'each its own']]) {
    const run = ours.get(`enveloped/${name}`);
    console.log(`| ${title} | ${run.bytes_a_metric.toFixed(1)} | ${(run.envelope_bytes / 20).toFixed(1)} | `
      + `${million(run.items_per_second)} |`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
