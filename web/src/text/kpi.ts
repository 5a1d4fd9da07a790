// What a KPI says against its target, with its interval taken seriously.
import type { Kpi } from '../api/contract';

export type Standing = 'reached' | 'missed' | 'undecided' | 'unknown';

/** Reached or missed only when the whole interval lies on one side of the target; unknown when nothing is measured. */
export function standingOf(kpi: Pick<Kpi, 'state' | 'value' | 'low' | 'high' | 'target' | 'direction'>): Standing {
  if (kpi.state !== 'measured' || kpi.value == null || kpi.target == null) return 'unknown';
  const low = kpi.low ?? kpi.value, high = kpi.high ?? kpi.value;
  const [worst, best] = kpi.direction === 'up' ? [low, high] : [-high, -low];
  const target = kpi.direction === 'up' ? kpi.target : -kpi.target;
  if (worst >= target) return 'reached';
  return best < target ? 'missed' : 'undecided';
}

export const standingWords: Record<Standing, string> = {
  reached: 'target reached', missed: 'target not reached', undecided: 'open: the interval includes the target', unknown: 'unknown',
};

/** An axis that holds every known value, with 8 % of air, not below zero or above `most_possible` when nothing is. */
export function axisOf(values: (number | null | undefined)[], most_possible = Number.POSITIVE_INFINITY): { low: number; high: number } | null {
  const known = values.filter((v): v is number => typeof v === 'number' && Number.isFinite(v));
  if (known.length === 0) return null;
  const least = Math.min(...known), most = Math.max(...known);
  const air = (most - least || Math.abs(most) || 1) * 0.08;
  return { low: least >= 0 && least - air < 0 ? 0 : least - air, high: most <= most_possible ? Math.min(most + air, most_possible) : most + air };
}
