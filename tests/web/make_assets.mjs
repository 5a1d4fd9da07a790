// The canned assets, work orders and findings of the fake hub. Time is relative: "@-3m" is three minutes ago.
const gateway = { north: 'gw-north', south: 'gw-south' };
const units = {
  'vibration-rms': ['Vibration, drive end', 'mm/s', 0, 4.5], 'bearing-temperature': ['Bearing temperature', 'Cel', 10, 85],
  'motor-current': ['Motor current', 'A', 4, 22], 'suction-pressure': ['Suction pressure', 'bar', 0.8, 3.2],
  speed: ['Speed', 'r/min', 900, 1520],
};

function asset(name, title, site, type, value, confidence, state, rul, by, extra = {}) {
  return {
    name, title, site, type,
    health: { value, low: value === null ? null : Math.max(0, +(value - 0.3 * (1 - confidence) - 0.04).toFixed(2)), confidence, state,
      at: state === 'unknown' ? '@-45m' : '@-2s',
      by: by.map(([input, contribution, quality = 'good']) => ({ input, contribution, quality })) },
    rul: rul && { value: rul[0], low: rul[1], high: rul[2], unit: rul[3], at: '@-2s' },
    findings_open: extra.findings ?? 0,
  };
}
const inputs = (a, b, c, bad) => [['anomaly score', a], ['remaining life', b], ['bearing temperature', c, bad ?? 'good']];

export const assets = () => [
  asset('pump-07', 'Feed pump 7', 'south', 'pump', 0.31, 0.62, 'bad', [41, 22, 68, 'h'], inputs(-0.34, -0.27, -0.08, 'uncertain:stale'), { findings: 2 }),
  asset('fan-02', 'Exhaust fan 2', 'north', 'fan', 0.58, 0.88, 'watch', [212, 150, 301, 'h'], inputs(-0.24, -0.13, -0.05), { findings: 1 }),
  asset('pump-03', 'Feed pump 3', 'south', 'pump', 0.66, 0.91, 'watch', [268, 197, 362, 'h'], inputs(-0.11, -0.19, -0.04)),
  asset('press-02', 'Hydraulic press 2', 'north', 'press', null, null, 'unknown', null,
    [['anomaly score', 0, 'bad:no_communication'], ['remaining life', 0, 'bad:bad_input'], ['oil temperature', 0, 'bad:no_communication']]),
  asset('conveyor-01', 'Infeed conveyor', 'north', 'conveyor', 0.87, 0.94, 'good', [640, 480, 840, 'h'], inputs(-0.05, -0.06, -0.02)),
  asset('pump-01', 'Feed pump 1', 'south', 'pump', 0.93, 0.95, 'good', [702, 540, 910, 'h'], inputs(-0.02, -0.04, -0.01)),
  asset('fan-01', 'Exhaust fan 1', 'north', 'fan', 0.95, 0.95, 'good', [780, 600, 990, 'h'], inputs(-0.02, -0.02, -0.01)),
  asset('pump-02', 'Feed pump 2', 'south', 'pump', 0.97, 0.96, 'good', [811, 640, 1020, 'h'], inputs(-0.01, -0.01, -0.01)),
];

export function signalsOf(a) {
  const device = `${a.site}/${a.site === 'north' ? 'edge-line3' : 'edge-pumps'}/${a.name}`;
  const dead = a.health.state === 'unknown';
  const values = { 'vibration-rms': a.name === 'pump-07' ? 6.83 : 2.14, 'bearing-temperature': a.name === 'pump-07' ? 91.3 : 58.2,
    'motor-current': 14.61, 'suction-pressure': 1.92, speed: 1482 };
  const quality = { 'vibration-rms': a.name === 'pump-07' ? 'uncertain:out_of_specification' : 'good',
    'bearing-temperature': a.name === 'pump-07' ? 'uncertain:stale' : 'good', 'suction-pressure': a.name === 'pump-07' ? 'bad:stuck' : 'good' };
  const out = Object.entries(units).map(([name, [title, unit, low, high]]) => ({
    series: `${device}/${name}`, name, title, unit, value: dead ? null : values[name], at: dead ? '@-45m' : '@-2s',
    quality: dead ? 'bad:no_communication' : (quality[name] ?? 'good'), reason: null, range: { low, high } }));
  const derived = `${a.site}/${gateway[a.site]}/${a.name}`;
  if (!dead) {
    out.unshift(
      { series: `${derived}/health`, name: 'health', title: 'Health', unit: '1', value: a.health.value, at: '@-2s', quality: 'good', reason: null,
        range: { low: 0, high: 1 } },
      { series: `${derived}/rul`, name: 'rul', title: 'Remaining life', unit: 'h', value: a.rul.value, at: '@-2s', quality: 'good', reason: null,
        range: null });
    out.push({ series: `${device}/anomaly/score`, name: 'anomaly/score', title: 'Anomaly score', unit: '1', value: 0.91, at: '@-2s', quality: 'good',
      reason: null, range: { low: 0, high: 0.8 } });
  }
  return out;
}

export const workOrders = () => [
  order('wo-000014', 'pump-07', 'Inspect feed pump 7: vibration high', 'high', 'vibration-pca', 0.97, '@-18m',
    'T² above its limit for 40 scans, vibration and bearing temperature lead'),
  order('wo-000013', 'pump-07', 'Feed pump 7: remaining life short', 'high', 'pump-life', 0.91, '@-2h', 'remaining life below 48 h at its lower bound'),
  order('wo-000012', 'fan-02', 'Look at exhaust fan 2: current unsteady', 'medium', 'vibration-pca', 0.84, '@-5h',
    'squared prediction error above its limit for 25 scans'),
  order('wo-000011', 'pump-03', 'Feed pump 3: seal', 'medium', 'vibration-pca', 0.88, '@-4d', 'T² above its limit for 31 scans',
    { outcome: 'confirmed', note: 'worn seal, replaced', by: 'person/erik', at: '@-3d' }),
  order('wo-000010', 'conveyor-01', 'Infeed conveyor: belt', 'low', 'vibration-pca', 0.81, '@-9d', 'squared prediction error above its limit',
    { outcome: 'none_found', note: '', by: 'person/erik', at: '@-8d' }),
];
function order(id, name, title, severity, model, score, at, reason, verdict = null) {
  return { id, asset: name, title, state: verdict ? 'closed' : 'open', severity,
    finding: { id: id.replace('wo', 'fi'), model: `${model}@3`, score, at, reason }, created: at, verdict,
    query: `SELECT ts, value FROM current WHERE series LIKE '%/${name}/%' ORDER BY ts` };
}
