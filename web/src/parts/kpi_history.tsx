// A KPI over its reporting periods: each period's value with its interval, the target as a line. Few points, so it is drawn
// as plain SVG by the browser and read as a table by those who do not see it.
import type { Kpi } from '../api/contract';
import { dateText, intervalText, numberText, quantityText } from '../text/format';
import { axisOf } from '../text/kpi';

const width = 520, height = 150, left = 44, right = 88, top = 8, foot = 22;

export function KpiHistory({ kpi }: { kpi: Kpi }) {
  const axis = axisOf([kpi.target, kpi.baseline, ...kpi.series.flatMap((p) => [p.value, p.low, p.high])]);
  if (!axis) return null;
  const times = kpi.series.map((p) => Date.parse(p.t));
  const first = Math.min(...times), last = Math.max(...times);
  const x = (t: number) => left + 6 + ((t - first) / (last - first || 1)) * (width - left - right - 12);
  const y = (v: number) => top + (1 - (v - axis.low) / (axis.high - axis.low)) * (height - top - foot);
  const line = (value: number | null, name: string) => value != null && (
    <g className={name}><line x1={left} x2={width - right} y1={y(value)} y2={y(value)} /><text x={width - right + 6} y={y(value) + 4}>{name} {numberText(value)}</text></g>
  );
  return (
    <>
      <svg className="history" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        <text x={left - 6} y={top + 10} textAnchor="end">{numberText(axis.high, 3)}</text>
        <text x={left - 6} y={height - foot} textAnchor="end">{numberText(axis.low, 3)}</text>
        <text x={left} y={height - 4}>{dateText(kpi.series[0]!.t)}</text>
        <text x={width - right} y={height - 4} textAnchor="end">{dateText(kpi.series.at(-1)!.t)}</text>
        <path className="frame" d={`M${left} ${top}V${height - foot}H${width - right}`} />
        {line(kpi.target, 'target')}
        {line(kpi.baseline, 'baseline')}
        {kpi.series.map((p) => (
          <g key={p.t} className="period">
            {typeof p.low === 'number' && typeof p.high === 'number' && <line x1={x(Date.parse(p.t))} x2={x(Date.parse(p.t))} y1={y(p.low)} y2={y(p.high)} />}
            <circle cx={x(Date.parse(p.t))} cy={y(p.value)} r="3.5" />
          </g>
        ))}
      </svg>
      <table className="unseen">
        <caption>{kpi.title} over time</caption>
        <tbody>{kpi.series.map((p) => <tr key={p.t}><td>{dateText(p.t)}</td><td>{quantityText(p.value, kpi.unit)}</td><td>{intervalText(p.low, p.high, kpi.unit)}</td></tr>)}</tbody>
      </table>
    </>
  );
}
