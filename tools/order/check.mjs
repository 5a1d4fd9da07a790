#!/usr/bin/env node
// The order check: what DESIGN and CONTRIBUTING promise about the source tree and no compiler enforces. Reads files only.
//
//   node tools/order/check.mjs [--root FOLDER] [--build FOLDER]
//
// --build names a configured build folder; with it, "owned by a target" is read from its compile_commands.json.
// Each finding is one line `file:line: rule: what, and what to do`. Exit code 1 when there is one.
// Exceptions are lines of tools/order/allow.txt; one that excepts nothing is a finding itself, so the list only shrinks.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { includes, lineIndex, strip } from './source.mjs';
import { banned, banned_headers, kindsOf, libraryOf, machine_path, package_host, saysNothing,
  test_libraries } from './rules.mjs';

const options = { root: resolve(dirname(fileURLToPath(import.meta.url)), '../..'), build: '' };
for (let i = 2; i < process.argv.length; i += 2) {
  const name = process.argv[i].replace(/^--/, '');
  if (!(name in options) || process.argv[i + 1] === undefined) {
    console.error(`order: unknown or incomplete option ${process.argv[i]}`);
    process.exit(2);
  }
  options[name] = resolve(process.argv[i + 1]);
}
const root = options.root;
const findings = [];
const report = (file, line, rule, text) => findings.push({ file, line, rule, text });
const read = (file) => readFileSync(join(root, file), 'utf8');

// --- files --------------------------------------------------------------------------------------------------------
const skipped = new Set(['.git', 'build', 'node_modules', '.millwright', '.cache']);
const text_file = /(\.(cpp|hpp|h|c|mjs|js|ts|tsx|json|jsonc|md|txt|yaml|yml|toml|cmake|sh|py|proto|sql|html|css|service|conf|in|lock)|(^|\/)(Makefile|Dockerfile|LAYERS|run|\.npmrc|\.clang-[a-z]+|\.gitignore))$/;

function walk(folder, into) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) walk(path, into);
    } else if (entry.isFile() && (text_file.test(path) || /^tools\/packages\//.test(path))) {
      into.push(path);
    }
  }
  return into;
}

const files = walk('', []).sort();
const is_code = (path) => /^(src|tests|bench)\/.*\.[ch]pp$/.test(path);
const in_src = (path) => path.startsWith('src/') && is_code(path);
const folderOf = (path) => path.split('/')[1];

// --- src/LAYERS ---------------------------------------------------------------------------------------------------
// folder: folders it may include | libraries it may include outside adapters
function readLayers() {
  const layers = new Map();
  read('src/LAYERS').split('\n').forEach((line, index) => {
    if (!line.trim() || line.startsWith('#')) return;
    const match = /^([a-z_]+):([^|]*)\|(.*)$/.exec(line);
    if (!match) return report('src/LAYERS', index + 1, 'layers', 'expected "folder: folders | libraries"');
    const [, folder, folders, libs] = match;
    const uses = folders.trim().split(/\s+/).filter(Boolean);
    for (const used of uses) {
      if (!layers.has(used)) {
        report('src/LAYERS', index + 1, 'layers', `'${folder}' may not use '${used}', which is not above it`);
      }
    }
    layers.set(folder, { uses: new Set(uses), libraries: new Set(libs.trim().split(/\s+/).filter(Boolean)) });
  });
  return layers;
}
const layers = readLayers();

// --- one file of code -----------------------------------------------------------------------------------------------
const graph = new Map();  // file -> [{to, line}] over project includes

function checkIncludes(path, directives, kinds) {
  const edges = [];
  const layer = in_src(path) ? layers.get(folderOf(path)) : undefined;
  for (const { line, path: header, quoted } of includes(directives)) {
    if (quoted && !/\.pb\.h$/.test(header)) {
      if (existsSync(join(root, 'src', header))) {
        edges.push({ to: `src/${header}`, line });
        const folder = header.split('/')[0];
        // Tests run in the simulated world, which stands below everything (docs/decisions/0003).
        const simulated = folder === 'sim' && kinds.has('test');
        if (layer && folder !== folderOf(path) && !layer.uses.has(folder) && !simulated) {
          report(path, line, 'layer', `'${folderOf(path)}' may not include '${header}' (src/LAYERS)`);
        }
        if (in_src(path) && kindsOf(`src/${header}`).has('test') && !kinds.has('test')) {
          report(path, line, 'include', `'${header}' belongs to tests`);
        }
      } else if (in_src(path)) {
        report(path, line, 'include', `"${header}" is not a path from src/`);
      }
      continue;
    }
    if (!in_src(path)) continue;
    const library = libraryOf(header);
    const banned_by = banned_headers[header];
    if (banned_by) {
      const [rule, except, , remedy] = banned.find(([name]) => name === banned_by);
      if (!except.some((kind) => kinds.has(kind))) report(path, line, rule, `<${header}>: ${remedy}`);
    }
    if (library === '' || kinds.has('adapter')) continue;
    if (library === 'fmt') {
      if (path !== 'src/base/format.hpp') report(path, line, 'format', `<${header}>: include "base/format.hpp" instead`);
      continue;
    }
    if (layer?.libraries.has(library)) continue;
    if (test_libraries.has(library) && kinds.has('unit-test')) continue;
    if (library === 'benchmark' && kinds.has('benchmark')) continue;
    if (library === 'the operating system' && kinds.has('test')) continue;
    report(path, line, 'library', `<${header}> belongs to ${library}: only in *_adapter.cpp`);
  }
  graph.set(path, edges);
}

function checkCode(path) {
  const text = read(path);
  const kinds = kindsOf(path);
  const { code, directives } = strip(text);
  const lineOf = lineIndex(text);
  checkIncludes(path, directives, kinds);
  for (const [rule, except, patterns, remedy] of banned) {
    if (except.some((kind) => kinds.has(kind))) continue;
    for (const pattern of patterns) {
      for (const match of code.matchAll(pattern)) {
        const word = match[0].replace(/\s*\(.*$/s, '').trim();
        report(path, lineOf(match.index), rule, `'${word}': ${remedy}`);
      }
    }
  }
  const declared = /\b(?:class|struct|union|enum(?:\s+class)?|namespace)\s+(?:\[\[[^\]]*\]\]\s*)?((?:\w+::)*\w+)(?=[^;()<>,]*[{])/g;
  for (const match of code.matchAll(declared)) {
    for (const name of match[1].split('::')) {
      if (saysNothing(name)) report(path, lineOf(match.index), 'name', `'${name}' says nothing about what it is`);
    }
  }
  for (const match of text.matchAll(/\b(?:TODO|FIXME|XXX)\b/g)) {
    report(path, lineOf(match.index), 'unfinished', `'${match[0]}': build it or leave it out`);
  }
  const lines = text.split('\n').length - 1;
  if (lines > 500) report(path, lines, 'size', `${lines} lines; at most 500`);
}

function checkName(path) {
  for (const part of path.split('/')) {
    const stem = part.replace(/\.(cpp|hpp)$/, '').replace(/_(test|fuzz|bench|adapter|main)$/, '');
    if (saysNothing(stem)) report(path, 1, 'name', `'${part}' says nothing about what it holds`);
  }
}

// --- cycles -----------------------------------------------------------------------------------------------------------
// Between files, and between folders that do not contain each other (a folder and its own subfolder are one house).
function checkCycles(nodes, edgesOf, what) {
  const state = new Map();
  const stack = [];
  const visit = (node) => {
    state.set(node, 'open');
    stack.push(node);
    for (const edge of edgesOf(node)) {
      if (state.get(edge.to) === 'open') {
        const cycle = [...stack.slice(stack.indexOf(edge.to)), edge.to];
        report(edge.file, edge.line, 'cycle', `${what} include each other: ${cycle.join(' -> ')}`);
      } else if (!state.has(edge.to)) {
        visit(edge.to);
      }
    }
    stack.pop();
    state.set(node, 'done');
  };
  for (const node of nodes) if (!state.has(node)) visit(node);
}

function checkAllCycles() {
  checkCycles([...graph.keys()], (node) => (graph.get(node) ?? []).map((edge) => ({ ...edge, file: node })), 'files');
  const folders = new Map();
  for (const [file, edges] of graph) {
    if (!in_src(file) || kindsOf(file).has('test')) continue;
    const from = dirname(file);
    for (const { to, line } of edges) {
      const target = dirname(to);
      if (target === from || target.startsWith(`${from}/`) || from.startsWith(`${target}/`)) continue;
      if (!folders.has(from)) folders.set(from, new Map());
      if (!folders.get(from).has(target)) folders.get(from).set(target, { to: target, file, line });
    }
  }
  checkCycles([...folders.keys()], (node) => [...(folders.get(node)?.values() ?? [])], 'folders');
}

// --- ownership --------------------------------------------------------------------------------------------------------
// A target owns a source that it compiles; headers and fuzzers are taken by the glob of a registered folder.
function checkOwners() {
  const lists = files.filter((path) => /^src\/(.*\/)?CMakeLists\.txt$/.test(path));
  const registered = [];
  const named = new Set();
  for (const list of lists) {
    const text = read(list).replace(/#.*$/gm, '');
    for (const match of text.matchAll(/millwright_folder\(\s*([\w/]+)/g)) registered.push(`src/${match[1]}/`);
    for (const match of text.matchAll(/millwright_adapter\(\s*([\w/]+)\s+([\w/]+)/g)) {
      named.add(`src/${match[1]}/${match[2]}_adapter.cpp`);
    }
    for (const match of text.matchAll(/[\w/${}.]+\.cpp/g)) {
      named.add(match[0].replace(/^\$\{CMAKE_SOURCE_DIR\}\//, '').replace(/^(\$\{CMAKE_CURRENT_SOURCE_DIR\}\/)?(?!src\/)/, `${dirname(list)}/`));
    }
  }
  let compiled;
  const commands = join(options.build, 'compile_commands.json');
  if (options.build && existsSync(commands)) {
    compiled = new Set(JSON.parse(readFileSync(commands, 'utf8'))
      .map(({ directory, file }) => relative(root, resolve(directory, file))));
  }
  const in_registered = (path) => registered.some((folder) => path.startsWith(folder));
  for (const path of files.filter(in_src)) {
    let owned;
    if (/\.hpp$|_fuzz\.cpp$/.test(path)) owned = in_registered(path);
    else if (compiled) owned = compiled.has(path);
    else if (/_(adapter|main)\.cpp$/.test(path)) owned = named.has(path);
    else owned = in_registered(path) || named.has(path);
    if (!owned) report(path, 1, 'orphan', 'owned by no target (src/CMakeLists.txt)');
    if (!layers.has(folderOf(path)) && path.split('/').length > 2) {
      report(path, 1, 'layers', `'${folderOf(path)}' is not a folder of src/LAYERS`);
    }
  }
}

// --- hygiene ------------------------------------------------------------------------------------------------------------
function checkHygiene(path) {
  const text = read(path);
  const lineOf = lineIndex(text);
  for (const match of text.matchAll(machine_path)) {
    report(path, lineOf(match.index), 'machine', `'${match[0]}…' is a path of one machine`);
  }
  for (const match of text.matchAll(package_host)) {
    report(path, lineOf(match.index), 'machine', `'${match[0]}' is a package server; leave it to the machine's settings`);
  }
  if (/(^|\/)(package-lock|npm-shrinkwrap)\.json$/.test(path)) {
    for (const match of text.matchAll(/"resolved":\s*"[a-z+]+:/g)) {
      report(path, lineOf(match.index), 'machine', 'a lock file names no server (omit-lockfile-registry-resolved)');
    }
  }
}

// --- allow-list -----------------------------------------------------------------------------------------------------------
function readAllowed() {
  const file = 'tools/order/allow.txt';
  if (!existsSync(join(root, file))) return [];
  const entries = [];
  read(file).split('\n').forEach((line, index) => {
    if (!line.trim() || line.startsWith('#')) return;
    const [rule, path, ...reason] = line.trim().split(/\s+/);
    if (!path || reason.length === 0) return report(file, index + 1, 'allow', 'expected "rule file reason"');
    entries.push({ rule, path, line: index + 1, used: 0 });
  });
  return entries;
}

// --- run ------------------------------------------------------------------------------------------------------------------
const code_files = files.filter(is_code);
for (const path of code_files) checkCode(path);
for (const path of files) checkHygiene(path);
for (const path of files.filter((file) => /^(src|tests|bench|tools)\//.test(file))) checkName(path);
checkAllCycles();
checkOwners();

const allowed = readAllowed();
const open = findings.filter((finding) => {
  const entry = allowed.find(({ rule, path }) => rule === finding.rule && path === finding.file);
  if (entry) ++entry.used;
  return !entry;
});
for (const entry of allowed.filter(({ used }) => used === 0)) {
  open.push({ file: 'tools/order/allow.txt', line: entry.line, rule: 'allow',
    text: `'${entry.rule} ${entry.path}' excepts nothing any more: remove it` });
}
open.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.rule.localeCompare(b.rule));
for (const { file, line, rule, text } of open) console.log(`${file}:${line}: ${rule}: ${text}`);
console.log(`order: ${code_files.length} source files, ${files.length} files, ${layers.size} layers, ` +
  `${open.length} findings; allow-list: ${allowed.length} entries, ${allowed.reduce((n, { used }) => n + used, 0)} exceptions`);
process.exitCode = open.length === 0 ? 0 : 1;
