// Every asset, worst first, as the hub orders them: health with what it is made of, confidence, remaining life.
import { Link, useNavigate } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { hub } from '../api/client';
import type { Asset, HealthState } from '../api/contract';
import { Answer, Empty } from '../parts/answers';
import { HealthBar, LifeBar } from '../parts/bars';
import { Age, Mark, Number, type Look } from '../parts/said';
import { intervalText, qualityOf, quantityText, shareText, words } from '../text/format';

export const lookOf = (state: HealthState): Look => (['good', 'watch', 'bad'].includes(state) ? (state as Look) : 'unknown');

export function AssetsScreen() {
  const assets = useQuery({ queryKey: ['assets'], queryFn: hub.assets });
  return (
    <>
      <h1>Assets</h1>
      <Answer of={assets} what="the assets">
        {(all) => all.length === 0
          ? <Empty>No asset yet. Assets are declared in YAML (kind Asset) and applied with <code>millwright apply -f FILE</code>.</Empty>
          : <><Count of={all} /><AssetTable of={all} /></>}
      </Answer>
    </>
  );
}

function Count({ of }: { of: Asset[] }) {
  const states: HealthState[] = ['bad', 'watch', 'unknown', 'good'];
  return (
    <p className="counts">
      {states.map((state) => {
        const n = of.filter((a) => lookOf(a.health.state) === state).length;
        return n > 0 && <Mark key={state} look={lookOf(state)}>{n} {state}</Mark>;
      })}
    </p>
  );
}

function AssetTable({ of }: { of: Asset[] }) {
  const navigate = useNavigate();
  const most = Math.max(1, ...of.map((a) => a.rul?.high ?? a.rul?.value ?? 0));
  return (
    <section className="sheet flush">
      <table className="table assets cards">
        <thead>
          <tr><th>Asset</th><th>State</th><th colSpan={2}>Health</th><th className="n">Confidence</th><th>Pulled down by</th><th colSpan={2}>Remaining life</th><th className="n">Findings</th><th className="n">As of</th></tr>
        </thead>
        <tbody>
          {of.map((asset) => (
            <tr key={asset.name} data-asset={asset.name} className="press" onClick={() => void navigate({ to: '/assets/$asset', params: { asset: asset.name } })}>
              <td className="name">
                <Link to="/assets/$asset" params={{ asset: asset.name }}>{asset.title || asset.name}</Link>
                <span className="quiet">{asset.name} · {asset.site}</span>
              </td>
              <td data-name="state"><Mark look={lookOf(asset.health.state)} small>{asset.health.state}</Mark></td>
              <td data-name="health" className="bar-cell health-bar"><HealthBar value={asset.health.value} low={asset.health.low} state={lookOf(asset.health.state)} /></td>
              <td className="n health-text"><HealthNumber of={asset} /></td>
              <td data-name="confidence" className="n">{asset.health.confidence == null ? <span className="unknown-text">unknown</span> : shareText(asset.health.confidence)}</td>
              <td className="wrap by"><Pulled of={asset} /></td>
              <td data-name="life left" className="bar-cell life-bar">{asset.rul ? <LifeBar {...asset.rul} most={most} /> : <div className="bar none"><div className="rail" /></div>}</td>
              <td className="life-text"><Life of={asset} /></td>
              <td data-name="findings" className="n">{asset.findings_open === 0 ? <span className="quiet">0</span> : <b>{asset.findings_open}</b>}</td>
              <td data-name="as of" className="n quiet"><Age at={asset.health.at} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function HealthNumber({ of, className }: { of: Asset; className?: string }) {
  const { value, state, series, at } = of.health;
  const known = value != null && lookOf(state) !== 'unknown';
  return (
    <Number ask={{ kind: 'health', asset: of.name, series: series ?? undefined, at: series && at ? at : undefined }} name={`Health of ${of.title}`} className={className}>
      {known ? shareText(value) : <span className="unknown-text">unknown</span>}
    </Number>
  );
}

export function Life({ of }: { of: Asset }) {
  if (!of.rul) return <span className="unknown-text">unknown</span>;
  const { value, low, high, unit, series, at } = of.rul;
  return (
    <>
      <Number ask={{ kind: 'life', asset: of.name, series, at: series ? at : undefined }} name={`Remaining life of ${of.title}`}>{quantityText(value, unit, 3)}</Number>
      <span className="quiet nowrap">{intervalText(low, high, unit)}</span>
    </>
  );
}

/** The inputs that take most from the score, and those that cannot be used. */
function Pulled({ of }: { of: Asset }) {
  const unusable = of.health.by.filter((c) => qualityOf(c.quality).severity === 'bad');
  if (unusable.length > 0) return <span className="unknown-text">without {unusable.map((c) => words(c.input)).join(', ')}</span>;
  const down = of.health.by.map((c) => ({ input: c.input, part: c.contribution ?? 0 })).filter((c) => c.part < -0.005).sort((a, b) => a.part - b.part).slice(0, 2);
  if (down.length === 0) return <span className="quiet">nothing</span>;
  return <span className="quiet">{down.map((c) => `${words(c.input)} −${Math.round(-c.part * 100)}`).join(', ')}</span>;
}
