// A demo as a scenario's plant: starts it on free ports in a folder of its own, speaks to its hub by the command line and by
// HTTP, kills a member and waits until the demo has started it again, ends it. What is asserted stands in the scenarios.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const expect = (what, holds) => {
  if (!holds) throw new Error(`not so: ${what}`);
};

/// The first truthy answer of `ask`; an error that it throws counts as "not yet".
export const waitUntil = async (what, ask, { within = 60_000, every = 20 } = {}) => {
  const until = Date.now() + within;
  for (let last; ; ) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > until) throw new Error(`not within ${within / 1000} s: ${what}${last ? ` (${last.message})` : ''}`);
    await pause(every);
  }
};

/// Children of a process with their arguments, from /proc.
const childrenOf = (parent) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [state, ppid] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1).split(' ');
        if (Number(ppid) !== parent || state === 'Z') return [];
        return [{ pid: Number(name), arguments: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') }];
      } catch {
        return []; // it has ended meanwhile
      }
    });

export class Demo {
  static async start(bin) {
    const demo = new Demo();
    demo.millwright = join(bin, 'millwright');
    demo.directory = mkdtempSync(join(tmpdir(), 'millwright-scenario-'));
    demo.data = join(demo.directory, 'demo');
    const output = openSync(join(demo.directory, 'output'), 'w');
    demo.process = spawn(demo.millwright, ['demo', '--bare', '--history', '20m', '--data', demo.data], { stdio: ['ignore', output, output] });
    closeSync(output);
    demo.ended = new Promise((resolve) => demo.process.on('exit', resolve));
    const at = /open +(http:\S+)/;
    demo.hub = (await waitUntil('the demo says where it is open', () => at.exec(readFileSync(join(demo.directory, 'output'), 'utf8'))))[1];
    return demo;
  }

  async end() {
    this.process.kill('SIGINT');
    await this.ended;
    rmSync(this.directory, { recursive: true, force: true });
  }

  /// What the demo and its members wrote for whoever looks for a fault: the end of each.
  complaints() {
    const files = [join(this.directory, 'output'), ...readdirSync(this.data).map((name) => join(this.data, name, 'error.log'))];
    const ends = files.filter((file) => existsSync(file)).map((file) => [file, readFileSync(file, 'utf8').slice(-2_000)]);
    return ends.filter(([, text]) => text !== '').map(([file, text]) => `${file}:\n${text}`).join('\n');
  }

  /// Standard output of a verb that must succeed.
  cli(...words) {
    const ended = spawnSync(this.millwright, words, { encoding: 'utf8', env: { ...process.env, MILLWRIGHT_HUB: this.hub } });
    if (ended.status !== 0) throw new Error(`${words.join(' ')} ended with ${ended.status ?? ended.signal}: ${ended.stderr}`);
    return ended.stdout;
  }
  json(...words) {
    return JSON.parse(this.cli(...words, '-o', 'json'));
  }
  /// Options with which somebody signs.
  as(person) {
    return ['--person', person, '--key', join(this.data, 'keys', `${person}.key`)];
  }
  async get(path) {
    const answer = await fetch(this.hub + path, { signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  pidOf(member) {
    const names = ['--host-id', '--gateway', '--edge'];
    const is = ({ arguments: words }) => words.some((word, i) => word === member && names.includes(words[i - 1]));
    return childrenOf(this.process.pid).find(is)?.pid;
  }
  /// kill -9; resolves when another process of that name runs and the hub answers.
  async kill(member) {
    const before = this.pidOf(member);
    expect(`${member} runs`, before !== undefined);
    process.kill(before, 'SIGKILL');
    await waitUntil(`${member} is started again`, () => ![undefined, before].includes(this.pidOf(member)), { within: 30_000 });
    await waitUntil('the hub answers', () => this.get('/api/v1/rollouts'), { within: 30_000 });
  }
}
