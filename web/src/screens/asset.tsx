// One asset: health and what it is made of, remaining life, its signals with their trends, its work.
import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { hub } from '../api/client';
import type { AssetDetail, Signal } from '../api/contract';
import { Answer, Empty } from '../parts/answers';
import { Contributions, HealthBar } from '../parts/bars';
import { Age, Mark, Number, Quality, StateWord } from '../parts/said';
import { Trend } from '../parts/trend';
import { intervalText, numberText, qualityOf, seriesText, shareText } from '../text/format';
import { spans, type Span } from '../text/points';
import { HealthNumber, Life, lookOf } from './assets';

export function AssetScreen() {
  const { asset } = useParams({ strict: false }) as { asset: string };
  const detail = useQuery({ queryKey: ['asset', asset], queryFn: () => hub.asset(asset) });
  return (
    <>
      <p className="crumbs"><Link to="/assets">Assets</Link> / {asset}</p>
      <Answer of={detail} what={asset}>{(answer) => <AssetView key={answer.name} of={answer} />}</Answer>
    </>
  );
}

function AssetView({ of }: { of: AssetDetail }) {
  return (
    <>
      <div className="title">
        <h1>{of.title || of.name}</h1>
        <Mark look={lookOf(of.health.state)}>{of.health.state}</Mark>
        <span className="quiet">{of.type}, site {of.site}</span>
      </div>
      <div className="tiles">
        <section className="tile wide">
          <h2>Health</h2>
          <div className="health-line">
            <HealthNumber of={of} className="big" />
            <span className="quiet">
              {typeof of.health.low === 'number' ? `at least ${shareText(of.health.low)}, ` : ''}confidence {shareText(of.health.confidence)}
            </span>
          </div>
          <HealthBar value={of.health.value} low={of.health.low} state={lookOf(of.health.state)} />
          <Contributions by={of.health.by} />
          <span className="quiet small">as of <Age at={of.health.at} /></span>
        </section>
        <section className="tile">
          <h2>Remaining life</h2>
          <div className="life-tile"><Life of={of} /></div>
          {of.rul ? <span className="quiet small">90 % interval, as of <Age at={of.rul.at} /></span> : <span className="quiet small">no value: an input is missing</span>}
        </section>
        <section className="tile">
          <h2>Work</h2>
          {of.work_orders.length === 0 ? <span className="quiet">no work order</span> : (
            <ul className="plain">
              {of.work_orders.slice(0, 5).map((order) => (
                <li key={order.id}><Link to="/orders/$order" params={{ order: order.id }}>{order.title}</Link> <StateWord state={order.state} /></li>
              ))}
            </ul>
          )}
        </section>
      </div>
      <Signals of={of} />
    </>
  );
}

/** Health and remaining life first, then the worst of the rest: what one wants to see without a choice. */
function firstChoice(signals: Signal[]): string[] {
  const worst = { bad: 0, unknown: 1, uncertain: 2, good: 3 };
  const plottable = signals.filter((s) => typeof s.value === 'number' || s.value == null);
  const derived = plottable.filter((s) => s.name === 'health' || s.name === 'rul');
  const rest = plottable.filter((s) => !derived.includes(s) && !/^(health|rul)\//.test(s.name))
    .sort((a, b) => worst[qualityOf(a.quality).severity] - worst[qualityOf(b.quality).severity]);
  return [...derived, ...rest].slice(0, 4).map((s) => s.series);
}

function Signals({ of }: { of: AssetDetail }) {
  const [span, setSpan] = useState<Span>('all');
  const [chosen, setChosen] = useState(() => firstChoice(of.signals));
  const toggle = (series: string) => setChosen((old) => (old.includes(series) ? old.filter((s) => s !== series) : [...old, series]));
  if (of.signals.length === 0) return <Empty>This asset has no signal.</Empty>;
  const shown = of.signals.filter((s) => chosen.includes(s.series));
  return (
    <div className="signals">
      <section className="sheet flush">
        <table className="table tight cards signal-table">
          <thead><tr><th>Signal</th><th className="n">Value</th><th>Quality</th><th className="n">As of</th></tr></thead>
          <tbody>
            {of.signals.map((s) => (
              <tr key={s.series} data-signal={s.name}>
                <td className="name">
                  <label className="pick" title={s.series}>
                    <input type="checkbox" checked={chosen.includes(s.series)} onChange={() => toggle(s.series)} />
                    <span>{s.title || s.name}</span>
                  </label>
                </td>
                <td data-name="value" className="n">
                  <Number ask={s.at ? { kind: 'value', series: s.series, at: s.at } : undefined} name={s.title}>
                    {s.value == null ? <span className="unknown-text">unknown</span> : seriesText(s.series, s.value, s.unit)}
                  </Number>
                  <Outside of={s} />
                </td>
                <td data-name="quality"><Quality quality={s.quality} reason={s.reason} short /></td>
                <td data-name="as of" className="n quiet"><Age at={s.at} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section className="sheet trends">
        <div className="trend-head">
          <h2>Trends</h2>
          <span className="legend" aria-hidden="true"><i className="good" />good <i className="watch" />uncertain <i className="bad" />bad <i className="dash" />declared range</span>
          <span className="grow" />
          <SegmentedControl size="xs" value={span} onChange={(value) => setSpan(value as Span)} data={spans.map((s) => ({ value: s, label: s === 'all' ? 'All' : s.replace(/(\d+)/, '$1 ') }))} aria-label="Time shown" />
        </div>
        {shown.length === 0 && <Empty>Choose a signal to see its trend.</Empty>}
        {shown.map((s) => <SignalTrend key={s.series + span} signal={s} all={of.signals} span={span} />)}
      </section>
    </div>
  );
}

function SignalTrend({ signal, all, span }: { signal: Signal; all: Signal[]; span: Span }) {
  // Remaining life is stored with the series of its interval beside it.
  const beside = (end: string) => all.find((s) => s.series === `${signal.series}/${end}`)?.series ?? (signal.name === 'rul' ? `${signal.series}/${end}` : undefined);
  return <Trend title={signal.title || signal.name} unit={signal.unit} series={signal.series} low={beside('low')} high={beside('high')} limits={signal.range} latest={signal.at} span={span} />;
}

function Outside({ of }: { of: Signal }) {
  const { value, range } = of;
  if (typeof value !== 'number' || !range) return null;
  const out = (range.low != null && value < range.low) || (range.high != null && value > range.high);
  if (!out) return null;
  return <span className="outside" title={`declared range ${intervalText(range.low, range.high, of.unit)}`}>
    {range.high != null && value > range.high ? `above ${numberText(range.high)}` : `below ${numberText(range.low)}`}</span>;
}
