import { describe, expect, it } from 'vitest';
import { bandsOf, pointsOf } from './points';

const at = (s: number) => new Date(Date.UTC(2026, 10, 26) + s * 1000).toISOString();

describe('points of a range', () => {
  it('makes a gap of what is no number', () => {
    const points = pointsOf({ samples: [{ ts: at(0), value: 1, quality: 'good' }, { ts: at(1), value: null, quality: 'bad:missing' },
      { ts: at(2), value: true, quality: 'good' }, { ts: 'never', value: 3, quality: 'good' }] });
    expect(points.value).toEqual([1, null, 1]);
    expect(points.t[1]! - points.t[0]!).toBe(1);
  });
  it('keeps the last of two at one time', () => {
    expect(pointsOf({ samples: [{ ts: at(0), value: 1, quality: 'good' }, { ts: at(0), value: 2, quality: 'good' }] }).value).toEqual([2]);
  });
  it('reads buckets with their share of bad, and calls none good', () => {
    const points = pointsOf({ buckets: [{ start: at(0), count: 4, count_bad: 0, mean: 2 }, { start: at(1), count: 4, count_bad: 1, mean: 3 },
      { start: at(2), count: 4, count_bad: 4, mean: 0 }, { start: at(3), count: 0, count_bad: 0, mean: 0 }] });
    expect(points.quality).toEqual(['unknown:thinned', 'uncertain:incomplete_window', 'bad', 'unknown:thinned']);
    expect(points.value[3]).toBeNull();
  });
});

describe('bands of quality', () => {
  it('joins equal neighbours and leaves no hole', () => {
    const points = pointsOf({ samples: ['good', 'good', 'uncertain:stale', 'bad', 'nonsense'].map((quality, i) => ({ ts: at(i), value: i, quality })) });
    const bands = bandsOf(points);
    expect(bands.map((b) => b.severity)).toEqual(['good', 'uncertain', 'bad', 'unknown']);
    for (let i = 1; i < bands.length; ++i) expect(bands[i]!.from).toBe(bands[i - 1]!.to);
  });
});
