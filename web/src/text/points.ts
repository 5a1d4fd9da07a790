// The answer of /range as columns to draw, and the runs of equal quality in it.
import type { Range } from '../api/contract';
import { qualityOf, type Severity } from './format';

export type Span = '1h' | '8h' | '1d' | '7d' | '30d' | 'all';
export const spans: Span[] = ['1h', '8h', '1d', '7d', '30d', 'all'];
export const span_seconds: Record<Exclude<Span, 'all'>, number> = { '1h': 3600, '8h': 28800, '1d': 86400, '7d': 604800, '30d': 2592000 };

/** Times in seconds, rising; a value that is not a number is a gap. */
export type Points = { t: number[]; value: (number | null)[]; quality: string[] };
export type Band = { from: number; to: number; severity: Severity };

export function pointsOf(range: Range): Points {
  const out: Points = { t: [], value: [], quality: [] };
  const add = (time: string | undefined, value: unknown, quality: string) => {
    const t = Date.parse(time ?? '') / 1000;
    if (Number.isNaN(t)) return;
    if (t === out.t.at(-1)) { out.t.pop(); out.value.pop(); out.quality.pop(); }
    out.t.push(t);
    out.value.push(typeof value === 'number' && Number.isFinite(value) ? value : typeof value === 'boolean' ? +value : null);
    out.quality.push(quality);
  };
  if (range.buckets) {
    for (const b of range.buckets) {
      const bad = globalThis.Number(b.count_bad ?? 0), all = globalThis.Number(b.count ?? 0);
      // A bucket tells how much of it was bad, but not how much was uncertain: it is never called good.
      add(b.start, all > 0 ? b.mean : null, bad === 0 ? 'unknown:thinned' : bad < all ? 'uncertain:incomplete_window' : 'bad');
    }
  } else {
    for (const s of range.samples ?? []) add(s.ts, s.value, s.quality ?? '');
  }
  return out;
}

/** Runs of equal severity, without holes: a run reaches to the start of the next. */
export function bandsOf(points: Points): Band[] {
  const out: Band[] = [];
  points.t.forEach((t, i) => {
    const { severity } = qualityOf(points.quality[i]);
    const last = out.at(-1);
    if (last) last.to = t;
    if (!last || last.severity !== severity) out.push({ from: t, to: t, severity });
  });
  return out;
}
