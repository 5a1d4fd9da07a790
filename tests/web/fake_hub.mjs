// A hub for the tests of the screen: serves the built files and canned answers shaped by the API's contract, and keeps
// state, so that a verdict closes its order and moves a model's precision. Knows nothing of the real hub's rules.
//
//   node tests/web/fake_hub.mjs --dist web/dist [--port 8080] [--setup] [--signed-out]
import { createServer } from 'node:http';
import { readFileSync, existsSync, statSync } from 'node:fs';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assets, signalsOf, workOrders } from './make_assets.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const fixture = (name) => JSON.parse(readFileSync(join(here, 'fixtures', `${name}.json`), 'utf8'));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.md': 'text/plain; charset=utf-8' };
const step_ms = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Strings "@-3m" become times. */
function timed(value, now) {
  if (typeof value === 'string') {
    const match = /^@(-?\d+)([smhd])$/.exec(value);
    return match ? new Date(now + Number(match[1]) * step_ms[match[2]]).toISOString() : value;
  }
  if (Array.isArray(value)) return value.map((item) => timed(item, now));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, timed(item, now)]));
  }
  return value;
}

/** Leaves out what is null, as a hub may. */
function without(value) {
  if (Array.isArray(value)) return value.map(without);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null).map(([key, item]) => [key, without(item)]));
}

/** Deterministic noise in −1..1. */
function noise(text, i) {
  let h = 2166136261 ^ i;
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 16777619);
  h = Math.imul(h ^ (h >>> 15), 2246822519);
  return ((h >>> 0) / 2 ** 31) - 1;
}
const problem = (status, title, detail, remedy) => ({ status, body: { type: 'about:blank', title, status, detail, remedy } });

/** Starts on a free port of loopback unless told otherwise: `setup` without a user, `sparse` without fields that are null. */
export async function startFakeHub({ dist, port = 0, setup = false, sparse = false } = {}) {
  const state = {
    users: setup ? {} : { anna: 'correct horse battery' },
    sessions: new Map(),
    orders: workOrders(),
    models: fixture('models'),
  };
  const started = Date.now();
  const counts = { 'vibration-pca@3': { right: 1, all: 2 } };

  function share(right, all) {
    const p = right / all, z = 1.96, d = 1 + z * z / all, c = p + z * z / (2 * all);
    const w = z * Math.sqrt(p * (1 - p) / all + z * z / (4 * all * all));
    return { value: p, low: (c - w) / d, high: (c + w) / d, n: all };
  }
  function assetsNow() {
    return assets().map((a) => ({ ...a, findings_open: state.orders.filter((o) => o.asset === a.name && o.state === 'open').length }));
  }
  function takeVerdict(id, body, user) {
    const order = state.orders.find((o) => o.id === id);
    if (!order) return problem(404, 'Not found', `there is no work order '${id}'`);
    if (order.state === 'closed') {
      return problem(409, 'Conflict', `work order ${id} was closed by ${order.verdict.by}`, 'file a new finding if the fault is back');
    }
    order.state = 'closed';
    order.verdict = { outcome: body.outcome, note: body.note ?? '', by: `person/${user ?? 'anna'}`, at: new Date().toISOString() };
    const count = counts[order.finding.model];
    if (count && body.outcome !== 'could_not_inspect') {
      count.all += 1;
      if (body.outcome === 'confirmed') count.right += 1;
      state.models.find((m) => `${m.name}@${m.version}` === order.finding.model).precision = share(count.right, count.all);
    }
    return { status: 200, body: order };
  }
  function range(series, from, to) {
    const asset = assetsNow().find((a) => signalsOf(a).some((s) => s.series === series || series.startsWith(`${s.series}/`)));
    const signal = asset && signalsOf(asset).find((s) => s.series === series || series.startsWith(`${s.series}/`));
    if (!signal) return problem(404, 'Not found', `there is no series '${series}'`);
    // Ends when the hub began, so that the series of a value and of its interval share their times.
    const now = started, n = 480, all = 10 * step_ms.d;
    const level = signal.value ?? 10, samples = [];
    for (let i = 0; i < n; ++i) {
      const ts = now - all + (i * all) / (n - 1);
      if (ts < from || ts > to) continue;
      const wear = asset.health.state === 'bad' ? Math.max(0, i / n - 0.55) / 0.45 : asset.health.state === 'watch' ? Math.max(0, i / n - 0.8) : 0;
      let value = level * (1 - 0.5 * (1 - wear) * (asset.health.state === 'bad' ? 1 : 0)) + level * 0.04 * noise(series, i);
      if (signal.name === 'health') value = Math.min(1, Math.max(0, 0.95 - (0.95 - level) * wear + 0.015 * noise(series, i)));
      if (signal.name === 'rul') {
        value = Math.max(0, level + (n - 1 - i) * (all / n / step_ms.h) + 6 * noise(series, i));
        if (series.endsWith('/low')) value *= 0.72;
        if (series.endsWith('/high')) value *= 1.36;
      }
      let quality = 'good';
      if (i > n * 0.42 && i < n * 0.46) quality = 'bad:no_communication';
      else if (i > n * 0.9 && signal.quality !== 'good') quality = signal.quality;
      else if (i > n * 0.7 && i < n * 0.74) quality = 'uncertain:stale';
      samples.push({ ts: new Date(ts).toISOString(), value: quality === 'bad:no_communication' ? null : value, quality, revision: i + 1,
        arrival: new Date(ts).toISOString(), provenance: 3 });
    }
    return { status: 200, body: { series, number: '281474976710657', datatype: 'double', unit: signal.unit, samples, truncated: false } };
  }
  function lineage(series, at) {
    const asset = assetsNow().find((a) => signalsOf(a).some((s) => s.series === series));
    const signal = asset && signalsOf(asset).find((s) => s.series === series);
    if (!signal) return problem(404, 'Not found', `there is no series '${series}'`);
    const derived = signal.name === 'health' || signal.name === 'rul' || signal.name.startsWith('anomaly');
    const inputs = derived ? signalsOf(asset).filter((s) => !['health', 'rul', 'anomaly/score'].includes(s.name)) : [signal];
    const model = state.models[0];
    return { status: 200, body: {
      value: { series, ts: at, value: signal.value, quality: signal.quality, unit: signal.unit, revision: '5410' },
      recipe: derived
        ? { producer: `${asset.site}/gw-${asset.site}`, release: 'line-models@3', pipeline: 'fuse-health@2', model: `pump-life@3:${model.digest}`,
            inputs: inputs.map((s) => s.series), window: '30 scans' }
        : { producer: `${asset.site}/edge`, release: 'line-models@3', pipeline: 'clean@1', model: null, inputs: [series] },
      model: derived ? { name: 'pump-life', version: 3, digest: model.digest, data_hash: model.data_hash, approval: 'ap-000007', approver: 'person/anna' } : null,
      calibration: 'none known',
      sources: inputs.flatMap((s) => [0, 1].map((i) => ({ series: s.series, number: '281474976710657', ts: new Date(Date.parse(at) - i * 1000).toISOString(),
        revision: String(5409 - i), value: s.value, quality: s.quality }))),
      input_digest: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', complete: true, problems: [] } };
  }

  function api(method, path, query, body, session) {
    const user = state.sessions.get(session);
    if (path === '/session') {
      return { status: 200, body: { user: user ?? null, roles: user ? ['maintenance'] : [], setup_required: Object.keys(state.users).length === 0 } };
    }
    if (path === '/setup' && method === 'POST') {
      if (Object.keys(state.users).length) return problem(409, 'Conflict', 'a user exists already', 'sign in');
      if ((body.password ?? '').length < 12) return problem(422, 'Invalid input', 'the password is too short', 'use at least 12 characters');
      state.users[body.user] = body.password;
      return { status: 200, body: { user: body.user, roles: [] }, session: body.user };
    }
    if (path === '/signin' && method === 'POST') {
      if (state.users[body.user] !== body.password || body.password === undefined) {
        return problem(401, 'Refused', 'the name or the password is wrong', 'after 5 wrong passwords the user is locked for a while');
      }
      return { status: 200, body: { user: body.user, roles: ['maintenance'] }, session: body.user };
    }
    if (path === '/signout') return { status: 200, body: {}, session: '' };
    if (path === '/status') return { status: 200, body: fixture('status') };
    if (!user) return problem(401, 'Unauthorised', 'nobody is signed in', 'sign in first');
    const verdict = /^\/workorders\/([^/]+)\/verdict$/.exec(path);
    if (verdict && method === 'POST') return takeVerdict(verdict[1], body, user);
    if (path === '/usecases') return { status: 200, body: { usecases: fixture('usecases') } };
    if (path === '/assets') return { status: 200, body: { assets: assetsNow() } };
    const one = /^\/assets\/([^/]+)$/.exec(path);
    if (one) {
      const asset = assetsNow().find((a) => a.name === one[1]);
      if (!asset) return problem(404, 'Not found', `there is no asset '${one[1]}'`);
      const orders = state.orders.filter((o) => o.asset === asset.name);
      return { status: 200, body: { ...asset, signals: signalsOf(asset), findings: orders.map((o) => o.finding), work_orders: orders } };
    }
    if (path === '/findings') return { status: 200, body: { findings: state.orders.map((o) => o.finding) } };
    if (path === '/workorders') return { status: 200, body: { work_orders: state.orders } };
    if (path === '/models') return { status: 200, body: { models: state.models } };
    if (path === '/rollouts') return { status: 200, body: { rollouts: fixture('rollouts') } };
    if (path === '/lineage') return lineage(query.get('series'), query.get('at'));
    if (path === '/range') {
      return range(query.get('series'), Date.parse(query.get('from') ?? '1970-01-01'), Date.parse(query.get('to') ?? '2999-01-01'));
    }
    return problem(404, 'Not found', `there is no ${path}`, 'see /openapi.yaml');
  }

  function serveFile(path, response) {
    let file = join(dist, normalize(path));
    const known = existsSync(file) && statSync(file).isFile();
    if (!known && path.startsWith('/static/')) return response.writeHead(404).end();
    if (!known) file = join(dist, 'index.html');
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream',
      'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'" });
    response.end(readFileSync(file));
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://hub');
    if (!url.pathname.startsWith('/api/v1/')) return serveFile(url.pathname, response);
    const path = decodeURIComponent(url.pathname.slice(7));
    if (path === '/events') {
      const body = `retry: 200\nid: ${Date.now()}\nevent: status\ndata: ${JSON.stringify(timed(fixture('status'), Date.now()))}\n\n`;
      return setTimeout(() => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(body), 300);
    }
    let text = '';
    for await (const chunk of request) text += chunk;
    const cookie = /(?:^|;\s*)mw_session=([^;]*)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
    const answer = api(request.method, path, url.searchParams, text ? JSON.parse(text) : {}, cookie);
    const headers = { 'Content-Type': answer.status < 400 ? 'application/json' : 'application/problem+json' };
    if (answer.session !== undefined) {
      const id = answer.session ? `s${state.sessions.size + 1}` : '';
      if (id) state.sessions.set(id, answer.session);
      else state.sessions.delete(cookie);
      headers['Set-Cookie'] = `mw_session=${id}; Path=/; HttpOnly; SameSite=Strict`;
    }
    response.writeHead(answer.status, headers).end(JSON.stringify(timed(sparse ? without(answer.body) : answer.body, Date.now())));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    user: 'anna',
    password: 'correct horse battery',
    close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, fallback) => { const i = process.argv.indexOf(name); return i < 0 ? fallback : process.argv[i + 1]; };
  const hub = await startFakeHub({ dist: option('--dist', join(here, '../../web/dist')), port: Number(option('--port', 8080)),
    setup: process.argv.includes('--setup') });
  console.log(`fake hub at ${hub.url}; user ${hub.user}, password "${hub.password}"`);
}
