// Rollouts with their waves and gates, what waits for a signature and the command that signs it, and the models.
import { Badge, Code } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { hub } from '../api/client';
import type { Model, Rollout, Share, Wave } from '../api/contract';
import { Answer, Empty } from '../parts/answers';
import { Age, Mark, Number, StateWord } from '../parts/said';
import { intervalText, numberText, personText, shareText, shortDigest, words } from '../text/format';
import { Copy, modelName } from '../why/drawer';

export function ReleasesScreen() {
  const rollouts = useQuery({ queryKey: ['rollouts'], queryFn: hub.rollouts });
  const models = useQuery({ queryKey: ['models'], queryFn: hub.models });
  return (
    <>
      <h1>Releases</h1>
      <Answer of={rollouts} what="the rollouts">
        {(all) => all.length === 0 ? <Empty>No rollout yet.</Empty> : all.map((rollout) => <RolloutSheet key={rollout.id} of={rollout} />)}
      </Answer>
      <h2 className="section">Models</h2>
      <Answer of={models} what="the models">{(all) => all.length === 0 ? <Empty>No model yet: <code>millwright train</code> makes one.</Empty> : <Models of={all} />}</Answer>
    </>
  );
}

function RolloutSheet({ of }: { of: Rollout }) {
  return (
    <section className="sheet" data-rollout={of.id}>
      <header className="sheet-head">
        <h3>{of.release}</h3>
        <StateWord state={of.state} />
        <span className="grow" />
        <span className="quiet">{of.id}</span>
      </header>
      <ApprovalPanel of={of} />
      <div className="scroll">
        <table className="table waves cards">
          <thead><tr><th>Wave</th><th className="n">Installed</th><th>State</th><th>Gate</th></tr></thead>
          <tbody>{of.waves.map((wave) => <WaveRow key={wave.name} of={wave} />)}</tbody>
        </table>
      </div>
    </section>
  );
}

function ApprovalPanel({ of }: { of: Rollout }) {
  const { approval } = of;
  if (approval.by) return <p className="approval"><Mark look="good" small>approved by {personText(approval.by)}</Mark></p>;
  return (
    <div className="approval needed" role="note">
      <Mark look="watch">needs the approval of {personText(approval.needed_from)}</Mark>
      <p className="quiet">Approvals are signed with the person's own key, which never comes to this screen. On the machine that holds the key:</p>
      {approval.command ? <div className="command"><Code block>{approval.command}</Code><Copy text={approval.command} name="Copy the command" /></div>
        : <span className="unknown-text">the hub names no command</span>}
    </div>
  );
}

function WaveRow({ of }: { of: Wave }) {
  return (
    <tr>
      <td className="name"><b>{of.name}</b></td>
      <td data-name="installed" className="n">{of.done} of {of.members}</td>
      <td data-name="state"><StateWord state={of.state} /></td>
      <td data-name="gate" className="wrap">
        {of.gates.length === 0 ? <span className="quiet">none has decided</span> : (
          <ul className="gates">
            {of.gates.map((gate) => (
              <li key={gate.name}>
                <StateWord state={gate.state} /> <span>{words(gate.name)}</span> {gate.why ? <span className="quiet">{gate.why}</span> : null}
                {gate.statistics.map((one) => (
                  <div key={one.name} className="quiet">
                    {words(one.name)} {numberText(one.value)}, limit {numberText(one.limit)}{one.holds ? '' : ': does not hold'}
                  </div>
                ))}
              </li>
            ))}
          </ul>
        )}
      </td>
    </tr>
  );
}

function Models({ of }: { of: Model[] }) {
  return (
    <section className="sheet flush">
      <table className="table cards">
        <thead><tr><th>Model</th><th>Tier</th><th className="n">Cross-validated RMSE</th><th>Precision</th><th>Recall</th><th>Approved by</th><th className="n">Runs on</th><th className="n">Trained</th></tr></thead>
        <tbody>
          {of.map((model) => (
            <tr key={modelName(model)} data-model={modelName(model)}>
              <td className="name">
                <span className="nowrap"><b>{modelName(model)}</b> {model.aliases.map((alias) => <Badge key={alias} size="xs" variant="light">{alias}</Badge>)}</span>
                <span className="quiet" title={model.digest}>{shortDigest(model.digest)}</span>
              </td>
              <td data-name="tier">{model.tier ?? <span className="quiet">not declared</span>}</td>
              <td data-name="RMSE" className="n">{model.cv_rmse == null ? <span className="quiet">none</span> : numberText(model.cv_rmse)}</td>
              <td data-name="precision"><ShareSaid of={model.precision} model={modelName(model)} name="Precision" /></td>
              <td data-name="recall"><ShareSaid of={model.recall} model={modelName(model)} name="Recall" /></td>
              <td data-name="approved by">{model.approved_by ? personText(model.approved_by) : <Mark look="watch" small>nobody yet</Mark>}</td>
              <td data-name="runs on" className="n">{model.running_on}</td>
              <td data-name="trained" className="n quiet"><Age at={model.trained_at} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ShareSaid({ of, model, name }: { of: Share | null; model: string; name: string }) {
  if (!of) return <span className="unknown-text">unknown</span>;
  return (
    <span className="stacked">
      <Number ask={{ kind: 'model', model }} name={`${name} of ${model}`}>{shareText(of.value)}</Number>
      <span className="quiet nowrap">{intervalText(of.low * 100, of.high * 100, '%')}, n {of.n}</span>
    </span>
  );
}
