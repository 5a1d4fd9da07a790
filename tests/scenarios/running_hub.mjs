// A hub on a copy of what a finished run left: it needs no broker to answer questions about what is stored.
import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';

/** What a hub knows: its historian and its office. */
export const copyHub = (kept, to) => {
  for (const part of ['historian', 'office']) cpSync(join(kept, 'hub', part), join(to, part), { recursive: true });
  return to;
};

/** Calls `use` with the address of a hub that runs on `folder`, and ends it. Says the first lines of its errors. */
export const withHub = async (bin, folder, resources, use) => {
  const no_broker = ['--broker-host', '127.0.0.1', '--broker-port', '1'];
  const hub = spawn(join(bin, 'millwright'), ['hub', '--host-id', 'hub', '--data', folder, '--http-port', '0', ...no_broker,
    '--resources', resources, '--log-level', 'error'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  hub.stderr.on('data', (chunk) => (errors += chunk));
  const ended = new Promise((resolve) => hub.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}`)));
  try {
    const url = await new Promise((resolve, reject) => {
      let said = '';
      hub.stdout.on('data', (chunk) => {
        said += chunk;
        const found = said.match(/http:\/\/\S+(?=\s)/);
        if (found) resolve(found[0]);
      });
      ended.then((how) => reject(new Error(`the hub ${how}: ${said}`)));
    });
    return await use(url);
  } finally {
    hub.kill('SIGTERM');
    await ended;
    const lines = errors.split('\n').filter((line) => line.includes(' error '));
    for (const line of lines.slice(0, 2)) console.error(line);
    if (lines.length > 2) console.error(`… and ${lines.length - 2} more errors`);
  }
};

/** The reply as {status, body, ms}; `ms` from the question to the last byte of the answer. */
export const ask = async (url, path, options) => {
  const start = performance.now();
  const reply = await fetch(url + path, options);
  const text = await reply.text();
  return { status: reply.status, ms: performance.now() - start, body: JSON.parse(text) };
};

export const lineageOf = (url, series, ms) =>
  ask(url, `/api/v1/lineage?series=${encodeURIComponent(series)}&at=${encodeURIComponent(new Date(ms).toISOString())}`);
