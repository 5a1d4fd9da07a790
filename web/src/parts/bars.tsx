// Intervals and shares as bars. Each bar has its content as text for those who do not see it.
import type { Contribution, Kpi } from '../api/contract';
import { intervalText, numberText, qualityOf, quantityText, shareText, words } from '../text/format';
import { axisOf } from '../text/kpi';

const at = (value: number, low: number, high: number) => `${Math.min(100, Math.max(0, ((value - low) / (high - low || 1)) * 100))}%`;

/** Measured value with its interval, target and baseline on one axis. Hatched grey when nothing is measured. */
export function KpiBar({ kpi }: { kpi: Kpi }) {
  const measured = kpi.state === 'measured' && kpi.value != null;
  // Without a measurement there is nothing to place: target and baseline stand beside the bar as numbers.
  const axis = measured ? axisOf([kpi.target, kpi.baseline, kpi.value, kpi.low, kpi.high], kpi.unit === '%' ? 100 : undefined) : null;
  const label = measured
    ? `${kpi.title}: ${quantityText(kpi.value, kpi.unit)}, ${intervalText(kpi.low, kpi.high, kpi.unit)}, target ${quantityText(kpi.target, kpi.unit)}`
    : `${kpi.title}: ${words(kpi.state)}`;
  if (!axis) return <div className="bar kpi none" role="img" aria-label={label}><div className="rail" /></div>;
  const place = (value: number) => at(value, axis.low, axis.high);
  return (
    <div className="bar kpi" role="img" aria-label={label}>
      <div className="rail">
        {kpi.low != null && kpi.high != null && (
          <i className="band" style={{ left: place(kpi.low), width: `calc(${place(kpi.high)} - ${place(kpi.low)})` }} />
        )}
        {kpi.baseline != null && <i className="tick base" style={{ left: place(kpi.baseline) }} title={`baseline ${quantityText(kpi.baseline, kpi.unit)}`} />}
        {kpi.target != null && <i className="tick target" style={{ left: place(kpi.target) }} title={`target ${quantityText(kpi.target, kpi.unit)}`} />}
        <i className="dot" style={{ left: place(kpi.value!) }} />
      </div>
      <div className="ends" aria-hidden="true">
        <span>{numberText(axis.low, 3)}</span>
        <span>{numberText(axis.high, 3)}</span>
      </div>
    </div>
  );
}

/** Health 0..1: how far the bar is filled, with a tick at the lower bound; unknown is hatched. */
export function HealthBar({ value, low, state }: { value: number | null; low?: number | null; state: string }) {
  const known = value != null && state !== 'unknown';
  return (
    <div className={`bar health ${known ? state : 'none'}`} role="img" aria-label={known ? `health ${shareText(value)}` : 'health unknown'}>
      <div className="rail">
        {known && <i className="fill" style={{ width: at(value, 0, 1) }} />}
        {known && typeof low === 'number' && <i className="tick" style={{ left: at(low, 0, 1) }} title={`at least ${shareText(low)}`} />}
      </div>
    </div>
  );
}

/** Remaining life with its interval on an axis shared by the rows of a table. */
export function LifeBar({ value, low, high, most }: { value: number; low: number | null; high: number | null; most: number }) {
  return (
    <div className="bar life" role="img" aria-label={`remaining life ${numberText(value)}, ${intervalText(low, high)}`}>
      <div className="rail">
        {low != null && high != null && <i className="band" style={{ left: at(low, 0, most), width: `calc(${at(high, 0, most)} - ${at(low, 0, most)})` }} />}
        <i className="dot" style={{ left: at(value, 0, most) }} />
      </div>
    </div>
  );
}

const signed = (value: number) => `${value > 0 ? '+' : ''}${numberText(Math.round(value * 1000) / 10, 2)}`;

/** What pulled a health score down or up, in points of a hundred; a bad input is named as such. */
export function Contributions({ by }: { by: Contribution[] }) {
  const most = Math.max(0.05, ...by.map((c) => Math.abs(c.contribution ?? 0)));
  return (
    <ul className="contributions" aria-label="What the health score is made of, in points">
      {by.map((c) => {
        const { severity, reason } = qualityOf(c.quality);
        const part = severity === 'bad' ? null : c.contribution;
        return (
          <li key={c.input}>
            <span>{words(c.input)}</span>
            <span className="pull" aria-hidden="true">
              {part != null && <i className={part < 0 ? 'down' : 'up'} style={{ width: `${(Math.abs(part) / most) * 100}%` }} />}
            </span>
            <span className="points">{part == null ? 'unknown' : signed(part)}</span>
            {severity !== 'good' && <span className={`remark ${severity}`}>{severity}{reason ? `: ${reason}` : ''}</span>}
          </li>
        );
      })}
    </ul>
  );
}
