// What the use cases promise and what is measured, each with its interval, and what keeps a KPI from being measured.
import { Badge } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { hub, reviewPage } from '../api/client';
import type { Kpi, UseCase } from '../api/contract';
import { Answer, Empty } from '../parts/answers';
import { KpiBar } from '../parts/bars';
import { Age, Mark, Number, type Look } from '../parts/said';
import { dateText, intervalText, personText, quantityText, shareText, words } from '../text/format';
import { standingOf, standingWords, type Standing } from '../text/kpi';

export function ValueScreen() {
  const cases = useQuery({ queryKey: ['usecases'], queryFn: hub.useCases });
  return (
    <>
      <h1>Value</h1>
      <Answer of={cases} what="the use cases">
        {(all) => all.length === 0
          ? <Empty>No use case is declared yet. Declare one in YAML (kind UseCase) and run <code>millwright apply -f FILE</code>.</Empty>
          : all.map((useCase) => <UseCaseSheet key={useCase.name} of={useCase} />)}
      </Answer>
    </>
  );
}

function UseCaseSheet({ of }: { of: UseCase }) {
  const retrospective = of.kpis.some((kpi) => kpi.retrospective);
  return (
    <section className="sheet" aria-labelledby={`case-${of.name}`} data-usecase={of.name}>
      <header className="sheet-head">
        <h2 id={`case-${of.name}`}>{of.title}</h2>
        <Badge variant="outline" color="gray" size="sm">{of.stage}</Badge>
        {of.simulated && <Badge variant="filled" size="sm" className="badge-simulated">simulated</Badge>}
        {retrospective && <Badge variant="light" color="gray" size="sm">retrospective</Badge>}
        <span className="grow" />
        <a href={reviewPage(of.name)} target="_blank" rel="noreferrer">Review</a>
      </header>
      <div className="kpis">
        {of.kpis.length === 0 ? <Empty>No KPI.</Empty> : of.kpis.map((kpi) => <KpiRow key={kpi.name} kpi={kpi} useCase={of.name} />)}
      </div>
      <Readiness of={of} />
    </section>
  );
}

const looks: Record<Standing, Look> = { reached: 'good', missed: 'watch', undecided: 'plain', unknown: 'unknown' };

function KpiRow({ kpi, useCase }: { kpi: Kpi; useCase: string }) {
  const standing = standingOf(kpi);
  const measured = kpi.state === 'measured';
  return (
    <div className="kpi" data-kpi={kpi.name} data-state={kpi.state}>
      <div className="kpi-name">
        <b>{kpi.title || kpi.name}</b>
        {measured ? <Mark look={looks[standing]} small>{standingWords[standing]}</Mark>
          : <Mark look="unknown" small>{words(kpi.state)}</Mark>}
      </div>
      <div className="kpi-value">
        {measured ? (
          <>
            <Number ask={{ kind: 'kpi', useCase, kpi: kpi.name }} name={kpi.title} className="big">{quantityText(kpi.value, kpi.unit)}</Number>
            <span className="quiet">{intervalText(kpi.low, kpi.high, kpi.unit)}{kpi.level ? ` (${shareText(kpi.level)})` : ''}{kpi.n ? `, n ${kpi.n}` : ''}</span>
            {kpi.beside?.map((b) => (
              <span key={b.title} className="beside"><span className="quiet">{b.title}:</span> {quantityText(b.value, b.unit)} <span className="quiet">{intervalText(b.low, b.high, b.unit)}, n {b.n}</span></span>
            ))}
          </>
        ) : (
          <Number ask={{ kind: 'kpi', useCase, kpi: kpi.name }} name={kpi.title} className="reason">{kpi.reason ?? 'no reason given'}</Number>
        )}
      </div>
      <KpiBar kpi={kpi} />
      <dl className="kpi-ends">
        <div><dt>Target</dt><dd>{kpi.target == null ? 'none' : <span className="nowrap">{quantityText(kpi.target, kpi.unit)}</span>}{' '}<span className="quiet nowrap">by {dateText(kpi.target_date)}</span></dd></div>
        <div><dt>Baseline</dt><dd>{kpi.baseline == null ? <span className="quiet">none</span> : quantityText(kpi.baseline, kpi.unit)}</dd></div>
      </dl>
    </div>
  );
}

function Readiness({ of }: { of: UseCase }) {
  const { unmet, met_count, state } = of.readiness;
  const all = met_count + unmet.length;
  if (state === 'met' && unmet.length === 0) {
    return <div className="readiness"><Mark look="good" small>{all === 0 ? 'no requirement declared' : `data ready: all ${all} requirements met`}</Mark></div>;
  }
  return (
    <div className="readiness">
      <Mark look="bad" small>{unmet.length} of {all} data requirements unmet</Mark>
      <table className="table cards">
        <thead><tr><th>Signal</th><th>Asset</th><th>Why</th><th>Owner</th><th>Since</th></tr></thead>
        <tbody>
          {unmet.map((u) => (
            <tr key={u.requirement + u.asset + u.signal}>
              <td data-name="signal" title={`requirement ${u.requirement}`}><b>{u.signal}</b></td><td data-name="asset">{u.asset}</td><td data-name="why" className="wrap">{u.why}</td>
              <td data-name="owner">{personText(u.owner)}</td><td data-name="since"><Age at={u.since} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
