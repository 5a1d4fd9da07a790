// The demo as a person meets it: starts `millwright demo`, waits for the first finding on the screen, makes the first
// user, closes a work order by three taps on a phone and sees the precision of the model change; then runs what the
// screen's tests can run against a real hub, and asks the command line for review, ledger and audit.
// Usage: node demo_decision.mjs BIN_DIR [SCREENSHOT_FOLDER]
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { desktop, openBrowser, phone, signIn } from '../web/browser.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const [bin, pictures] = process.argv.slice(2);
const millwright = join(bin, 'millwright');
const user = 'clara', password = 'a long enough password';
const folder = mkdtempSync(join(tmpdir(), 'millwright-decision-'));

const begun = Date.now();
const seconds = () => ((Date.now() - begun) / 1000).toFixed(0);
const expect = (what, holds) => {
  if (!holds) throw new Error(`not so: ${what}`);
};

let said = '';
const demo = spawn(millwright, ['demo', '--data', join(folder, 'demo')], { stdio: ['ignore', 'pipe', 'pipe'] });
const ended = new Promise((resolve) => demo.on('exit', (code, signal) => resolve({ code, signal })));
demo.stdout.on('data', (text) => { said += text; process.stdout.write(text); });
demo.stderr.on('data', (text) => process.stderr.write(text));
const line = async (pattern, within_s) => {
  const until = Date.now() + within_s * 1000;
  for (;;) {
    const found = said.match(pattern);
    if (found) return found;
    if (demo.exitCode !== null) throw new Error(`the demo ended with ${demo.exitCode} before it said ${pattern}`);
    if (Date.now() > until) throw new Error(`the demo did not say ${pattern} within ${within_s} s`);
    await new Promise((wake) => setTimeout(wake, 200));
  }
};
const ask = (...verb) => {
  const answer = spawnSync(millwright, [...verb, '-o', 'json'], { encoding: 'utf8', timeout: 60_000, env: { ...process.env, MILLWRIGHT_HUB: hub.url } });
  if (answer.status !== 0) throw new Error(`${verb.join(' ')} ended with ${answer.status}: ${answer.stderr}`);
  return JSON.parse(answer.stdout);
};
const get = async (path) => (await fetch(hub.url + path)).json();

const hub = { user, password, url: '' };
let browser;
try {
  hub.url = (await line(/open +(http:\/\/\S+)/, 30))[1];
  console.log(`ready after ${seconds()} s`);
  browser = await openBrowser();
  const page = await browser.page(desktop);
  await page.goto(hub.url);
  await page.getByRole('heading', { name: 'First start' }).waitFor();
  await page.getByLabel('Name').fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('Password again').fill(password);
  await page.getByRole('button', { name: 'Make the first user' }).click();
  await page.getByRole('heading', { name: 'Value', level: 1 }).waitFor();

  await line(/first finding/, 400);
  await page.goto(`${hub.url}/orders`);
  await page.locator('[data-order]').first().waitFor();
  console.log(`first finding on the screen after ${seconds()} s`);
  await page.close();

  // Three taps. The crew of site-b closes its own orders; those of site-a are the person's.
  const openOrder = async () => {
    for (let i = 0; i < 300; ++i) {
      const { work_orders } = await get('/api/v1/workorders?state=open');
      const mine = work_orders.find((order) => /-[12]\d\d$/.test(order.asset) && order.finding.rule.includes('departure'));
      if (mine) return mine;
      await new Promise((wake) => setTimeout(wake, 1000));
    }
    throw new Error('no work order at site-a');
  };
  const order = await openOrder();
  const hand = await browser.page(phone);
  await signIn(hand, hub, '/orders');
  await hand.locator(`[data-order="${order.id}"]`).click();  // 1
  const precision = hand.locator('[data-precision]');
  await precision.waitFor();
  const before = await precision.getAttribute('data-precision');
  await hand.getByRole('radio', { name: /^Confirmed/ }).click();  // 2
  await hand.getByRole('button', { name: 'Confirm: confirmed' }).click();  // 3
  await hand.getByRole('heading', { name: 'Closed: confirmed' }).waitFor();
  await hand.waitForFunction((old) => document.querySelector('[data-precision]').dataset.precision !== old, before);
  console.log(`${order.id} (${order.asset}) closed after ${seconds()} s; verdicts behind the precision: ${before} -> ${await precision.getAttribute('data-precision')}, ${await precision.innerText()}`);
  await hand.close();

  const { models } = await get('/api/v1/models');
  expect('a model has a precision with an interval', models.some((m) => m.precision && m.precision.low <= m.precision.high && m.precision.n > 0));
  const screen = spawnSync(process.execPath, ['--test', join(here, '..', 'web', 'screen.test.mjs')],
    { stdio: 'inherit', env: { ...process.env, MW_HUB_URL: hub.url, MW_USER: user, MW_PASSWORD: password } });
  expect('the tests of the screen pass against the real hub', screen.status === 0);

  const review = ask('review', 'fewer-stops');
  expect('the review says that its input is simulated', JSON.stringify(review).includes('simulated'));
  expect('the audit log verifies', ask('audit', 'verify', '--data', join(folder, 'demo', 'hub')).sound === true);
  const { usecases } = await get('/api/v1/usecases');
  for (const kpi of usecases[0].kpis) console.log(`${kpi.name}: ${kpi.state} ${kpi.value ?? ''} [${kpi.low ?? ''}, ${kpi.high ?? ''}] ${kpi.unit} ${kpi.reason ?? ''}`);
  expect('the KPI of the use case is measured against its own history', usecases[0].kpis.some((kpi) => kpi.state === 'measured'));

  if (pictures) {
    mkdirSync(pictures, { recursive: true });
    const { assets } = await get('/api/v1/assets');
    const worst = assets[0].name;
    for (const [name, viewport, path, dialog] of [['value', desktop, '/value'], ['assets', desktop, '/assets'], ['asset', desktop, `/assets/${worst}`],
      ['why', desktop, `/assets/${worst}`, true], ['work', phone, '/orders'], ['releases', desktop, '/releases']]) {
      const picture = await browser.page(viewport);
      await signIn(picture, hub, path);
      if (dialog) await picture.getByRole('button', { name: /^Health of .*why/ }).click();
      if (dialog) await picture.getByRole('heading', { name: /^Source rows/ }).waitFor();
      await picture.getByRole(dialog ? 'dialog' : 'main').waitFor();
      await picture.waitForFunction(() => !document.querySelector('.waiting') && document.getAnimations().every((a) => a.playState !== 'running'));
      await picture.screenshot({ path: join(pictures, `${name}.png`) });
      await picture.close();
    }
  }
} finally {
  await browser?.close();
  if (demo.exitCode === null) demo.kill('SIGINT');
  const end = await ended;
  console.log(`the demo ended with ${end.code ?? end.signal} after ${seconds()} s`);
  rmSync(folder, { recursive: true, force: true });
  if (end.code !== 0) process.exitCode = 1;
}
console.log('decision: a finding was worked on, and the model is judged by it');
