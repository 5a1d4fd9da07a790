// A rollout in live processes. A good version of the demo's models goes everywhere; then one that loads but predicts nonsense
// (trained by somebody who took degrees Celsius for kelvin) goes to a canary: the behaviour gate stops it, and it is reverted.
// With a victim: it is killed with -9 at every step of such a rollout, and of an honest one. Expected each time: every asset
// is judged by the old set or by the new one, never by parts of both and never by none; the rollout ends as it should; the
// account closes; the audit log verifies.
// Usage: node rollout.mjs BIN_DIR gate | hub | gateway | edge
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Demo, expect, waitUntil } from './demo.mjs';

const [bin, mode] = process.argv.slice(2);
const models = ['pump-anomaly', 'motor-anomaly'];
const canary = 'site-a';
const edges = ['edge-a1', 'edge-a2', 'edge-b1', 'edge-b2'];
const maker = 'ben', approver = 'anna';
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

// Sets: models by name@N:digest, with the release that they make.

/// `again`: from the rows of those models, another version that says the same.
const train = (demo, { resources = join(demo.data, 'resources'), again } = {}) =>
  models.map((model, i) => {
    const pinned = again === undefined ? [] : ['--as-of', String(again[i].asOf)];
    const made = demo.json('train', model, '-f', resources, '--register', ...pinned, ...demo.as(maker));
    return { text: `${model}@${made.version}`, id: `${model}@${made.version}:${made.digest}`, asOf: made.as_of };
  });
const release = (demo, name, trained) => {
  const made = demo.json('release', 'create', 'demo-models', ...trained.flatMap(({ text }) => ['--model', text]), ...demo.as(maker));
  return { name, text: `demo-models@${made.version}`, digest: made.digest, models: trained.map(({ id }) => id) };
};
/// Loads and predicts nonsense: the devices are declared to measure in kelvin, so training "converts" what was in Celsius.
const trainNonsense = (demo) => {
  const resources = join(demo.directory, 'wrong');
  cpSync(join(demo.data, 'resources'), resources, { recursive: true });
  for (const file of readdirSync(resources).filter((name) => name.startsWith('site-'))) {
    const text = readFileSync(join(resources, file), 'utf8');
    const wrong = text.replaceAll('{name: bearing_temperature, unit: Cel}', '{name: bearing_temperature, unit: K}');
    expect(`${file} declares what is to be mistaken`, wrong !== text);
    writeFileSync(join(resources, file), wrong);
  }
  return train(demo, { resources });
};

// Rollouts.

const rolloutOf = async (demo, id) => (await demo.get('/api/v1/rollouts')).rollouts.find((one) => one.id === id);
const plan = (demo, id, { text }, options) => demo.cli('rollout', 'plan', id, '--release', text, ...options, ...demo.as(maker));
const approve = (demo, id) => demo.cli('approve', 'rollout', id, ...demo.as(approver));
const start = (demo, id) => demo.cli('rollout', 'start', id, ...demo.as(maker));
const gated = ['--waves', `canary[site=${canary}],rest`, '--behaviour', 'required', '--soak', '2s', '--scored-min', '40'];
const ended = ['done', 'reverted', 'withdrawn'];
const counted = (rollout, state) => rollout.waves.reduce((sum, wave) => sum + wave.targets[state], 0);
const waitForEnd = (demo, id) =>
  waitUntil(`${id} ends`, async () => {
    const rollout = await rolloutOf(demo, id);
    return ended.includes(rollout.state) && rollout;
  }, { within: 120_000, every: 100 });

// What can be seen of an asset's model: the recipe of each verdict, and what the targets attested.

/// Verdicts of the demo's edges since `from`, each with the id of the model that gave it ('' for none), by time.
const verdicts = (demo, from) =>
  demo.json('query', `SELECT c.edge, c.device, epoch_ms(c.ts) AS ms, c.value, c.quality,
      coalesce(json_extract_string(p.recipe, '$.model'), '') AS model
    FROM current c LEFT JOIN provenance p ON c.provenance = p.number
    WHERE c.metric = 'anomaly/score' AND c.ts >= make_timestamp(${from * 1000}) ORDER BY c.ts, c.device`);

/// The sets that judged each edge's assets, in their order. Of two sets in one scan the later one must stay.
const setsSince = (demo, from, sets) => {
  const out = Object.fromEntries(edges.map((edge) => [edge, []]));
  const at = Object.fromEntries(edges.map((edge) => [edge, []])); // [ms, sets of that scan]
  const rows = verdicts(demo, from);
  expect('the answer is whole', rows.length < 10_000);
  for (const { edge, device, ms, value, quality, model } of rows) {
    const set = sets.find((one) => one.models.includes(model));
    const where = `${device} at ${new Date(ms).toISOString()} (${quality})`;
    expect(`the old set or the new judges ${where}, not '${model}'`, set !== undefined);
    // A machine that stands still is not judged, and that is said; a sensor that drops out gives nothing to judge.
    expect(`there is a verdict on ${where}`, value !== null || ['bad:bad_input', 'bad:out_of_specification'].includes(quality));
    const scans = at[edge];
    if (scans.length === 0 || scans.at(-1)[0] !== ms) scans.push([ms, new Set()]);
    scans.at(-1)[1].add(set.name);
  }
  for (const edge of edges) {
    expect(`${edge} was judged`, at[edge].length > 0);
    at[edge].forEach(([ms, names], i) => {
      // The exchange falls between two devices of one second: before it all had the one set, after it all have the other.
      if (names.size > 1) {
        const [before, after] = [at[edge][i - 1], at[edge][i + 1]].map((scan) => scan && [...scan[1]]);
        const exchanged = before?.length === 1 && after?.length === 1 && before[0] !== after[0];
        expect(`${edge} runs one whole set before and after ${new Date(ms).toISOString()}`, exchanged);
        return;
      }
      const [name] = names;
      if (out[edge].at(-1) !== name) out[edge].push(name);
    });
  }
  return { sets: out, verdicts: rows.length };
};
/// Scans without a current verdict since `from`, but the newest, which may be under way.
const unjudged = (demo, from) =>
  demo.json('query', `SELECT count(*) AS n FROM (SELECT DISTINCT edge, device, ts FROM current WHERE metric = 'vibration_rms'
    AND ts >= make_timestamp(${from * 1000}) AND ts < (SELECT max(ts) - INTERVAL 5 SECOND FROM current WHERE metric = 'vibration_rms')) s
    ANTI JOIN (SELECT edge, device, ts FROM current WHERE metric = 'anomaly/score') v USING (edge, device, ts)`)[0].n;
/// What the targets of a rollout said that they run, from the audit log.
const attested = async (demo, id) => {
  const { entries } = await demo.get('/api/v1/audit/entries?from=0&limit=10000');
  const isOf = ({ kind, subject }) => kind === 'rollout.target' && subject === `rollout/${id}`;
  return entries.map(({ entry }) => JSON.parse(entry)).filter(isOf).map(({ body }) => body);
};

/// The account closes and the log verifies, after whatever happened.
const expectSound = async (demo) => {
  const ledger = await waitUntil('the account closes', () => {
    const account = demo.json('ledger');
    return account.unexplained === 0 && account.balanced && account;
  }, { every: 500 });
  expect('nothing is lost', ledger.lost === 0 && ledger.sent > 0);
  const doubled = demo.json('query', 'SELECT count(*) - count(DISTINCT (producer, incarnation, sequence, "index")) AS n FROM samples')[0].n;
  expect('nothing is stored twice', doubled === 0);
  const audit = demo.json('audit', 'verify', '--data', join(demo.data, 'hub'));
  expect('the audit log verifies', audit.sound === true && audit.defect === null);
  say(`account: ${ledger.sent} sent, ${ledger.stored} stored, ${ledger.lost} lost, ${ledger.unexplained} unexplained`);
  say(`audit log: ${audit.entries} entries, ${audit.checkpoints} checkpoints, sound`);
};
const expectSets = async (demo, id, from, [old, next], outcome) => {
  const judged = setsSince(demo, from, [old, next]);
  const canaries = outcome === 'done' ? 'old,new' : 'old,new,old';
  for (const edge of edges) {
    const wanted = outcome === 'done' || edge.startsWith('edge-a') ? canaries : 'old';
    expect(`${edge} ran ${wanted}, not ${judged.sets[edge]}`, judged.sets[edge].join() === wanted);
  }
  expect('every scan has a verdict', unjudged(demo, from) === 0);
  const said = await attested(demo, id);
  expect('targets attested the old set or the new', said.length > 0 && said.every(({ running }) => [old.digest, next.digest].includes(running)));
  say(`${id}: ${judged.verdicts} verdicts, each by the old set or the new; ${said.length} attestations`);
};

/// What the record of a rollout that the gate has stopped must say, by API and by command line.
const expectStopped = (demo, rollout) => {
  const gate = rollout.waves[0].gates.find(({ name }) => name === 'behaviour');
  expect('the behaviour gate of the canary failed', gate?.state === 'failed' && rollout.state === 'reverted');
  const [difference, p] = ['rate_difference', 'rate_p'].map((wanted) => gate.statistics.find(({ name }) => name === wanted));
  expect('its statistic stands in the record', difference && p && difference.value > 0.2 && p.value < 0.001);
  expect('it says that its limits do not hold', difference.limit === 0.05 && !difference.holds && p.limit === 0.001 && !p.holds);
  expect('it is why it was reverted', rollout.revert_reason.includes('behaviour gate of wave canary: rate_difference'));
  expect('what was touched was restored, nothing else', rollout.waves[0].targets.restored === 3 && rollout.waves[1].targets.pending === 3);
  const shown = demo.cli('rollout', 'get', rollout.id);
  const said = /gate behaviour: failed[^]*rate_difference [\d.]+, limit 0\.05: does not hold[^]*rate_p .*: does not hold/;
  expect('the command line says it', said.test(shown));
  console.log(shown.trimEnd());
};

// Steps at which somebody dies: when a rollout is first seen there.

const orders = [
  ['planned', plan],
  ['approved', approve],
  ['started', start],
];
const sights = {
  offered: (rollout) => counted(rollout, 'offered') > 0,
  installed: (rollout) => counted(rollout, 'installed_unconfirmed') > 0,
  attested: (rollout) => counted(rollout, 'attested') > 0,
  soaking: (rollout) => rollout.state === 'soaking',
  'wave advanced': (rollout) => rollout.waves[1].state !== 'waiting',
  reverting: (rollout) => rollout.state === 'reverting',
  restored: (rollout) => counted(rollout, 'restored') > 0,
};
/// Of the site whose wave runs.
const victims = { hub: ['hub', 'hub'], gateway: ['gateway-a', 'gateway-b'], edge: ['edge-a1', 'edge-b1'] };

/// A hub that has just been started, and may not have heard anybody, plans with what its targets run all the same: else a
/// revert would bring them nothing.
const expectRemembered = async (demo, [old, set]) => {
  await demo.kill('hub');
  plan(demo, 'never-approved', set, gated);
  const { digest } = await rolloutOf(demo, 'never-approved');
  const blueprint = await (await fetch(`${demo.hub}/api/v1/artifacts/${digest}`)).text();
  const remembered = blueprint.split(old.digest).length - 1;
  expect(`a hub that was just started plans with what six targets run, not ${remembered}`, remembered === 6);
  say('a hub that was just started plans with what each target runs');
};

const rollOutWithKills = async (demo, id, [old, set], outcome) => {
  const kill = async (step) => {
    const victim = victims[mode][step === 'wave advanced' ? 1 : 0], at = Date.now();
    await demo.kill(victim);
    const rollout = await rolloutOf(demo, id);
    say(`${id} ${step}: killed ${victim}, back after ${((Date.now() - at) / 1000).toFixed(1)} s: ${rollout.state}`);
    return rollout;
  };
  for (const [step, give] of orders) {
    const before = (give(demo, id, set, gated), await rolloutOf(demo, id));
    const after = await kill(step);
    expect(`${id} is still ${step}`, step === 'started' ? !['planned', 'approved'].includes(after.state) : after.state === step);
    expect('its blueprint is the same', after.digest === before.digest);
  }
  const steps = ['offered', 'installed', 'attested', 'soaking', ...(outcome === 'done' ? ['wave advanced'] : ['reverting', 'restored'])];
  for (const step of steps) {
    const rollout = await waitUntil(`${id} is seen ${step}`, async () => {
      const one = await rolloutOf(demo, id);
      return (sights[step](one) || ended.includes(one.state)) && one;
    });
    expect(`${id} was seen ${step} before it was ${rollout.state}`, sights[step](rollout));
    await kill(step);
  }
  const rollout = await waitForEnd(demo, id);
  if (mode === 'hub' && outcome === 'reverted') await expectRemembered(demo, [old, set]);
  expect(`${id} ends ${outcome}, not ${rollout.state}: ${rollout.revert_reason}`, rollout.state === outcome);
  await kill(outcome);
  expect(`${id} stays ${outcome}`, (await rolloutOf(demo, id)).state === outcome);
  return rollout;
};

/// The newest event time at the hub: from here on a scenario looks at what judged.
const settled = async (demo) => {
  const newest = () => demo.json('query', "SELECT epoch_ms(max(ts)) AS ms FROM current WHERE metric = 'anomaly/score'")[0].ms;
  const from = newest() + 1;
  await waitUntil('some scans come', () => newest() > from + 3_000, { every: 500 });
  return from;
};

const demo = await Demo.start(bin);
try {
  say(`the demo is open at ${demo.hub}`);
  const scans = "SELECT count(*) AS n FROM current WHERE metric = 'vibration_rms'";
  await waitUntil('the history of 20 machines is there', () => demo.json('query', scans)[0].n >= 20 * 1200, { every: 500 });
  const trained = train(demo);
  const old = release(demo, 'old', trained);
  // A first version has nothing to be compared with.
  plan(demo, 'first', old, ['--waves', 'all', '--behaviour', 'none', '--soak', '0s']);
  approve(demo, 'first');
  start(demo, 'first');
  expect('the first version runs', (await waitForEnd(demo, 'first')).state === 'done');
  say(`${old.text} runs everywhere`);
  const nonsense = release(demo, 'new', trainNonsense(demo));
  let from = await settled(demo);
  let rollout;
  if (mode === 'gate') {
    plan(demo, 'nonsense', nonsense, gated);
    approve(demo, 'nonsense');
    start(demo, 'nonsense');
    rollout = await waitForEnd(demo, 'nonsense');
  } else {
    rollout = await rollOutWithKills(demo, 'nonsense', [old, nonsense], 'reverted');
  }
  await settled(demo);
  expectStopped(demo, rollout);
  await expectSets(demo, 'nonsense', from, [old, nonsense], 'reverted');
  await expectSound(demo);
  if (mode !== 'gate') {
    const honest = release(demo, 'new', train(demo, { again: trained }));
    from = await settled(demo);
    await rollOutWithKills(demo, 'honest', [old, honest], 'done');
    await settled(demo);
    await expectSets(demo, 'honest', from, [old, honest], 'done');
    await expectSound(demo);
  }
  say(`${mode}: as it should`);
} catch (error) {
  console.log(demo.complaints());
  throw error;
} finally {
  await demo.end();
}
