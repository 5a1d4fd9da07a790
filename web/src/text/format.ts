// Text of numbers, intervals, units, times and states. Pure; what is not known is said, never guessed.
export const unknown = 'unknown';

/** Unit as people read it, from UCUM: `Cel` °C, `{cycle}` cycles, `1` nothing. */
export function unitText(ucum: string | null | undefined): string {
  if (!ucum || ucum === '1') return '';
  const plain: Record<string, string> = {
    Cel: '°C', '[degF]': '°F', '[degR]': '°R', '[psi]': 'psi', '[lb_av]': 'lb', 'r/min': 'rpm', '{rpm}': 'rpm', '%': '%',
    deg: '°', Ohm: 'Ω', um: 'µm', us: 'µs', m2: 'm²', m3: 'm³', 'm/s2': 'm/s²', 'm3/h': 'm³/h', 'mm/s': 'mm/s', a: 'a',
    '{cycle}': 'cycles', '{cycles}': 'cycles', '{count}': 'count',
  };
  const known = plain[ucum];
  if (known !== undefined) return known;
  return ucum
    .replace(/\{([^}]*)\}/g, '$1')
    .replace(/\[([a-z]+)(?:_[a-z]+)?\]/gi, '$1')
    .replace(/^\//, '1/')
    .replaceAll('Cel', '°C')
    .replaceAll('.', '·');
}

/** Four significant digits where they say something, grouped thousands, a true minus sign. */
export function numberText(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown;
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) {
    return value.toExponential(Math.max(0, digits - 2)).replace('e+', 'e').replace(/-/g, '−');
  }
  const whole = size === 0 ? 1 : Math.floor(Math.log10(size)) + 1;
  const decimals = Number.isInteger(value) ? 0 : Math.max(0, Math.min(6, digits - whole));
  return new Intl.NumberFormat('en', { maximumFractionDigits: decimals }).format(value).replace('-', '−');
}

/** As `numberText`, with a fixed number of decimals, so that columns and interval ends line up. */
export function fixedText(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown;
  return new Intl.NumberFormat('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .format(value).replace('-', '−');
}

/** A space stands before every unit, per cent included (ISO 80000-1, 7.1.4). */
export function withUnit(text: string, unit: string | null | undefined): string {
  const shown = unitText(unit);
  return shown === '' || text === unknown ? text : `${text} ${shown}`;
}

export function quantityText(value: unknown, unit?: string | null, digits = 4): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value === '' ? unknown : withUnit(value, unit);
  return withUnit(numberText(value as number | null | undefined, digits), unit);
}

/** Decimals that the width of an interval supports: two significant digits of the width, three where it begins with 1. */
export function intervalDecimals(low: number, high: number): number {
  const width = Math.abs(high - low);
  if (width === 0 || !Number.isFinite(width)) return Number.isInteger(low) ? 0 : 2;
  const power = Math.floor(Math.log10(width));
  return Math.max(0, Math.min(6, (width / 10 ** power < 2 ? 2 : 1) - power));
}

/** `12.3 to 15.1 h`; one missing end is said as a bound, both missing as unknown. */
export function intervalText(low: number | null | undefined, high: number | null | undefined, unit?: string | null): string {
  const has = (v: number | null | undefined): v is number => v !== null && v !== undefined && Number.isFinite(v);
  if (has(low) && has(high)) {
    const decimals = intervalDecimals(low, high);
    return withUnit(`${fixedText(low, decimals)} to ${fixedText(high, decimals)}`, unit);
  }
  if (has(low)) return withUnit(`at least ${numberText(low)}`, unit);
  if (has(high)) return withUnit(`at most ${numberText(high)}`, unit);
  return `interval ${unknown}`;
}

/** Series that hold a share 0..1 by the names that the hub gives, shown as per cent everywhere. */
export const isShare = (series: string) => /(^|\/)health(\/confidence)?$/.test(series);
export const seriesText = (series: string, value: unknown, unit?: string | null, digits = 4) =>
  isShare(series) && typeof value === 'number' ? shareText(value) : quantityText(value, unit, digits);

/** A share 0..1 as per cent; null is unknown. */
export function shareText(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown;
  return `${fixedText(value * 100, decimals)} %`;
}

/** `3 s`, `12 min`, `5 h`, `3 d`; a time ahead of the clock is said as such. */
export function ageText(at: string | null | undefined, now: number): string {
  if (!at) return 'never';
  const then = Date.parse(at);
  if (Number.isNaN(then)) return unknown;
  const s = (now - then) / 1000;
  if (s < -5) return `${spanText(-s)} ahead`;
  if (s < 2) return 'now';
  return `${spanText(s)} ago`;
}

export function spanText(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 63072000) return `${Math.floor(seconds / 86400)} d`;
  return `${Math.floor(seconds / 31536000)} a`;
}

/** `26 Nov 2026, 02:43:11 UTC`: always with its zone. */
export function timeText(at: string | null | undefined, zone?: string): string {
  if (!at) return 'never';
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return unknown;
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false,
    timeZone: zone, timeZoneName: 'short',
  }).format(date).replace(/ at /, ', ');
}

export function dateText(at: string | null | undefined): string {
  if (!at) return 'no date';
  const date = new Date(at.length === 10 ? `${at}T00:00:00Z` : at);
  if (Number.isNaN(date.getTime())) return unknown;
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(date);
}

export function bytesText(value: number | string | null | undefined): string {
  let n = Number(value ?? Number.NaN);
  if (!Number.isFinite(n)) return unknown;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) { n /= 1024; ++i; }
  return `${i > 0 && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

/** A count: the hub sends digits as text beyond 2^53. */
export function countText(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return unknown;
  if (typeof value === 'string') return value.replace(/\B(?=(\d{3})+$)/g, ',');
  return new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(value);
}

export type Severity = 'good' | 'uncertain' | 'bad' | 'unknown';
/** `bad:out_of_range` → bad, "out of range". Anything that is not understood is unknown, never good. */
export function qualityOf(text: string | null | undefined): { severity: Severity; reason: string } {
  if (!text) return { severity: 'unknown', reason: '' };
  const [head, ...rest] = text.split(':');
  const severity = head === 'good' || head === 'uncertain' || head === 'bad' ? head : 'unknown';
  return { severity, reason: words(rest.join(':')) };
}
export function qualityText(quality: string | null | undefined, reason?: string | null): string {
  const q = qualityOf(quality);
  const why = q.reason || (reason ? words(reason) : '');
  return why === '' ? q.severity : `${q.severity}: ${why}`;
}

/** `could_not_inspect` → could not inspect. */
export const words = (text: string) => text.trim().replaceAll('_', ' ');
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
/** `person/anna` → anna; `system/hub` → hub (system). */
export function personText(actor: string | null | undefined): string {
  if (!actor) return 'nobody';
  if (actor.startsWith('person/')) return actor.slice(7);
  return actor.startsWith('system/') ? `${actor.slice(7)} (system)` : actor;
}
/** Digests are shown short; the whole one is in the title and in Why?. */
export const shortDigest = (digest: string | null | undefined) =>
  !digest ? 'none' : digest.replace(/^sha256:/, '').slice(0, 12);
