// Reads sparkplug.tsv, runs the tests it names, and fails unless each of them exists and passed.
//   node check.mjs TABLE TEST_PROGRAM RESULT_JSON
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const statements = 299; // in Sparkplug 3.0
const [table, program, result] = process.argv.slice(2);
const problems = [];
const rows = readFileSync(table, 'utf8').split('\n').map((line, index) => ({ line, number: index + 1 }))
  .filter(({ line }) => line !== '' && !line.startsWith('#') && !line.startsWith('id\t'))
  .map(({ line, number }) => ({ number, fields: line.split('\t') }));

const seen = new Map();
const tests = new Set();
const counts = { test: 0, outside: 0, not_yet: 0 };
for (const { number, fields } of rows) {
  const [id, verdict, what] = fields;
  const complain = (text) => problems.push(`${table}:${number}: ${text}`);
  if (fields.length !== 3 || !what) complain('expected three columns: id, verdict, test or reason');
  if (!/^tck-id-[A-Za-z0-9-]+$/.test(id)) complain(`'${id}' is no id`);
  if (seen.has(id)) complain(`'${id}' stands in line ${seen.get(id)} too`);
  seen.set(id, number);
  if (!(verdict in counts)) complain(`'${verdict}' is none of ${Object.keys(counts).join(', ')}`);
  else counts[verdict] += 1;
  if (verdict === 'test') tests.add(what);
}
if (seen.size !== statements) problems.push(`${table}: ${seen.size} statements, expected ${statements}`);

try {
  execFileSync(program, [`--gtest_filter=${[...tests].join(':')}`, `--gtest_output=json:${result}`, '--gtest_brief=1'],
    { stdio: ['ignore', 'ignore', 'inherit'] });
} catch {
  problems.push(`${program}: at least one test failed`);
}
const passed = new Set();
for (const suite of JSON.parse(readFileSync(result, 'utf8')).testsuites) {
  for (const test of suite.testsuite) {
    if (test.status === 'RUN' && test.result === 'COMPLETED' && !test.failures) passed.add(`${suite.name}.${test.name}`);
  }
}
for (const { number, fields: [id, verdict, what] } of rows) {
  if (verdict === 'test' && !passed.has(what)) problems.push(`${table}:${number}: ${id}: '${what}' did not pass`);
}
for (const problem of problems) console.error(problem);
console.log(`Sparkplug 3.0: ${statements} statements: ${counts.test} checked by ${tests.size} tests, ` +
  `${counts.outside} outside (broker), ${counts.not_yet} not yet`);
process.exit(problems.length === 0 ? 0 : 1);
