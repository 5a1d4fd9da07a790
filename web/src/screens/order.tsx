// One work order: the finding behind it and the verdict. Made for a thumb: large targets, the confirmation at the foot.
import { Alert, Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Refusal, hub } from '../api/client';
import type { Outcome, WorkOrder } from '../api/contract';
import { Problem } from '../parts/answers';
import { Icon } from '../parts/icon';
import { Age, Number, StateWord, Time } from '../parts/said';
import { capital, intervalText, numberText, personText, shareText, words } from '../text/format';
import { modelName } from '../why/drawer';

const outcomes: { value: Outcome; name: string; what: string }[] = [
  { value: 'confirmed', name: 'Confirmed', what: 'the fault is there' },
  { value: 'other_fault', name: 'Other fault', what: 'something else is wrong' },
  { value: 'none_found', name: 'None found', what: 'it is in order' },
  { value: 'could_not_inspect', name: 'Could not inspect', what: 'not reachable, not stopped' },
];

export function OrderView({ order }: { order: WorkOrder }) {
  const { finding } = order;
  return (
    <article className="order-view" aria-labelledby="order-title">
      <p className="crumbs back"><Link to="/orders" className="back-link"><Icon name="back" size={18} /> All work</Link></p>
      <h2 id="order-title">{order.title}</h2>
      <p className="order-facts">
        <StateWord state={order.severity} /> <Link to="/assets/$asset" params={{ asset: order.asset }}>{order.asset}</Link>
        <span className="quiet">{order.id}, made <Age at={order.created} /></span>
      </p>
      <dl className="facts">
        <div><dt>Found</dt><dd>{finding.reason ?? 'no reason given'}</dd></div>
        <div><dt>Score</dt><dd><Number ask={{ kind: 'order', order: order.id }} name="Score of the finding">{finding.score == null ? 'unknown' : numberText(finding.score, 3)}</Number></dd></div>
        <div><dt>At</dt><dd><Time at={finding.at} /></dd></div>
        <div><dt>Model</dt><dd>{finding.model}</dd></div>
        <div><dt>Precision</dt><dd><Precision model={finding.model} /></dd></div>
      </dl>
      {order.verdict ? <Given order={order} /> : <VerdictForm order={order} />}
    </article>
  );
}

/** How often the findings of this model were right so far, with its interval. */
function Precision({ model }: { model: string }) {
  const models = useQuery({ queryKey: ['models'], queryFn: hub.models });
  const precision = models.data?.find((m) => modelName(m) === model || model.startsWith(`${modelName(m)}:`))?.precision;
  if (!precision) return <span className="unknown-text" data-precision="unknown">unknown: no verdict yet</span>;
  return (
    <span data-precision={precision.n}>
      <Number ask={{ kind: 'model', model }} name={`Precision of ${model}`}>{shareText(precision.value)}</Number>
      <span className="quiet"> {intervalText(precision.low * 100, precision.high * 100, '%')}, of {precision.n} verdicts</span>
    </span>
  );
}

function Given({ order }: { order: WorkOrder }) {
  const verdict = order.verdict!;
  return (
    <section className="given" aria-live="polite">
      <h3>Closed: {words(verdict.outcome)}</h3>
      <p>By {personText(verdict.by)}, <Time at={verdict.at} /></p>
      {verdict.fault && <p>Fault: {verdict.fault}</p>}
      {verdict.note ? <p className="note">{verdict.note}</p> : <p className="quiet">no note</p>}
    </section>
  );
}

function VerdictForm({ order }: { order: WorkOrder }) {
  const client = useQueryClient();
  const [outcome, setOutcome] = useState<Outcome>();
  const [note, setNote] = useState('');
  const [noting, setNoting] = useState(false);
  const give = useMutation({
    mutationFn: () => hub.verdict(order.id, { outcome: outcome!, note: note.trim() }),
    onSettled: () => client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'range' }),
  });
  const taken = give.error instanceof Refusal && give.error.problem.status === 409;
  return (
    <form className="verdict" onSubmit={(event) => { event.preventDefault(); if (outcome) give.mutate(); }}>
      <fieldset disabled={give.isPending}>
        <legend>What was found?</legend>
        <div className="outcomes">
          {outcomes.map((o) => (
            <label key={o.value} className="outcome">
              <input type="radio" name="outcome" value={o.value} checked={outcome === o.value} onChange={() => setOutcome(o.value)} />
              <span><b>{o.name}</b><span className="quiet">{o.what}</span></span>
            </label>
          ))}
        </div>
        {noting || outcome === 'other_fault'
          ? <Textarea label="Note" placeholder={outcome === 'other_fault' ? 'Which fault?' : ''} value={note} onChange={(event) => setNote(event.currentTarget.value)} autosize minRows={2} maxLength={2000} />
          : <Button variant="subtle" size="compact-md" type="button" onClick={() => setNoting(true)}>Add a note</Button>}
      </fieldset>
      {give.isError && (taken ? <Alert color="yellow" role="alert" title="Already closed">{give.error.message}</Alert> : <Problem error={give.error} />)}
      <div className="confirm">
        <Button type="submit" size="lg" fullWidth disabled={!outcome} loading={give.isPending}>
          {outcome ? `Confirm: ${capital(words(outcome)).toLowerCase()}` : 'Choose what was found'}
        </Button>
      </div>
    </form>
  );
}
