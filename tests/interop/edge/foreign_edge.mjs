// npm sparkplug-client as an edge node: births, 710 numbered messages, an outage, a rebirth on
// request, an end. What it sends is checked value by value in foreign_edge_test.cpp.
//   node foreign_edge.mjs PORT
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../npm/package.json', import.meta.url));
const { newClient } = require('sparkplug-client');

const client = newClient({
  serverUrl: `mqtt://127.0.0.1:${process.argv[2]}`,
  username: '', password: '', groupId: 'plant', edgeNode: 'foreign', clientId: 'foreign-edge',
  version: 'spBv1.0', publishDeath: true, keepalive: 30, mqttOptions: { reconnectPeriod: 100 },
});
const start = 1_700_000_000_000;
const device = 'mixer';
let connections = 0;
let sent = 0;

const bearing = {
  isDefinition: true, version: '1', parameters: [{ name: 'maker', type: 'String', value: 'acme' }],
  metrics: [{ name: 'temperature', type: 'Float', value: 0, timestamp: start }],
};
const fitted = {
  isDefinition: false, templateRef: 'bearing', parameters: [],
  metrics: [{ name: 'temperature', type: 'Float', value: 41.5, timestamp: start }],
};

function births() {
  client.publishNodeBirth({ timestamp: start, metrics: [
    { name: 'Node Control/Rebirth', type: 'Boolean', value: false, timestamp: start },
    { name: 'load', alias: 1, type: 'Double', value: 0.25, timestamp: start },
    { name: 'bearing', type: 'Template', value: bearing, timestamp: start },
  ] });
  client.publishDeviceBirth(device, { timestamp: start, metrics: [
    { name: 'counter', alias: 2, type: 'Int32', value: -1, timestamp: start },
    { name: 'level', alias: 3, type: 'Double', value: 0.5, timestamp: start },
    { name: 'note', alias: 4, type: 'String', value: null, timestamp: start },
    { name: 'total', alias: 5, type: 'UInt32', value: 4294967295, timestamp: start },
    { name: 'small', alias: 6, type: 'Int8', value: -5, timestamp: start },
    { name: 'on', alias: 7, type: 'Boolean', value: true, timestamp: start },
    { name: 'front', alias: 8, type: 'Template', value: fitted, timestamp: start },
    { name: 'table', alias: 9, type: 'DataSet', timestamp: start,
      value: { numOfColumns: 1, types: ['String'], columns: ['c'], rows: [['x']] } },
  ] });
}

function data(count, options) {
  for (const end = sent + count; sent < end; sent += 1) {
    const historical = sent >= 100 && sent < 110;
    const timestamp = historical ? start - 86_400_000 + sent : start + sent;
    const flag = historical ? { isHistorical: true } : {};
    const metrics = [
      { alias: 2, type: 'Int32', value: -sent, timestamp, ...flag },
      { alias: 3, type: 'Double', value: sent / 2, timestamp, ...flag },
    ];
    if (sent === 50) metrics.push({ alias: 4, type: 'String', value: null, timestamp });
    if (sent === 51) metrics.push({ alias: 4, type: 'String', value: 'Grüße', timestamp });
    client.publishDeviceData(device, { timestamp: start + sent, metrics }, options);
  }
}

/// Everything before has reached the broker when its acknowledgement is here.
const flushed = (then) => client.client.publish('flushed', 'x', { qos: 1 }, then);

client.on('birth', () => {
  connections += 1;
  births();
  if (connections === 1) {
    data(600);
    flushed(() => client.client.stream.destroy()); // an outage: the Will is sent
  } else {
    data(50, { compress: true, algorithm: 'GZIP' });
    data(50);
  }
});
client.on('ncmd', (payload) => {
  if (!payload.metrics.some((metric) => metric.name === 'Node Control/Rebirth' && metric.value === true)) return;
  births();
  data(10);
  flushed(() => {
    client.stop();
    client.client.once('close', () => process.exit(0));
  });
});
client.on('error', (error) => { console.error(error); process.exit(1); });
