// A browser for the tests of the screen: Debian's Chromium by playwright-core, which downloads nothing.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(join(here, '../npm/package.json'))('playwright-core');

export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
export const desktop = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };

/** A browser with an empty profile of its own; `close()` removes it. */
export async function openBrowser() {
  if (!chromiumPath) throw new Error('chromium is not here; tools/setup.sh test installs it');
  const profile = mkdtempSync(join(tmpdir(), 'millwright-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    viewport: desktop,
    timezoneId: 'UTC',
    locale: 'en-GB',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync'],
  });
  return {
    /** A page of its own cookies is not needed: each test signs in anew. */
    async page(viewport = desktop) {
      await browser.clearCookies();
      const page = await browser.newPage();
      await page.setViewportSize(viewport);
      page.setDefaultTimeout(30_000);
      return page;
    },
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Signs in by the form. */
export async function signIn(page, { url, user, password }, path = '/') {
  await page.goto(url + path);
  await page.getByLabel('Name').fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}
