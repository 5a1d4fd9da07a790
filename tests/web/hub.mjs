// The hub that the specs run against: the fake one, or a running real one by MW_HUB_URL (with MW_USER and MW_PASSWORD).
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFakeHub } from './fake_hub.mjs';

const dist = process.env.MW_WEB_DIST ?? join(dirname(fileURLToPath(import.meta.url)), '../../web/dist');
export const isReal = process.env.MW_HUB_URL !== undefined;

export async function openHub(options = {}) {
  if (!isReal) return startFakeHub({ dist, ...options });
  return { url: process.env.MW_HUB_URL.replace(/\/$/, ''), user: process.env.MW_USER ?? 'anna', password: process.env.MW_PASSWORD ?? '',
    close: () => Promise.resolve() };
}
