import { describe, expect, it } from 'vitest';
import { ageText, bytesText, capital, countText, dateText, fixedText, intervalDecimals, intervalText, numberText, personText,
  qualityOf, qualityText, quantityText, seriesText, shareText, shortDigest, spanText, timeText, unitText, withUnit } from './format';

describe('units', () => {
  it('reads UCUM as people do', () => {
    expect(unitText('Cel')).toBe('°C');
    expect(unitText('{cycle}')).toBe('cycles');
    expect(unitText('[degR]')).toBe('°R');
    expect(unitText('r/min')).toBe('rpm');
    expect(unitText('/min')).toBe('1/min');
    expect(unitText('kW.h')).toBe('kW·h');
    expect(unitText('mm/s')).toBe('mm/s');
  });
  it('shows nothing for no dimension', () => {
    expect(unitText('1')).toBe('');
    expect(unitText(null)).toBe('');
    expect(withUnit('7', '1')).toBe('7');
  });
  it('gives an unknown no unit', () => expect(quantityText(null, 'Cel')).toBe('unknown'));
});

describe('numbers', () => {
  it('keeps four significant digits', () => {
    expect(numberText(641.82345)).toBe('641.8');
    expect(numberText(0.0384621)).toBe('0.03846');
    expect(numberText(9046.19)).toBe('9,046');
    expect(numberText(12)).toBe('12');
    expect(numberText(0)).toBe('0');
  });
  it('uses a true minus and an exponent at the ends', () => {
    expect(numberText(-3.25)).toBe('−3.25');
    expect(numberText(3e-7)).toBe('3.00e−7');
    expect(numberText(2.5e12)).toBe('2.50e12');
  });
  it('never shows a missing value as a number', () => {
    for (const missing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) expect(numberText(missing)).toBe('unknown');
    expect(fixedText(null, 2)).toBe('unknown');
    expect(shareText(null)).toBe('unknown');
    expect(countText(undefined)).toBe('unknown');
    expect(bytesText(undefined)).toBe('unknown');
  });
  it('shows truth values and text as they are', () => {
    expect(quantityText(true)).toBe('yes');
    expect(quantityText(false)).toBe('no');
    expect(quantityText('idle')).toBe('idle');
    expect(quantityText('')).toBe('unknown');
  });
  it('shows health as per cent wherever it stands', () => {
    expect(seriesText('north/gw/pump-07/health', 0.31, '1')).toBe('31 %');
    expect(seriesText('north/gw/pump-07/health/confidence', 0.9, '1')).toBe('90 %');
    expect(seriesText('north/gw/pump-07/health/by/vibration', -0.2, '1')).toBe('−0.2');
    expect(seriesText('north/gw/pump-07/health', null, '1')).toBe('unknown');
  });
  it('keeps counts beyond 2^53 exact', () => {
    expect(countText('9007199254740993')).toBe('9,007,199,254,740,993');
    expect(countText(1234567)).toBe('1,234,567');
  });
  it('scales bytes', () => {
    expect(bytesText(512)).toBe('512 B');
    expect(bytesText(1536)).toBe('1.5 KiB');
    expect(bytesText(734003200)).toBe('700 MiB');
  });
});

describe('intervals', () => {
  it('writes both ends with the decimals that the width supports', () => {
    expect(intervalText(12.345, 15.09, 'h')).toBe('12.3 to 15.1 h');
    expect(intervalText(108, 196, '{cycle}')).toBe('108 to 196 cycles');
    expect(intervalText(0.7118, 0.9841, '1')).toBe('0.71 to 0.98');
    expect(intervalText(-30.2, -4.1, '%')).toBe('−30 to −4 %');
    expect(intervalText(0.4, 12.3, '%')).toBe('0.4 to 12.3 %');
  });
  it('says a missing end', () => {
    expect(intervalText(3, null, 'h')).toBe('at least 3 h');
    expect(intervalText(undefined, 9, 'h')).toBe('at most 9 h');
    expect(intervalText(null, null, 'h')).toBe('interval unknown');
    expect(intervalText(Number.NaN, Number.NaN)).toBe('interval unknown');
  });
  it('takes an interval of no width', () => {
    expect(intervalDecimals(5, 5)).toBe(0);
    expect(intervalText(5, 5, 'h')).toBe('5 to 5 h');
  });
});

describe('time', () => {
  const now = Date.parse('2026-11-26T02:43:11Z');
  it('says ages in one unit', () => {
    expect(ageText('2026-11-26T02:43:10.5Z', now)).toBe('now');
    expect(ageText('2026-11-26T02:42:31Z', now)).toBe('40 s ago');
    expect(ageText('2026-11-26T02:31:11Z', now)).toBe('12 min ago');
    expect(ageText('2026-11-25T21:43:11Z', now)).toBe('5 h ago');
    expect(ageText('2026-11-20T02:43:11Z', now)).toBe('6 d ago');
    expect(ageText('2020-11-20T02:43:11Z', now)).toBe('6 a ago');
  });
  it('says never, unknown and ahead', () => {
    expect(ageText(null, now)).toBe('never');
    expect(ageText('soon', now)).toBe('unknown');
    expect(ageText('2026-11-26T02:53:11Z', now)).toBe('10 min ahead');
    expect(spanText(119)).toBe('119 s');
  });
  it('carries its zone', () => {
    expect(timeText('2026-11-26T02:43:11Z', 'UTC')).toBe('26 Nov 2026, 02:43:11 UTC');
    expect(timeText('2026-07-01T12:00:00Z', 'Europe/Berlin')).toMatch(/^1 Jul 2026, 14:00:00 (CEST|GMT\+2)$/);
    expect(timeText(null)).toBe('never');
    expect(dateText('2027-06-30')).toBe('30 Jun 2027');
    expect(dateText(null)).toBe('no date');
  });
});

describe('states', () => {
  it('reads qualities, and what it cannot read is unknown', () => {
    expect(qualityOf('good')).toEqual({ severity: 'good', reason: '' });
    expect(qualityOf('bad:out_of_range')).toEqual({ severity: 'bad', reason: 'out of range' });
    expect(qualityOf('splendid').severity).toBe('unknown');
    expect(qualityOf(null).severity).toBe('unknown');
    expect(qualityText('uncertain', 'clock_unsynchronised')).toBe('uncertain: clock unsynchronised');
    expect(qualityText('good')).toBe('good');
  });
  it('names people', () => {
    expect(personText('person/anna')).toBe('anna');
    expect(personText('system/hub')).toBe('hub (system)');
    expect(personText(null)).toBe('nobody');
    expect(capital('none found')).toBe('None found');
    expect(shortDigest('sha256:0123456789abcdef')).toBe('0123456789ab');
    expect(shortDigest(null)).toBe('none');
  });
});
