// Work orders and what was found. A verdict takes three taps: the order, what was found, confirm.
import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { hub } from '../api/client';
import type { Finding, WorkOrder } from '../api/contract';
import { Answer, Empty } from '../parts/answers';
import { Age, Number, StateWord } from '../parts/said';
import { numberText, words } from '../text/format';
import { OrderView } from './order';

const ranks: Record<string, number> = { critical: 0, high: 1, medium: 2, low: 3 };
const byWeight = (a: WorkOrder, b: WorkOrder) => (ranks[a.severity] ?? 9) - (ranks[b.severity] ?? 9) || b.created.localeCompare(a.created);
type Shown = 'open' | 'closed' | 'findings';

export function WorkScreen() {
  const { order } = useParams({ strict: false }) as { order?: string };
  const orders = useQuery({ queryKey: ['workorders'], queryFn: hub.workOrders });
  const [shown, setShown] = useState<Shown>('open');
  return (
    <Answer of={orders} what="the work orders">
      {(all) => {
        const open = all.filter((o) => o.state === 'open').sort(byWeight);
        const closed = all.filter((o) => o.state !== 'open').sort((a, b) => (b.verdict?.at ?? '').localeCompare(a.verdict?.at ?? ''));
        const one = all.find((o) => o.id === order);
        return (
          <div className={`work ${order ? 'chosen' : ''}`}>
            <div className="work-list">
              <div className="title">
                <h1>Work</h1>
                <span className="grow" />
                <SegmentedControl size="sm" value={shown} onChange={(value) => setShown(value as Shown)} aria-label="What is listed"
                  data={[{ value: 'open', label: `Open ${open.length}` }, { value: 'closed', label: `Closed ${closed.length}` }, { value: 'findings', label: 'Findings' }]} />
              </div>
              {shown === 'findings' ? <FindingList orders={all} /> : <OrderList of={shown === 'open' ? open : closed} chosen={order}
                empty={shown === 'open' ? 'Nothing to do: no work order is open.' : 'No work order is closed yet.'} />}
            </div>
            <div className="work-one">
              {one ? <OrderView key={one.id} order={one} /> : order ? <Empty>There is no work order {order}.</Empty>
                : <p className="quiet hint">Choose a work order to see its finding and to say what was found.</p>}
            </div>
          </div>
        );
      }}
    </Answer>
  );
}

function OrderList({ of, chosen, empty }: { of: WorkOrder[]; chosen?: string; empty: string }) {
  if (of.length === 0) return <Empty>{empty}</Empty>;
  return (
    <ul className="orders" aria-label="Work orders">
      {of.map((order) => (
        <li key={order.id}>
          <Link to="/orders/$order" params={{ order: order.id }} className="order" aria-current={order.id === chosen ? 'true' : undefined} data-order={order.id}>
            <span className="order-title">{order.title}</span>
            <span className="order-facts">
              <StateWord state={order.severity} />
              <span className="quiet">{order.asset} · {order.id}</span>
              <span className="grow" />
              <span className="quiet">{order.verdict ? words(order.verdict.outcome) : <Age at={order.created} />}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The detectors' claims. The order of a finding is found by its id. */
function FindingList({ orders }: { orders: WorkOrder[] }) {
  const findings = useQuery({ queryKey: ['findings'], queryFn: hub.findings });
  const orderOf = (finding: Finding) => orders.find((o) => o.finding.id === finding.id);
  return (
    <Answer of={findings} what="the findings">
      {(all) => all.length === 0 ? <Empty>No model has found anything yet.</Empty> : (
        <section className="sheet flush">
          <table className="table cards findings">
            <thead><tr><th>Finding</th><th className="n">Score</th><th>Model</th><th className="n">Found</th></tr></thead>
            <tbody>
              {all.map((finding) => {
                const order = orderOf(finding);
                return (
                  <tr key={finding.id}>
                    <td className="name wrap">
                      {order ? <Link to="/orders/$order" params={{ order: order.id }}>{order.asset}</Link> : <b>{finding.asset ?? finding.id}</b>}
                      <span className="quiet">{finding.reason}</span>
                    </td>
                    <td data-name="score" className="n">
                      <Number ask={order ? { kind: 'order', order: order.id } : { kind: 'model', model: finding.model }} name={`Score of ${finding.id}`}>
                        {finding.score == null ? 'unknown' : numberText(finding.score, 3)}
                      </Number>
                    </td>
                    <td data-name="model">{finding.model}</td>
                    <td data-name="found" className="n quiet"><Age at={finding.at} /></td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </Answer>
  );
}
