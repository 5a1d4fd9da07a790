// npm sparkplug-payload as the baseline: metrics decoded per second of processor time, best of several repetitions.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(fileURLToPath(new URL('../tests/npm/x.js', import.meta.url)));

/** Metrics a second for payloads of `count` metrics each; every one of them must come out with a value. */
export function measure(payload, count, { repetitions = 7, seconds = 0.4 } = {}) {
  const peer = require('sparkplug-payload').get('spBv1.0');
  const values = peer.decodePayload(payload).metrics.map((metric) => metric.value);
  assert.equal(values.length, count);
  assert.ok(values.every((value) => value !== null && value !== undefined));
  let best = 0;
  for (let i = 0; i <= repetitions; i += 1) {
    const start = process.cpuUsage();
    let rounds = 0, used = 0;
    do {
      for (let j = 0; j < Math.ceil(2000 / count); j += 1, rounds += 1) peer.decodePayload(payload);
      const { user, system } = process.cpuUsage(start);
      used = (user + system) / 1e6;
    } while (used < seconds);
    if (i > 0) best = Math.max(best, (rounds * count) / used);  // the first one warms up
  }
  return best;
}
