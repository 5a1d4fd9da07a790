// The hub itself: who reports, how fast, what waits, and the account of every sample.
import { Fragment } from 'react';
import type { Edge, Status } from '../api/contract';
import { Answer, Empty } from '../parts/answers';
import { StateWord } from '../parts/said';
import { useStatus } from '../live';
import { bytesText, countText, numberText, spanText, words } from '../text/format';

type Fields = Record<string, unknown>;
const count = (of: Fields, name: string) => countText(of[name] as number | string | undefined);
const isNone = (value: unknown) => globalThis.Number(value) === 0;

export function PlantScreen() {
  const status = useStatus();
  return (
    <>
      <h1>Plant</h1>
      <Answer of={status} what="the hub">{(answer) => <PlantView of={answer} />}</Answer>
    </>
  );
}

function PlantView({ of }: { of: Status }) {
  const sites = of.sites ?? [];
  const edges = sites.flatMap((site) => site.edges ?? []);
  const ledger = (of.ledger ?? {}) as Fields, totals = (of.totals ?? {}) as Fields, historian = (of.historian ?? {}) as Fields;
  const process = (of.process ?? {}) as Fields;
  const online = edges.filter((edge) => edge.state === 'online').length;
  const problems = (of.problems ?? []) as { name?: string; count?: number | string }[];
  return (
    <>
      <div className="numbers">
        <Tile value={count(ledger, 'unexplained')} name="samples unexplained" alarm={!isNone(ledger.unexplained)} />
        <Tile value={numberText(totals.samples_per_s as number)} name="samples/s stored" />
        <Tile value={`${online}/${edges.length}`} name="edges online" alarm={online < edges.length} />
        <Tile value={count(totals, 'waiting_samples')} name={`samples wait at the edges, ${bytesText(totals.waiting_bytes as number)}`} />
        <Tile value={count(ledger, 'stored')} name="samples stored" />
        <Tile value={bytesText(process.resident_bytes as number)} name={`memory of the hub, up ${spanText(of.uptime_s ?? 0)}`} />
      </div>
      <section className="sheet flush">
        <table className="table cards">
          <thead><tr><th>Edge</th><th>State</th><th>Through</th><th className="n">Last word</th><th className="n">Samples/s</th><th className="n">Waiting</th><th className="n">Stored</th><th className="n">Lost</th><th className="n">Unexplained</th></tr></thead>
          <tbody>
            {sites.map((site) => (
              <Fragment key={site.site}>
                {(site.gateways ?? []).map((edge) => <EdgeRow key={edge.edge} site={site.site ?? ''} of={edge} gateway />)}
                {(site.edges ?? []).map((edge) => <EdgeRow key={edge.edge} site={site.site ?? ''} of={edge} />)}
              </Fragment>
            ))}
          </tbody>
        </table>
        {edges.length === 0 && <Empty>No edge has been heard yet. Start one with <code>millwright edge</code>, or a whole plant with <code>millwright demo</code>.</Empty>}
      </section>
      <div className="columns">
        <section className="sheet">
          <h2>Ledger: sent = stored + declared loss</h2>
          <Lines of={[['Sent', count(ledger, 'sent')], ['Stored', count(ledger, 'stored')], ['Declared lost', count(ledger, 'lost')], ['Unexplained', count(ledger, 'unexplained')],
            ['In flight: accepted at an edge, not here yet', count(ledger, 'in_flight')], ['Arrived again and refused', count(ledger, 'duplicates')],
            ['Foreign producers, best effort', count(ledger, 'best_effort_producers')]]} />
        </section>
        <section className="sheet">
          <h2>Historian</h2>
          <Lines of={[['Revision', String(historian.revision ?? 'unknown')], ['Series', count(historian, 'series')], ['Rows hot', count(historian, 'rows_hot')],
            ['Rows sealed', `${count(historian, 'rows_sealed')} in ${count(historian, 'segments')} segments`],
            ['On disk', `${bytesText(historian.segment_bytes as number)} sealed, ${bytesText(historian.log_bytes as number)} log`],
            ['Damage found', count(historian, 'damages')]]} />
        </section>
      </div>
      {problems.length > 0 && (
        <section className="sheet"><h2>Found wrong on the wire</h2><Lines of={problems.map((p) => [words(p.name ?? ''), countText(p.count)])} /></section>
      )}
      <p className="quiet small">Version {of.version ?? 'unknown'}. API: <a href="/openapi.yaml">openapi.yaml</a>, <a href="/metrics">metrics</a>. <a href="/static/licences.md">Licences</a> of what this screen is made with.</p>
    </>
  );
}

const Tile = ({ value, name, alarm }: { value: string; name: string; alarm?: boolean }) => (
  <div className="numbers-one"><b className={alarm ? 'alarm' : ''}>{value}</b><span className="quiet">{name}</span></div>
);
const Lines = ({ of }: { of: [string, string][] }) => (
  <dl className="lines">{of.map(([name, text]) => <div key={name}><dt>{name}</dt><dd>{text}</dd></div>)}</dl>
);

function EdgeRow({ site, of, gateway }: { site: string; of: Edge; gateway?: boolean }) {
  return (
    <tr>
      <td className="name"><span><b>{of.edge}</b> <span className="quiet">{site}{gateway ? ', gateway' : ''}{of.best_effort && !gateway ? ', best effort' : ''}{of.input_ended ? ', input ended' : ''}</span></span></td>
      <td data-name="state"><StateWord state={of.state ?? 'unknown'} /></td>
      <td data-name="through" className="quiet">{of.via ?? (gateway ? '' : 'direct')}</td>
      <td data-name="last word" className="n">{of.age_s === undefined ? 'never' : of.age_s < 2 ? 'now' : `${spanText(of.age_s)} ago`}</td>
      <td data-name="samples/s" className="n">{numberText(of.samples_per_s ?? 0)}</td>
      <td data-name="waiting" className="n">{countText(of.waiting_samples)} ({bytesText(of.waiting_bytes)})</td>
      <td data-name="stored" className="n">{countText(of.stored)}</td>
      <td data-name="lost" className="n">{isNone(of.lost) ? countText(of.lost) : <b className="alarm">{countText(of.lost)}</b>}</td>
      <td data-name="unexplained" className="n">{isNone(of.unexplained) ? countText(of.unexplained) : <b className="alarm">{countText(of.unexplained)}</b>}</td>
    </tr>
  );
}
