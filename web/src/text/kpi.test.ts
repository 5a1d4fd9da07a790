import { describe, expect, it } from 'vitest';
import { axisOf, standingOf } from './kpi';

const down = { state: 'measured' as const, direction: 'down' as const, target: 28.8, value: 33.4, low: 30.1, high: 37.9 };

describe('standing of a KPI', () => {
  it('is decided only by the whole interval', () => {
    expect(standingOf(down)).toBe('missed');
    expect(standingOf({ ...down, low: 27, high: 34 })).toBe('undecided');
    expect(standingOf({ ...down, value: 25, low: 22, high: 28 })).toBe('reached');
    expect(standingOf({ ...down, direction: 'up', target: 80, value: 92, low: 73.9, high: 99 })).toBe('undecided');
    expect(standingOf({ ...down, direction: 'up', target: 70, value: 92, low: 73.9, high: 99 })).toBe('reached');
  });
  it('is unknown when nothing is measured, whatever the numbers say', () => {
    expect(standingOf({ ...down, state: 'not_measurable' })).toBe('unknown');
    expect(standingOf({ ...down, value: null })).toBe('unknown');
    expect(standingOf({ ...down, target: null })).toBe('unknown');
  });
});

describe('axis', () => {
  it('holds all and does not pass zero for nothing', () => {
    expect(axisOf([1, null, 100])?.low).toBe(0);
    expect(axisOf([50, 100])?.low).toBeLessThan(50);
    expect(axisOf([-5, 5])?.low).toBeLessThan(-5);
    expect(axisOf([50, 99], 100)?.high).toBe(100);
    expect(axisOf([50, 120], 100)?.high).toBeGreaterThan(120);
    expect(axisOf([null, undefined])).toBeNull();
    expect(axisOf([7])?.high).toBeGreaterThan(7);
  });
});
