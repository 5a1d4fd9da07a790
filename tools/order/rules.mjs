// The rules of the order check that are tables: which header belongs to which library, which words may stand where.
// What a rule is for is said in CONTRIBUTING.md; the folders' order is in src/LAYERS.

// Headers of the C++ standard library have no dot and no slash; these C headers may be used anywhere as well.
const plain_c_headers = new Set(['nmmintrin.h', 'immintrin.h', 'arm_acle.h']);

const libraries = [
  [/^fmt\//, 'fmt'],
  [/^spdlog\//, 'spdlog'],
  [/^(google\/protobuf\/.*|.*\.pb\.h)$/, 'protobuf'],
  [/^boost\/math\//, 'boost-math'],
  [/^boost\//, 'boost'],
  [/^Eigen\//, 'eigen'],
  [/^(gtest|gmock)\//, 'googletest'],
  [/^rapidcheck[./]/, 'rapidcheck'],
  [/^benchmark\//, 'benchmark'],
  [/^openssl\//, 'openssl'],
  [/^mosquitto/, 'mosquitto'],
  [/^soci\//, 'soci'],
  [/^sqlite3/, 'sqlite'],
  [/^yaml-cpp\//, 'yaml-cpp'],
  [/^nlohmann\//, 'nlohmann-json'],
  [/^CLI\//, 'cli11'],
  [/^ftxui\//, 'ftxui'],
  [/^(drogon|trantor)\//, 'drogon'],
  [/^curl\//, 'curl'],
  [/^sodium/, 'sodium'],
  [/^duckdb/, 'duckdb'],
  [/^(zlib|zstd)\.h$/, 'zlib'],
];

// Name of the library that <path> belongs to; '' for the language's own headers, 'the operating system' for POSIX.
export function libraryOf(path) {
  if (/^[a-z_0-9]+$/.test(path) || plain_c_headers.has(path)) return '';
  for (const [pattern, name] of libraries) if (pattern.test(path)) return name;
  if (/^[a-z_0-9]+\.h$/.test(path) || /^(sys|arpa|netinet|net|linux)\//.test(path)) return 'the operating system';
  return 'an unknown library';
}

export const test_libraries = new Set(['googletest', 'rapidcheck']);

// Kinds of a file, from its path: what a rule may except.
export function kindsOf(path) {
  const kinds = new Set();
  if (/_adapter\.cpp$/.test(path)) kinds.add('adapter');
  if (/^src\/engine\/.*_adapter\.cpp$/.test(path)) kinds.add('engine-adapter');
  if (/^src\/engine\//.test(path)) kinds.add('engine');
  // What several tests share stands in x_rig.hpp, x_conformance.hpp or testing.hpp; code never includes it.
  const shared = /(^|\/)(\w+_(rig|conformance)|testing)\.[ch]pp$/.test(path);
  if (shared || /_(test|fuzz|bench)\.[ch]pp$/.test(path) || /^(tests|bench)\//.test(path)) kinds.add('test');
  if (shared || /_test\.[ch]pp$/.test(path) || /^tests\//.test(path)) kinds.add('unit-test');
  if (/_bench\.[ch]pp$/.test(path)) kinds.add('benchmark');
  return kinds;
}

// A call by bare or std:: name; not a member (x.f, x->f), not another namespace's (a::f).
const free = (names) => new RegExp(String.raw`(?<![\w.>:~])(?:std::|::)?(?:${names})\s*\(`, 'g');
// A call that is surely the system's: written ::name( with nothing before the colons.
const global = (names) => new RegExp(String.raw`(?<![\w>:])::(?:${names})\s*\(`, 'g');

// rule, where it does not hold, pattern over code without comments and literals, what to do instead.
export const banned = [
  ['clock', ['engine-adapter', 'test'],
    [/\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock)\s*::\s*now\b/g,
      free('gettimeofday|clock_gettime|ftime|timespec_get'),
      /(?<![\w.>:~])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&)/g],
    'take a Clock (base/time.hpp)'],
  ['sleep', ['engine-adapter'],
    [/\bsleep_(?:for|until)\b/g, free('sleep|usleep|nanosleep|clock_nanosleep')],
    'wait on state, or ask the executor for a timer'],
  ['process', ['engine-adapter'],
    [free('system|popen|posix_spawn|posix_spawnp|execl|execlp|execle|execv|execvp|execve|vfork'), global('fork')],
    'start processes behind a port'],
  ['dlopen', [], [free('dlopen|dlsym|dlmopen')], 'compile it in; extend by process or by declaration'],
  ['exception', ['adapter'], [/\b(?:throw|try|catch)\b/g], 'return Result<T>; only adapters meet exceptions'],
  ['file', ['engine-adapter', 'test'],
    [free('fopen|freopen|fdopen|opendir|mkstemp|tmpfile|creat|fsync|fdatasync'),
      global('open|openat|read|write|rename|unlink|mkdir|stat|remove|truncate|ftruncate'),
      /\bstd::(?:w?[io]?fstream|filesystem|basic_[io]?fstream)\b/g, /\b[io]fstream\b/g],
    'use the Disk port (engine/disk.hpp)'],
  ['socket', ['engine-adapter', 'test'],
    [free('socket|getaddrinfo|gethostbyname|socketpair|accept4'), global('connect|bind|listen|accept|send|recv')],
    'use a connector port of engine'],
  ['random', ['engine-adapter', 'test'],
    [free('rand|srand|getrandom|getentropy|arc4random|drand48'), global('random|srandom'), /\brandom_device\b/g],
    'take a Random (base/time.hpp)'],
  ['thread', ['engine', 'adapter', 'test'],
    [/\bstd::(?:jthread|thread|mutex|recursive_mutex|timed_mutex|shared_mutex|shared_timed_mutex|condition_variable|condition_variable_any|lock_guard|unique_lock|scoped_lock|shared_lock|async|counting_semaphore|binary_semaphore|latch|barrier)\b/g,
      free('pthread_create|pthread_mutex_lock')],
    'stages share nothing; threads and locks are the engine\'s'],
  ['format', ['adapter'], [/\bstd::(?:format|format_to|vformat|print|println)\b/g], 'use base/format.hpp'],
];

// Standard headers that only make sense with what is banned.
export const banned_headers = {
  thread: 'thread', mutex: 'thread', shared_mutex: 'thread', condition_variable: 'thread', future: 'thread',
  semaphore: 'thread', latch: 'thread', barrier: 'thread', stop_token: 'thread',
  fstream: 'file', filesystem: 'file', format: 'format', print: 'format',
};

// Words that say nothing: no file, folder, namespace or type ends in one, nor is one. ('data' may be the last word,
// because DATA is a kind of Sparkplug message, but not the only one.)
const empty_words = new Set(
  ['manager', 'util', 'utils', 'utility', 'utilities', 'helper', 'helpers', 'common', 'misc', 'info']);

export function saysNothing(name) {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase().split(/[_\-.]/).filter(Boolean);
  return empty_words.has(words.at(-1)) || (words.length === 1 && words[0] === 'data');
}

// Names of package servers, in pieces so that this file does not name one.
const hosts = [['registry', 'npmjs', 'org'], ['registry', 'yarnpkg', 'com'], ['deb', 'debian', 'org'],
  ['security', 'debian', 'org'], ['snapshot', 'debian', 'org'], ['deb', 'nodesource', 'com'], ['pypi', 'org'],
  ['files', 'pythonhosted', 'org'], ['crates', 'io'], ['npm', 'pkg', 'github', 'com']];
export const package_host = new RegExp(`(?<![\\w-])(?:${hosts.map((parts) => parts.join('\\.')).join('|')})\\b`, 'g');
// A path that only this or that machine has: someone's home, a scratch folder.
export const machine_path = /(?<![\w./$}\])*?-])\/(?:home|root|Users|work|tmp|var\/tmp|scratch)\/[\w.*-]/g;
