#!/usr/bin/env node
// npm sparkplug-payload reads what we write, and we read what it writes. Its known defects stand here as expected
// values, each by name, so that a release that mends one is noticed.
//
//   node tests/interop/codec/peer.mjs SPARKPLUG_VECTORS NODE_MODULES
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [program, modules] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'x.js'));
const peer = require('sparkplug-payload').get('spBv1.0');
// The class of 64-bit integers that the peer itself uses.
const Long = createRequire(require.resolve('sparkplug-payload'))('long');

const time = 1700000000123;
const bytes = Buffer.from([0, 1, 255]);
const signed = (text) => Long.fromString(text, false);
const unsigned = (text) => Long.fromString(text, true);
const metric = (name, type, value, rest = {}) => ({ name, type, value, timestamp: time, ...rest });
const payload = (metrics, rest = {}) => ({ timestamp: time, seq: 255, metrics, ...rest });

const range = { low: { type: 'Double', value: -10.5 }, high: { type: 'Double', value: 99.5 } };
const table = (types, rows) => metric('table', 'DataSet', {
  numOfColumns: types.length, columns: types.map((_, i) => `c${i}`), types, rows });
// The peer reads a text that is absent as an empty one.
const axis = { version: '', templateRef: 'Axis', isDefinition: false, metrics: [metric('speed', 'Double', 12.5)],
  parameters: [{ name: 'ratio', type: 'Double', value: 3.5 }] };

// What both sides mean, in the peer's terms: expected when it reads ours, encoded for us to read.
const good = {
  scalars: payload([
    metric('int8', 'Int8', -128), metric('int16', 'Int16', -5), metric('int32', 'Int32', -2147483648),
    metric('int64', 'Int64', signed('-9223372036854775808')), metric('int64 small', 'Int64', signed('-5')),
    metric('uint8', 'UInt8', 255), metric('uint16', 'UInt16', 65535), metric('uint32', 'UInt32', 4294967295),
    metric('uint64', 'UInt64', unsigned('18446744073709551615')), metric('float', 'Float', -1.5),
    metric('double', 'Double', 1e300), metric('true', 'Boolean', true), metric('false', 'Boolean', false),
    metric('string', 'String', 'grün'), metric('empty', 'String', ''), metric('datetime', 'DateTime', time),
    metric('text', 'Text', 'x'.repeat(300)), metric('uuid', 'UUID', '8ef3c1c8-6b1e-4c0a-b6b5-0f3f3a2f7f11'),
    metric('bytes', 'Bytes', bytes), metric('file', 'File', bytes)]),
  flags: payload([
    metric('null', 'Int32', null), metric('late', 'Double', 0.5, { isHistorical: true }),
    metric('transient', 'Boolean', true, { isTransient: true }),
    metric('aliased', 'Int32', 7, { alias: unsigned('9223372036854775809') })]),
  properties: payload([metric('m', 'Double', 1.25, { properties: {
    Quality: { type: 'Int32', value: 192 }, engUnit: { type: 'String', value: 'Cel' },
    offset: { type: 'Int64', value: signed('-1') }, absent: { type: 'String', value: null },
    range: { type: 'PropertySet', value: range }, ranges: { type: 'PropertySetList', value: [range, range] } } })]),
  metadata: payload([metric('f', 'File', bytes, { metadata: {
    isMultiPart: true, contentType: 'application/octet-stream', size: 3, seq: 0, fileName: 'f.bin', fileType: 'bin',
    md5: 'd41d8cd98f00b204e9800998ecf8427e', description: 'a part' } })]),
  dataset: payload([table(['Int64', 'UInt32', 'Float', 'Double', 'Boolean', 'String'],
    [[5, 6, 0.5, -0.25, true, 'a'], [signed('1152921504606846976'), 0, 1.5, 1e9, false, '']])]),
  templates: payload([
    metric('Axis', 'Template', { version: '1', templateRef: '', isDefinition: true,
      metrics: [metric('speed', 'Double', 0), metric('count', 'Int32', -3)],
      parameters: [{ name: 'ratio', type: 'Double', value: 2.5 }, { name: 'label', type: 'String', value: 'axis' },
        { name: 'live', type: 'Boolean', value: true }] }),
    metric('machine', 'Template', { version: '', templateRef: 'Machine', isDefinition: false, parameters: [],
      metrics: [metric('x', 'Template', axis)] })]),
  wrapper: payload([metric('m', 'Boolean', true)], { seq: 0, uuid: 'mw/1', body: bytes }),
  'data with datatype': payload([{ alias: 12, type: 'Int32', value: -5, timestamp: time }]),
};

// Defects of sparkplug-payload 1.0.3 as a reader: the value it makes of a metric, or the error it throws.
const defects = {
  'defect: data without datatype': { values: [null], why: 'no type map: a metric without datatype has no value' },
  'defect: arrays': { values: [null, null], why: 'array types are unknown' },
  'defect: dataset with int32': { throws: /Invalid DataSetValue/, why: 'Int32 cells are refused' },
  'defect: dataset with uint64': { throws: /Invalid DataSetValue/, why: 'UInt64 cells are refused' },
  'defect: dataset with null': { throws: /Invalid DataSetValue/, why: 'empty cells are refused' },
  'defect: template with int32 parameter': { throws: /Invalid Parameter value/, why: 'Int32 parameters are refused' },
};
// What it writes all the same, and we read.
const written = {
  'defect: dataset with int32': payload([table(['Int32'], [[-1]])]),
  'defect: dataset with uint64': payload([table(['UInt64'], [[1]])]),
  'defect: dataset with null': payload([table(['Double'], [[null]])]),
  'defect: template with int32 parameter': payload([metric('t', 'Template', { templateRef: 'T', isDefinition: false,
    parameters: [{ name: 'teeth', type: 'Int32', value: -12 }] })]),
};

/** Numbers as text whatever class holds them, bytes as hex, absent keys left out. */
function plain(value) {
  if (Long.isLong(value) || typeof value === 'number') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => [k, plain(v)]));
  }
  return value;
}

function run(mode, input) {
  const result = spawnSync(program, [mode], { input, encoding: 'utf8' });
  if (result.error) throw result.error;
  return result;
}

let failures = 0;
const check = (name, compare) => {
  try {
    compare();
  } catch (error) {
    failures += 1;
    console.error(`${name}: ${error.message}`);
  }
};

const ours = run('write').stdout.trim().split('\n').map((line) => line.split('\t'));
assert.equal(ours.length, Object.keys(good).length + Object.keys(defects).length, 'both lists name the same vectors');
for (const [name, hex] of ours) {
  const read = () => peer.decodePayload(Buffer.from(hex, 'hex'));
  check(`the peer reads '${name}'`, () => {
    const defect = defects[name];
    if (!defect) assert.deepEqual(plain(read()), plain(good[name]));
    else if (defect.throws) assert.throws(read, defect.throws, defect.why);
    else assert.deepEqual(read().metrics.map((m) => plain(m.value)), defect.values, defect.why);
  });
}

const lines = Object.entries({ ...good, ...written })
  .map(([name, object]) => `${name}\t${Buffer.from(peer.encodePayload(object)).toString('hex')}\n`);
const reading = run('read', lines.join(''));
check('we read what the peer writes', () => assert.equal(reading.status, 0, `\n${reading.stdout}${reading.stderr}`));
console.log(`the peer read ${ours.length} payloads (${Object.keys(defects).length} of them meet its defects); `
  + `ours: ${reading.stdout.trim().split('\n').pop()}`);
process.exit(failures ? 1 : 0);
