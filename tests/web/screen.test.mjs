// A person's way through the screen. The same clicks run against a real hub by MW_HUB_URL, MW_USER and MW_PASSWORD; what
// needs the canned plant of the fake hub is skipped there.
//
//   node --test tests/web/screen.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desktop, openBrowser, phone, signIn } from './browser.mjs';
import { isReal, openHub } from './hub.mjs';

let browser, hub;
before(async () => { [browser, hub] = await Promise.all([openBrowser(), openHub()]); });
after(async () => { await browser?.close(); await hub?.close(); });
const canned = { skip: isReal ? 'needs the canned plant' : false };

/** Opens a page, lets the test use it, and fails it when the page itself complained. */
async function withPage(viewport, use, origin = hub.url) {
  const page = await browser.page(viewport);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) complaints.push(`asks elsewhere: ${request.url()}`);
  });
  try {
    await use(page);
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
  }
}
const rgb = (page, locator, property, pseudo) => locator.evaluate((e, [p, s]) => getComputedStyle(e, s)[p], [property, pseudo]);

test('a wrong password is refused in words, the right one enters, signing out leaves', () => withPage(desktop, async (page) => {
  await page.goto(hub.url);
  await page.getByLabel('Name').fill(hub.user);
  await page.getByLabel('Password', { exact: true }).fill('certainly wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'wrong' }).waitFor();
  await page.getByLabel('Password', { exact: true }).fill(hub.password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Value', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}));

test('first start forces a user', canned, async (t) => {
  const fresh = await openHub({ setup: true });
  t.after(() => fresh.close());
  const page = await browser.page();
  await page.goto(`${fresh.url}/assets`);
  await page.getByRole('heading', { name: 'First start' }).waitFor();
  await page.getByLabel('Name').fill('erik');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByLabel('Password again').fill('short');
  await page.getByRole('button', { name: 'Make the first user' }).click();
  await page.getByRole('alert').filter({ hasText: 'too short' }).waitFor();
  await page.getByLabel('Password', { exact: true }).fill('long enough to count');
  await page.getByLabel('Password again').fill('long enough to count');
  await page.getByRole('button', { name: 'Make the first user' }).click();
  await page.getByRole('heading', { name: 'Assets', level: 1 }).waitFor();
  await page.close();
});

test('value: target beside measured with its interval, and what is not measurable says why', canned, () => withPage(desktop, async (page) => {
  await signIn(page, hub);
  await page.getByRole('note').filter({ hasText: 'Simulated input' }).waitFor();
  const downtime = page.locator('[data-kpi="unplanned-downtime"]');
  await downtime.getByText('30.1 to 37.9 h').waitFor();
  await downtime.getByText('28.8 h').waitFor();
  const energy = page.locator('[data-kpi="energy-cost"]');
  await energy.getByText('not measurable').waitFor();
  await energy.getByText('signal active-energy missing at asset press-02, owner tomas').waitFor();
  await page.getByText('2 of 9 data requirements unmet').waitFor();
  const turbofan = page.locator('[data-usecase="turbofan"]');
  await turbofan.getByText('retrospective').waitFor();
  assert.equal(await turbofan.getByRole('link', { name: 'Review' }).getAttribute('href'), '/api/v1/review/turbofan/page');
  await downtime.getByRole('button', { name: /why/ }).click();
  const why = page.getByRole('dialog');
  await why.getByText('SELECT month').waitFor();
  await page.keyboard.press('Escape');
  await why.waitFor({ state: 'detached' });
}));

test('value to asset to why, down to the source rows', () => withPage(desktop, async (page) => {
  await signIn(page, hub);
  await page.getByRole('link', { name: 'Assets', exact: true }).first().click();
  const first = page.locator('tr[data-asset]').first();
  const name = await first.getAttribute('data-asset');
  await first.getByRole('link').click();
  await page.waitForURL(`**/assets/${name}*`);
  if (!isReal) {
    assert.equal(name, 'pump-07');  // the worst stands first
    await page.locator('figure.trend canvas').nth(2).waitFor();  // at least three signals are drawn
    await page.locator('[data-signal="bearing-temperature"]').getByText('91.3 °C').waitFor();
  }
  await page.getByRole('button', { name: /^Health of .*why/ }).click();
  const why = page.getByRole('dialog');
  await why.getByRole('heading', { name: 'Calibration' }).waitFor();
  await why.locator('.calibration').filter({ hasText: 'None known' }).waitFor();
  await why.getByRole('heading', { name: /^Source rows/ }).waitFor();
  if (!isReal) {
    await why.getByText('pump-life@3').waitFor();
    await why.getByText('anna').waitFor();
    await why.getByText('every source row was found').waitFor();
  }
  const shown = page.url();
  await page.reload();  // the question is in the address
  await page.getByRole('dialog').getByRole('heading', { name: 'Calibration' }).waitFor();
  assert.equal(page.url(), shown);
}));

test('unknown is a grey state, never a green one', canned, () => withPage(desktop, async (page) => {
  await signIn(page, hub, '/assets');
  const row = page.locator('tr[data-asset="press-02"]');
  const mark = row.locator('.mark').first();
  assert.equal(await mark.getAttribute('data-state'), 'unknown');
  const [r, g, b] = (await rgb(page, mark, 'color')).match(/\d+/g).map(Number);
  assert.ok(Math.max(r, g, b) - Math.min(r, g, b) < 30, `rgb(${r} ${g} ${b}) is not grey`);
  assert.equal(await rgb(page, mark, 'backgroundColor', '::before'), 'rgba(0, 0, 0, 0)');
  assert.equal(await row.locator('.bar.health.none .fill').count(), 0);
  assert.equal(await row.getByRole('button', { name: 'Health of Hydraulic press 2: why?' }).innerText(), 'unknown');
  await row.getByRole('button', { name: 'Health of Hydraulic press 2: why?' }).click();
  await page.getByRole('dialog').getByText('Health of Hydraulic press 2 is unknown').waitFor();
}));

test('a verdict takes three taps on a phone and moves the precision of the model', canned, () => withPage(phone, async (page) => {
  await signIn(page, hub, '/orders');
  const order = page.locator('[data-order="wo-000014"]');
  await order.click();  // 1: the order
  await page.locator('[data-precision="2"]').waitFor();
  const confirm = page.getByRole('button', { name: 'Choose what was found' });
  assert.ok(await confirm.isDisabled());
  for (const target of await page.locator('.outcome').all()) {
    const box = await target.boundingBox();
    assert.ok(box.height >= 64 && box.width >= 150, 'a target is too small for a thumb');
  }
  await page.getByRole('radio', { name: /^Confirmed/ }).click();  // 2: what was found
  const button = page.getByRole('button', { name: 'Confirm: confirmed' });
  const box = await button.boundingBox();
  assert.ok(box.height >= 48 && box.y + box.height <= phone.height - 58, 'the confirmation is not in reach');
  await button.click();  // 3: confirm
  await page.getByRole('heading', { name: 'Closed: confirmed' }).waitFor();
  await page.getByText('By anna').waitFor();
  await page.locator('[data-precision="3"]').filter({ hasText: '67 %' }).waitFor();
}));

test('an order that someone else closed meanwhile says so', canned, () => withPage(desktop, async (page) => {
  await signIn(page, hub, '/orders/wo-000012');
  await page.getByRole('radio', { name: /^None found/ }).click();
  // The other person, in the same session.
  const status = await page.evaluate(() => fetch('/api/v1/workorders/wo-000012/verdict', { method: 'POST',
    headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ outcome: 'confirmed', note: '' }) }).then((r) => r.status));
  assert.equal(status, 200);
  const button = page.getByRole('button', { name: 'Confirm: none found' });
  if (await button.isVisible()) await button.click().catch(() => undefined);
  await page.getByRole('heading', { name: 'Closed: confirmed' }).waitFor();  // what counts is shown
}));

test('a rollout that waits names who signs and the command; a stopped one names the statistic', canned, () => withPage(desktop, async (page) => {
  await signIn(page, hub, '/releases');
  const waiting = page.locator('[data-rollout="ro-000004"]');
  await waiting.getByText('needs the approval of anna').waitFor();
  await waiting.getByText(/^millwright approve rollout ro-000004/).waitFor();
  await page.locator('[data-rollout="ro-000003"]').getByText('7.31, limit 1.5').waitFor();
}));

test('a hub that falls silent is said to be, and nothing looks alive', canned, async (t) => {
  const doomed = await openHub();
  t.after(() => doomed.close());
  const page = await browser.page();
  await signIn(page, doomed, '/assets');
  await page.locator('.head .mark.good').waitFor();
  await doomed.close();
  await page.getByRole('alert').filter({ hasText: 'The hub does not answer. What you see is from' }).waitFor();
  await page.locator('.head .mark.unknown').filter({ hasText: 'hub silent' }).waitFor();
  assert.notEqual(await page.getByRole('main').evaluate((e) => getComputedStyle(e).opacity), '1');
  await page.getByText('Feed pump 7').waitFor();  // old, but still there to read
  await page.close();
});

test('what the hub leaves out is unknown, and breaks no screen', canned, async (t) => {
  const sparse = await openHub({ sparse: true });
  t.after(() => sparse.close());
  await withPage(desktop, async (page) => {
    await signIn(page, sparse);
    for (const path of ['/value', '/assets', '/assets/pump-07', '/assets/press-02', '/orders', '/orders/wo-000012', '/orders/wo-000010', '/releases', '/plant',
      '/assets?why=health%7Cpump-07', '/assets?why=health%7Cpress-02', '/value?why=kpi%7Cturbofan%7Cmoney', '/releases?why=model%7Cvibration-pca@4',
      '/orders?why=order%7Cwo-000014']) {
      await page.goto(sparse.url + path);
      await page.getByRole('button', { name: 'Sign out', includeHidden: true }).waitFor();
      await page.waitForFunction(() => document.querySelector('main h1, main h2') && !document.querySelector('.waiting'));
      assert.equal(await page.getByRole('alert').count(), 0, path);
      const text = await page.locator('body').innerText();
      for (const word of ['undefined', 'NaN', '[object']) assert.ok(!text.includes(word), `${path} shows ${word}`);
    }
  }, sparse.url);
});

test('an asset that does not exist says so', () => withPage(desktop, async (page) => {
  await signIn(page, hub, '/assets/no-such-asset');
  await page.getByRole('alert').filter({ hasText: 'no-such-asset' }).waitFor();
}));

test('no screen is wider than the phone, and each can be left by the keyboard', () => withPage(phone, async (page) => {
  await signIn(page, hub);
  for (const path of ['/value', '/assets', '/orders', '/releases', '/plant']) {
    await page.goto(hub.url + path);
    await page.getByRole('main').locator('h1').first().waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${path} is ${wide} px wider than the window`);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to content');
  }
}));
