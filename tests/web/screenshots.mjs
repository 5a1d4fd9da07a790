// Pictures of every screen, for the README and for looking at: node tests/web/screenshots.mjs FOLDER [dark]
// With MW_HUB_URL, MW_USER and MW_PASSWORD it takes them from a running hub.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { desktop, openBrowser, phone, signIn } from './browser.mjs';
import { openHub } from './hub.mjs';

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../../build/screenshots');
const scheme = process.argv[3] === 'dark' ? 'dark' : 'light';
mkdirSync(folder, { recursive: true });
const hub = await openHub();
const browser = await openBrowser();
const wanted = process.argv[4]?.split(',');
const screens = [['value', '/value'], ['assets', '/assets'], ['asset', '/assets/pump-07'], ['unknown', '/assets/press-02'], ['work', '/orders'],
  ['order', '/orders/wo-000014'], ['releases', '/releases'], ['plant', '/plant'], ['why', '/assets?why=health%7Cpump-07'],
  ['why-kpi', '/value?why=kpi%7Cplant-downtime%7Cunplanned-downtime']];
for (const [name, viewport] of [['desktop', desktop], ['phone', phone]]) {
  const page = await browser.page(viewport);
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(hub.url);
  await page.getByLabel('Name').waitFor();
  await page.screenshot({ path: join(folder, `${name}-${scheme}-entry.png`) });
  await signIn(page, hub);
  for (const [screen, path] of screens) {
    if (wanted && !wanted.includes(screen)) continue;
    await page.goto(hub.url + path);
    await page.getByRole(screen.startsWith('why') ? 'dialog' : 'main').waitFor();
    await page.waitForLoadState('load');
    await page.waitForFunction(() => !document.querySelector('.waiting') && document.getAnimations().every((a) => a.playState !== 'running'));
    await page.screenshot({ path: join(folder, `${name}-${scheme}-${screen}.png`), fullPage: !screen.startsWith('why') });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) console.log(`${name} ${screen}: ${wide} px wider than the window`);
  }
  await page.close();
}
await browser.close();
await hub.close();
