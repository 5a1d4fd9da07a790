import { describe, expect, it } from 'vitest';
import { read, write, type Question } from './question';

describe('a question in the address', () => {
  it('comes back as it went', () => {
    const questions: Question[] = [
      { kind: 'value', series: 'north/gw/pump-07/anomaly/score', at: '2026-11-26T02:43:11.000001Z', revision: '17' },
      { kind: 'health', asset: 'pump-07', series: 'north/gw/pump-07/health', at: '2026-11-26T02:43:11Z' },
      { kind: 'kpi', useCase: 'turbofan', kpi: 'caught' },
      { kind: 'order', order: 'wo-000012' },
      { kind: 'model', model: 'pump-life@3' },
    ];
    for (const question of questions) expect(read(write(question))).toEqual(question);
  });
  it('is nothing when it is not understood', () => {
    for (const text of [undefined, '', 'value', 'value|x', 'kpi|x', 'else|x']) expect(read(text)).toBeUndefined();
  });
});
