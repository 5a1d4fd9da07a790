// Checks the order check: plants one violation after another in a small clean tree and expects each to be named by
// file, line and rule; and things that only look like violations to be left alone.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const check = fileURLToPath(new URL('../../tools/order/check.mjs', import.meta.url));

const clean = {
  'src/LAYERS': '# order\nbase: | fmt\nengine: base |\nfabric: base engine |\n',
  'src/CMakeLists.txt': 'millwright_folder(base)\nmillwright_folder(engine USES base)\n' +
    'millwright_adapter(engine disk/posix)\nmillwright_folder(fabric USES base engine)\n' +
    'millwright_adapter(fabric sql)\n',
  'src/base/format.hpp': '#pragma once\n#include <fmt/format.h>\n',
  'src/base/id.hpp': '#pragma once\n#include <string>\nnamespace millwright { struct Id { std::string text; }; }\n',
  'src/engine/disk.hpp': '#pragma once\n#include "base/id.hpp"\n',
  'src/engine/disk/posix_adapter.cpp': '#include <fcntl.h>\n#include "engine/disk.hpp"\nint f() { return ::open("x", 0); }\n',
  'src/fabric/sql_adapter.cpp': '#include <soci/soci.h>\nvoid f() { try { throw 1; } catch (...) {} }\n',
  'src/fabric/flow.cpp': '#include "engine/disk.hpp"\n' +
    '// system("x"); throw; std::mutex m; sleep(1);\n' +
    '/* fopen("a", "r") */\n' +
    'const char* text = "throw catch std::mutex system(1) \\" rand()";\n' +
    'const char* raw = R"x(std::mutex throw "quoted)x";\n' +
    "const int big = 1'000'000; const char quote = '\"'; int after = 1;\n" +
    'struct Metric { int time() const; bool open(); };\n' +
    'bool run(Metric& m) { return m.open() && m.time() == 0; }\n',
  'src/fabric/flow_test.cpp': '#include <fstream>\n#include <thread>\n#include <gtest/gtest.h>\nstd::mutex m;\n' +
    'auto t = std::chrono::steady_clock::now();\n',
  'src/fabric/flow_bench.cpp': '#include <benchmark/benchmark.h>\n',
};

const line = (n, text) => '\n'.repeat(n - 1) + text + '\n';
const server = ['https://registry', 'npmjs', 'org'].join('.');
const home = ['', 'home', 'someone', 'x'].join('/');
const scratch = ['', 'tmp', 'x'].join('/');

// [what, files planted, expected "file:line: rule"]
const planted = [
  ['upward include', { 'src/engine/up.cpp': line(3, '#include "fabric/a.hpp"'), 'src/fabric/a.hpp': '' },
    'src/engine/up.cpp:3: layer'],
  ['upward include in a test', { 'src/engine/up_test.cpp': line(3, '#include "fabric/a.hpp"'), 'src/fabric/a.hpp': '' },
    'src/engine/up_test.cpp:3: layer'],
  ['simulated world outside a test', { 'src/LAYERS': 'base: | fmt\nengine: base |\nfabric: base engine |\nsim: fabric |\n',
    'src/engine/up.cpp': line(3, '#include "sim/disk.hpp"'), 'src/sim/disk.hpp': '' }, 'src/engine/up.cpp:3: layer'],
  ['table that points down', { 'src/LAYERS': 'base: fabric | fmt\nengine: base |\nfabric: base engine |\n' },
    'src/LAYERS:1: layers'],
  ['folder outside the table', { 'src/extra/a.cpp': '' }, 'src/extra/a.cpp:1: layers'],
  ['include that is not from src/', { 'src/fabric/b.cpp': line(2, '#include "flow.hpp"') }, 'src/fabric/b.cpp:2: include'],
  ['header of tests in code', { 'src/fabric/b.cpp': line(2, '#include "fabric/b_rig.hpp"'), 'src/fabric/b_rig.hpp': '' },
    'src/fabric/b.cpp:2: include'],
  ['files that include each other', { 'src/base/p.hpp': line(2, '#include "base/q.hpp"'),
    'src/base/q.hpp': line(4, '#include "base/p.hpp"') }, 'src/base/q.hpp:4: cycle'],
  ['folders that include each other', { 'src/fabric/m/a.hpp': '', 'src/fabric/m/b.hpp': line(2, '#include "fabric/n/a.hpp"'),
    'src/fabric/n/a.hpp': '', 'src/fabric/n/b.hpp': line(5, '#include "fabric/m/a.hpp"') }, 'src/fabric/n/b.hpp:5: cycle'],
  ['library outside an adapter', { 'src/fabric/c.cpp': line(2, '#include <openssl/sha.h>') }, 'src/fabric/c.cpp:2: library'],
  ['library of another folder', { 'src/engine/c.cpp': line(2, '#include <google/protobuf/message.h>') },
    'src/engine/c.cpp:2: library'],
  ['system header outside an adapter', { 'src/fabric/c.hpp': line(2, '#include <unistd.h>') }, 'src/fabric/c.hpp:2: library'],
  ['test library outside a test', { 'src/fabric/c.cpp': line(2, '#include <gtest/gtest.h>') }, 'src/fabric/c.cpp:2: library'],
  ['fmt past base/format.hpp', { 'src/base/c.cpp': line(2, '#include <fmt/format.h>') }, 'src/base/c.cpp:2: format'],
  ['std::format', { 'src/base/c.cpp': line(3, 'auto s = std::format("x");') }, 'src/base/c.cpp:3: format'],
  ['wall clock', { 'src/fabric/d.cpp': line(4, 'auto t = std::chrono::system_clock::now();') }, 'src/fabric/d.cpp:4: clock'],
  ['steady clock', { 'src/fabric/d.cpp': line(4, 'auto t = steady_clock :: now();') }, 'src/fabric/d.cpp:4: clock'],
  ['time()', { 'src/fabric/d.cpp': line(4, 'auto t = time(nullptr);') }, 'src/fabric/d.cpp:4: clock'],
  ['clock_gettime', { 'src/fabric/sql_adapter.cpp': line(4, 'auto t = ::clock_gettime(0, &x);') },
    'src/fabric/sql_adapter.cpp:4: clock'],
  ['sleep', { 'src/fabric/d.cpp': line(4, 'void f() { usleep(1); }') }, 'src/fabric/d.cpp:4: sleep'],
  ['sleep in a test', { 'src/fabric/d_test.cpp': line(4, 'std::this_thread::sleep_for(1s);') }, 'src/fabric/d_test.cpp:4: sleep'],
  ['system()', { 'src/fabric/d.cpp': line(4, 'int f() { return std::system("ls"); }') }, 'src/fabric/d.cpp:4: process'],
  ['popen()', { 'src/fabric/d.cpp': line(4, 'auto f = popen("ls", "r");') }, 'src/fabric/d.cpp:4: process'],
  ['dlopen, even in an adapter', { 'src/fabric/sql_adapter.cpp': line(4, 'auto h = dlopen("x", 1);') },
    'src/fabric/sql_adapter.cpp:4: dlopen'],
  ['throw', { 'src/fabric/d.cpp': line(4, 'void f() { throw 1; }') }, 'src/fabric/d.cpp:4: exception'],
  ['catch', { 'src/fabric/d.cpp': line(3, 'void f() { g(1); }\n} catch (...) {}') }, 'src/fabric/d.cpp:4: exception'],
  ['fopen', { 'src/fabric/d.cpp': line(4, 'auto f = std::fopen("x", "r");') }, 'src/fabric/d.cpp:4: file'],
  ['open', { 'src/fabric/d.cpp': line(4, 'int f = ::open("x", 0);') }, 'src/fabric/d.cpp:4: file'],
  ['file stream', { 'src/fabric/d.cpp': line(4, 'std::ifstream in("x");') }, 'src/fabric/d.cpp:4: file'],
  ['std::filesystem in an adapter of no engine', { 'src/fabric/sql_adapter.cpp': line(4, 'std::filesystem::path p;') },
    'src/fabric/sql_adapter.cpp:4: file'],
  ['<filesystem>', { 'src/fabric/d.cpp': line(4, '#include <filesystem>') }, 'src/fabric/d.cpp:4: file'],
  ['socket', { 'src/fabric/d.cpp': line(4, 'int s = socket(1, 2, 3);') }, 'src/fabric/d.cpp:4: socket'],
  ['rand', { 'src/fabric/d.cpp': line(4, 'int r = std::rand();') }, 'src/fabric/d.cpp:4: random'],
  ['random_device', { 'src/fabric/d.cpp': line(4, 'std::random_device device;') }, 'src/fabric/d.cpp:4: random'],
  ['mutex', { 'src/fabric/d.cpp': line(4, 'std::mutex m;') }, 'src/fabric/d.cpp:4: thread'],
  ['thread', { 'src/fabric/d.cpp': line(4, 'std::jthread t;') }, 'src/fabric/d.cpp:4: thread'],
  ['class called manager', { 'src/fabric/d.cpp': line(4, 'class DeviceManager final : public X {') }, 'src/fabric/d.cpp:4: name'],
  ['namespace called util', { 'src/fabric/d.cpp': line(4, 'namespace millwright::util {}') }, 'src/fabric/d.cpp:4: name'],
  ['file called helpers', { 'src/fabric/csv_helpers.cpp': '' }, 'src/fabric/csv_helpers.cpp:1: name'],
  ['file called data', { 'src/fabric/data.hpp': '' }, 'src/fabric/data.hpp:1: name'],
  ['adapter of no target', { 'src/engine/lost_adapter.cpp': '' }, 'src/engine/lost_adapter.cpp:1: orphan'],
  ['folder of no target', { 'src/CMakeLists.txt': 'millwright_folder(base)\nmillwright_folder(engine)\n' +
    'millwright_adapter(engine disk/posix)\nmillwright_adapter(fabric sql)\n' }, 'src/fabric/flow.cpp:1: orphan'],
  ['unfinished work', { 'src/fabric/d.cpp': line(4, `// ${'TO'}DO: later`) }, 'src/fabric/d.cpp:4: unfinished'],
  ['long file', { 'src/fabric/d.cpp': '\n'.repeat(501) }, 'src/fabric/d.cpp:501: size'],
  ['long test', { 'src/fabric/d_test.cpp': '\n'.repeat(501) }, 'src/fabric/d_test.cpp:501: size'],
  ['path of one machine', { 'src/fabric/d_test.cpp': line(4, `auto p = "${scratch}";`) }, 'src/fabric/d_test.cpp:4: machine'],
  ['home folder in a document', { 'docs/a.md': line(4, `see ${home}`) }, 'docs/a.md:4: machine'],
  ['package server in a lock file', { 'web/package-lock.json': line(4, `  "resolved": "${server}/x.tgz"`) },
    'web/package-lock.json:4: machine'],
  ['allow-list entry that excepts nothing', { 'tools/order/allow.txt': 'thread src/fabric/flow.cpp because\n' },
    'tools/order/allow.txt:1: allow'],
  ['allow-list entry without a reason', { 'tools/order/allow.txt': 'thread src/fabric/flow.cpp\n' },
    'tools/order/allow.txt:1: allow'],
  ['source that no command compiles', { 'src/fabric/e.cpp': '', 'build/compile_commands.json': '[]' },
    'src/fabric/e.cpp:1: orphan', ['--build', 'build']],
];

function run(files, options = []) {
  const root = mkdtempSync(join(tmpdir(), 'order-'));
  try {
    for (const [path, text] of Object.entries({ ...clean, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    try {
      const output = execFileSync(process.execPath, [check, '--root', root, ...options], { cwd: root, encoding: 'utf8' });
      return { ok: true, output };
    } catch (error) {
      return { ok: false, output: `${error.stdout}${error.stderr}` };
    }
  } finally {
    rmSync(root, { recursive: true });
  }
}

let failures = 0;
function expect(condition, what, output) {
  if (condition) return;
  ++failures;
  console.log(`FAILED ${what}\n${output.replace(/^/gm, '    ')}`);
}

const plain = run({});
expect(plain.ok, 'the clean tree has no finding', plain.output);
for (const [what, files, expected, options] of planted) {
  const { ok, output } = run(files, options);
  expect(!ok && output.split('\n').some((found) => found.startsWith(`${expected}: `)), `${what}: ${expected}`, output);
}
const excepted = run({ 'src/fabric/d.cpp': 'std::mutex m;\n',
  'tools/order/allow.txt': '# comment\nthread src/fabric/d.cpp guards a counter\n' });
expect(excepted.ok && /allow-list: 1 entries, 1 exceptions/.test(excepted.output), 'the allow-list excepts', excepted.output);

console.log(`order selftest: ${planted.length} planted violations, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;
