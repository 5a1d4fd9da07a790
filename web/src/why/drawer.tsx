// "Why?": from a number on the screen back to what made it. What is not known is said in words.
import { Code, CopyButton, Button, Drawer } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useEffect, useState, type ReactNode } from 'react';
import { hub } from '../api/client';
import type { Kpi, Lineage, Model, SourceRow, WorkOrder } from '../api/contract';
import { Answer, Empty } from '../parts/answers';
import { Contributions, KpiBar } from '../parts/bars';
import { KpiHistory } from '../parts/kpi_history';
import { Age, Mark, Quality, Time } from '../parts/said';
import { capital, dateText, intervalText, numberText, personText, quantityText, seriesText, shareText, shortDigest, words } from '../text/format';
import { standingOf, standingWords } from '../text/kpi';
import { useWhy, type Question } from './question';

export function WhyDrawer() {
  const why = useWhy();
  const phone = useMediaQuery('(max-width: 700px)');
  return (
    <Drawer opened={why.question !== undefined} onClose={why.close} position={phone ? 'bottom' : 'right'} size={phone ? '92%' : 600} overlayProps={{ backgroundOpacity: 0.28 }}
      title="Why this number?" closeButtonProps={{ 'aria-label': 'Close the explanation', size: 'lg' }} classNames={{ content: 'why', title: 'why-title' }}>
      {why.question && <Reason question={why.question} />}
    </Drawer>
  );
}

function Reason({ question }: { question: Question }) {
  switch (question.kind) {
    case 'value': return <ValueReason series={question.series} at={question.at} revision={question.revision} />;
    case 'health': return <AssetReason asset={question.asset} metric="health" series={question.series} at={question.at} />;
    case 'life': return <AssetReason asset={question.asset} metric="rul" series={question.series} at={question.at} />;
    case 'kpi': return <KpiReason useCase={question.useCase} name={question.kpi} />;
    case 'order': return <OrderReason id={question.order} />;
    case 'model': return <ModelReason name={question.model} />;
  }
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="part"><h3>{title}</h3>{children}</section>
);
/** Names and what they are; a missing one is said to be none. */
function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {of.map(([name, what]) => (
        <div key={name}><dt>{name}</dt><dd>{what == null || what === '' ? <span className="quiet">none known</span> : what}</dd></div>
      ))}
    </dl>
  );
}
function Digest({ of }: { of: string | null | undefined }) {
  if (!of) return <span className="quiet">none known</span>;
  return <span className="copyable"><code title={of}>{shortDigest(of)}…</code><Copy text={of} /></span>;
}
export function Copy({ text, name = 'Copy' }: { text: string; name?: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => <Button variant="default" size="compact-xs" onClick={copy}>{copied ? 'Copied' : name}</Button>}
    </CopyButton>
  );
}
/** What was signed, in words; the whole statement with its signature is in the answer of the API. */
function approvalText(approval: unknown): string | null {
  if (typeof approval !== 'object' || approval === null) return typeof approval === 'string' ? approval : null;
  const { subject, at, digest } = approval as { subject?: string; at?: string; digest?: string };
  return [subject, at && `signed ${at.slice(0, 19).replace('T', ' ')} UTC`, digest && `over sha256:${digest.slice(0, 12)}…`].filter(Boolean).join(', ');
}
const Query = ({ text }: { text: string | null | undefined }) =>
  text ? <><Code block className="query">{text}</Code><Copy text={text} name="Copy the query" /></> : <Empty>No query: nothing was computed.</Empty>;

function AssetReason({ asset, metric, series, at }: { asset: string; metric: 'health' | 'rul'; series?: string; at?: string }) {
  const detail = useQuery({ queryKey: ['asset', asset], queryFn: () => hub.asset(asset), staleTime: Infinity });
  // The moment that was asked about stays, though newer values come while one reads.
  const [asked, setAsked] = useState(series !== undefined && at !== undefined ? { series, at } : undefined);
  const own = metric === 'health' ? detail.data?.health : detail.data?.rul;
  const signal = own?.series && own.at && own.value != null ? own : detail.data?.signals.find((s) => s.name === metric);
  useEffect(() => {
    if (!asked && signal?.series && signal.at) setAsked({ series: signal.series, at: signal.at });
  }, [asked, signal]);
  return (
    <Answer of={detail} what={asset}>
      {(answer) => {
        if (asked) {
          return (
            <ValueReason series={asked.series} at={asked.at}>
              {metric === 'health' && <Part title="Made of, in points"><Contributions by={answer.health.by} /></Part>}
            </ValueReason>
          );
        }
        return (
          <>
            <Mark look="unknown">{metric === 'health' ? 'Health' : 'Remaining life'} of {answer.title} is unknown</Mark>
            <p>No value is stored, so there is nothing to walk back. Its inputs say why:</p>
            <Facts of={answer.signals.map((s) => [s.title, <Quality key={s.series} quality={s.quality} reason={s.reason} />])} />
          </>
        );
      }}
    </Answer>
  );
}

function ValueReason({ series, at, revision, children }: { series: string; at: string; revision?: string; children?: ReactNode }) {
  const lineage = useQuery({ queryKey: ['lineage', series, at, revision], queryFn: () => hub.lineage(series, at, revision), staleTime: Infinity });
  return <Answer of={lineage} what="the lineage">{(answer) => <LineageView of={answer} series={series} at={at}>{children}</LineageView>}</Answer>;
}

function calibrationText(calibration: unknown): string {
  if (!calibration || calibration === 'none known') return 'None known. No calibration certificate is recorded for these sensors.';
  return typeof calibration === 'string' ? calibration : JSON.stringify(calibration);
}

function LineageView({ of, series, at, children }: { of: Lineage; series: string; at: string; children?: ReactNode }) {
  const { value, recipe, model } = of;
  const inputs = recipe?.inputs ?? [];
  return (
    <>
      <div className="headline">
        <b>{seriesText(value.series ?? series, value.value, value.unit)}</b>
        <Quality quality={value.quality} />
      </div>
      <Facts of={[['Series', <code key="s">{value.series ?? series}</code>], ['Time', <Time key="t" at={value.ts ?? at} />], ['Revision', value.revision]]} />
      {children}
      <Part title="Complete">
        {of.complete ? <Mark look="good">every source row was found</Mark> : <Mark look="bad">not every source row was found</Mark>}
        {of.problems.length > 0 && <ul>{of.problems.map((p, i) => <li key={i}>{typeof p === 'string' ? p : p.detail ?? p.what ?? JSON.stringify(p)}</li>)}</ul>}
      </Part>
      <Part title="Made by">
        <Facts of={[['Producer', recipe?.producer], ['Release', recipe?.release], ['Pipeline', recipe?.pipeline],
          ['Window', typeof recipe?.window === 'string' ? recipe.window : inputs.length > 0 ? `${inputs.length} input series` : null]]} />
      </Part>
      <Part title="Model">
        {model ? (
          <Facts of={[['Model', [model.name, model.version].filter((x) => x !== undefined).join('@') || recipe?.model],
            ['Digest', <Digest key="d" of={model.digest} />], ['Trained on data', <Digest key="h" of={model.data_hash} />],
            ['Approval', approvalText(model.approval)],
            ['Approved by', model.approver ? personText(model.approver) : <Mark key="a" look="watch" small>nobody</Mark>]]} />
        ) : <Empty>No model: the value was measured or computed by a pipeline.</Empty>}
      </Part>
      <Part title="Calibration"><p className="calibration">{calibrationText(of.calibration)}</p></Part>
      <Part title={`Source rows (${of.sources.length})`}>
        {of.sources.length === 0 ? <Empty>No source row is known.</Empty> : (
          <table className="table tight sources">
            <thead><tr><th>Time</th><th className="n">Value</th><th>Quality</th><th className="n">Revision</th></tr></thead>
            <tbody>{bySeries(of.sources).map(([name, rows]) => <SourceGroup key={name} name={name} rows={rows} />)}</tbody>
          </table>
        )}
        <Facts of={[['Digest of the inputs', <Digest key="i" of={of.input_digest} />]]} />
      </Part>
    </>
  );
}

const rows_shown_max = 300;
function bySeries(rows: SourceRow[]): [string, SourceRow[]][] {
  const out = new Map<string, SourceRow[]>();
  for (const row of rows.slice(0, rows_shown_max)) out.set(row.series, [...(out.get(row.series) ?? []), row]);
  return [...out];
}
const SourceGroup = ({ name, rows }: { name: string; rows: SourceRow[] }) => (
  <Fragment>
    <tr className="group"><td colSpan={4}><code>{name}</code></td></tr>
    {rows.map((row, i) => (
      <tr key={i}>
        <td className="nowrap"><Time at={row.ts} /></td><td className="n">{quantityText(row.value)}</td>
        <td><Quality quality={row.quality} short /></td><td className="n">{row.revision}</td>
      </tr>
    ))}
  </Fragment>
);

function KpiReason({ useCase, name }: { useCase: string; name: string }) {
  const cases = useQuery({ queryKey: ['usecases'], queryFn: hub.useCases });
  return (
    <Answer of={cases} what="the use case">
      {(all) => {
        const kpi = all.find((u) => u.name === useCase)?.kpis.find((k) => k.name === name);
        return kpi ? <KpiView kpi={kpi} /> : <Empty>There is no KPI {name} of {useCase}.</Empty>;
      }}
    </Answer>
  );
}

function KpiView({ kpi }: { kpi: Kpi }) {
  const standing = standingOf(kpi);
  return (
    <>
      <div className="headline">
        <b>{kpi.state === 'measured' ? quantityText(kpi.value, kpi.unit) : capital(words(kpi.state))}</b>
        <Mark look={standing === 'reached' ? 'good' : standing === 'missed' ? 'watch' : standing === 'unknown' ? 'unknown' : 'plain'}>{standingWords[standing]}</Mark>
      </div>
      <p>{kpi.title}</p>
      <KpiBar kpi={kpi} />
      <Part title="What it says">
        <Facts of={[
          ['Interval', kpi.state === 'measured' ? `${intervalText(kpi.low, kpi.high, kpi.unit)}${kpi.level ? `, ${shareText(kpi.level)} confidence` : ''}` : (kpi.reason ?? '')],
          ['Counted', kpi.n ? `${kpi.n} cases` : null],
          ...(kpi.method ? [['Method', kpi.method] as [string, ReactNode]] : []),
          ...(kpi.beside ?? []).map((b): [string, ReactNode] => [b.title, `${quantityText(b.value, b.unit)}, ${intervalText(b.low, b.high, b.unit)}, of ${b.n}`]),
          ...(kpi.power != null ? [['Power', `${shareText(kpi.power)} chance to show the target's effect`] as [string, ReactNode]] : []),
          ['Target', kpi.target == null ? null : `${quantityText(kpi.target, kpi.unit)} by ${dateText(kpi.target_date)}${kpi.target_declared ? ` (declared ${kpi.target_declared})` : ''}, ${kpi.direction === 'up' ? 'higher' : 'lower'} is better`],
          ['Baseline', kpi.baseline == null ? null : quantityText(kpi.baseline, kpi.unit)],
          ['As of', <Time key="t" at={kpi.as_of} />],
          ['Kind', kpi.retrospective ? 'retrospective: computed over a record after the fact' : 'live'],
        ]} />
      </Part>
      {kpi.series.length > 1 && <Part title="Over time"><KpiHistory kpi={kpi} /></Part>}
      <Part title="Query"><Query text={kpi.query} /></Part>
      <Part title="Data"><Facts of={[['Digest of the rows', <Digest key="d" of={kpi.data_digest} />]]} /></Part>
    </>
  );
}

function OrderReason({ id }: { id: string }) {
  const orders = useQuery({ queryKey: ['workorders'], queryFn: hub.workOrders });
  return (
    <Answer of={orders} what="the work order">
      {(all) => {
        const order = all.find((o) => o.id === id);
        return order ? <FindingView order={order} /> : <Empty>There is no work order {id}.</Empty>;
      }}
    </Answer>
  );
}
function FindingView({ order }: { order: WorkOrder }) {
  const { finding } = order;
  return (
    <>
      <div className="headline"><b>{finding.score == null ? 'no score' : numberText(finding.score)}</b><span className="quiet">score of the finding, 0 to 1</span></div>
      <p>{finding.reason}</p>
      <Facts of={[['Finding', finding.id], ['Model', finding.model], ['Found', <Time key="t" at={finding.at} />], ['Asset', order.asset]]} />
      <Part title="Rows it was made from"><Query text={order.query} /></Part>
      <ModelReason name={finding.model} />
    </>
  );
}

function ModelReason({ name }: { name: string }) {
  const models = useQuery({ queryKey: ['models'], queryFn: hub.models });
  return (
    <Answer of={models} what="the model">
      {(all) => {
        const model = all.find((m) => modelName(m) === name || name.startsWith(`${modelName(m)}:`));
        return model ? <ModelView model={model} /> : <Empty>The model {name} is not in the registry.</Empty>;
      }}
    </Answer>
  );
}
export const modelName = (m: Pick<Model, 'name' | 'version'>) => `${m.name}@${m.version}`;
function ModelView({ model }: { model: Model }) {
  const said = (share: Model['precision']) => share ? `${shareText(share.value)}, ${intervalText(share.low * 100, share.high * 100, '%')}, of ${share.n}` : null;
  return (
    <>
      <Part title={`Model ${modelName(model)}`}>
        <Facts of={[['Precision', said(model.precision)], ['Recall', said(model.recall)], ['Tier', model.tier], ['Trained', <Age key="t" at={model.trained_at} />],
          ['RMSE in cross-validation', model.cv_rmse == null ? null : numberText(model.cv_rmse)],
          ['Digest', <Digest key="d" of={model.digest} />], ['Trained on data', <Digest key="h" of={model.data_hash} />],
          ['Approved by', model.approved_by ? personText(model.approved_by) : <Mark key="a" look="watch" small>nobody yet</Mark>],
          ['Runs on', `${model.running_on} producers`]]} />
        <p className="quiet">Precision: of the findings that a technician looked into, the share that was confirmed. A verdict changes it.</p>
      </Part>
      <Part title="Card">
        <Facts of={Object.entries(model.card ?? {}).map(([key, value]) => [words(key), typeof value === 'object' && value != null ? <code key={key}>{JSON.stringify(value)}</code> : String(value)])} />
      </Part>
    </>
  );
}
