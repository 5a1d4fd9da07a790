// Whole runs as tests: starts the program, reads its account, compares what it stored with a second engine. The plain run
// leaves a table of what its models said in TABLE_DIR; what they say in a disturbed run is compared with it there.
// Usage: node run.mjs BIN_DIR DATA_DIR demo | plain | kills | stall [TABLE_DIR]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const [bin, data, mode, tables] = process.argv.slice(2);
const millwright = join(bin, 'millwright');
const recorded = join(data ?? '', 'cmapss', 'test_FD001.txt.gz');
const skipped = 77;

const run = (arguments_) => {
  const ended = spawnSync(millwright, arguments_, { encoding: 'utf8', timeout: 550_000, killSignal: 'SIGINT' });
  process.stderr.write(ended.stderr ?? '');
  process.stdout.write(ended.stdout ?? '');
  if (ended.status !== 0) throw new Error(`${arguments_.join(' ')} ended with ${ended.status ?? ended.signal}`);
  return JSON.parse(ended.stdout);
};
const check = (what, program, ...arguments_) => {
  const ended = spawnSync(process.execPath, [join(here, program), ...arguments_], { stdio: 'inherit' });
  expect(what, ended.status === 0);
};
const expect = (what, holds) => {
  if (!holds) throw new Error(`not so: ${what}`);
};
const expectClosed = (account) => {
  expect('complete', account.complete === true);
  expect('sent = stored', account.samples_sent > 0 && account.samples_sent === account.samples_stored);
  expect('unexplained 0', account.samples_unexplained === 0);
  expect('double 0', account.samples_double === 0);
  expect('missing 0', account.samples_missing === 0);
};

const script = {
  plain: '',
  kills: ['hub', 'gateway-a', 'edge-b1', 'broker'].map((member, i) => `at ${20 * (i + 1)}% kill ${member} for 4s`).join('\n'),
  stall: 'at 30% stall hub for 8s',
};

if (mode === 'demo') {
  const account = run(['demo', '--once', '-o', 'json']);
  expectClosed(account);
} else {
  if (!existsSync(recorded)) {
    console.log(`skipped: the recorded data set ${recorded} is not here`);
    process.exit(skipped);
  }
  const kept = mkdtempSync(join(tmpdir(), 'millwright-scenario-'));
  try {
    const common = ['run', join(here, '..', '..', 'examples', 'turbofan'), '--data', join(data, 'cmapss'), '-o', 'json', '--keep', kept];
    const faults = join(kept, 'faults');
    writeFileSync(faults, `${script[mode]}\n`);
    const account = run(mode === 'plain' ? common : [...common, '--within', '40s', '--faults', faults]);
    expectClosed(account);
    // 13096 scans of the test fleet and 20631 of the training fleet, 21 sensors each; of each scan of the test fleet four
    // values of the edge's model, and ten of the gateway's.
    const scans = 13096;
    expect('every sample and every verdict once', account.samples_stored === (scans + 20631) * 21 + scans * (4 + 10));
    expect('each scan has one current prediction', account.verdicts === scans);
    expect('cross-validated before it was tested', account.cv_rmse['turbofan-rul'] > 0);
    expect(`rmse_clipped ${account.rmse_clipped} is at most 14`, account.assets === 100 && account.rmse_clipped <= 14);
    expect('the KPI is measured', account.kpi.state === 'measured' && account.kpi.n === 25 && account.kpi.low < account.kpi.value);
    if (mode !== 'plain') {
      expect('every fault struck', account.faults.length === script[mode].split('\n').length);
      expect('buffers grew during an outage', account.faults.some((f) => f.samples_waiting_after > f.samples_waiting_before));
    }
    if (mode === 'stall') expect('the broker dropped nothing', account.broker_dropped_messages === 0);
    check('a second engine reads what was recorded', 'compare_turbofan.mjs', kept, recorded);
    if (tables) {
      const [verb, what] = mode === 'plain' ? ['write', 'each scan has each verdict once']
        : ['compare', 'every verdict is the one of the undisturbed run'];
      check(what, 'derived_table.mjs', verb, kept, join(tables, 'undisturbed.gz'));
    } else {
      console.log('no TABLE_DIR: verdicts are not compared between runs');
    }
    if (mode === 'plain') {
      const report = join(kept, 'report.json');
      writeFileSync(report, JSON.stringify(account));
      check('figures and verdicts are what a separate program computes', 'recompute_turbofan.mjs', kept, data, report);
      check('health scores rest on the rows of the recording', 'lineage_check.mjs', bin, kept, data);
      check('an altered row is named', 'altered_row.mjs', bin, kept, data);
    }
  } finally {
    rmSync(kept, { recursive: true, force: true });
  }
}
console.log(`${mode}: the account closes`);
