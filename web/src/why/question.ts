// A question "why this number?" as text in the address, so that an explanation can be linked and survives a reload.
import { useNavigate, useSearch } from '@tanstack/react-router';

export type Question =
  | { kind: 'value'; series: string; at: string; revision?: string }
  | { kind: 'health' | 'life'; asset: string; series?: string; at?: string }
  | { kind: 'kpi'; useCase: string; kpi: string }
  | { kind: 'order'; order: string }
  | { kind: 'model'; model: string };

export function write(question: Question): string {
  const parts: (string | undefined)[] =
    question.kind === 'value' ? [question.series, question.at, question.revision]
    : question.kind === 'kpi' ? [question.useCase, question.kpi]
    : question.kind === 'order' ? [question.order]
    : question.kind === 'model' ? [question.model]
    : [question.asset, question.series, question.at];
  return [question.kind, ...parts.filter((part) => part !== undefined)].join('|');
}

export function read(text: string | undefined): Question | undefined {
  const [kind, a, b, c] = (text ?? '').split('|');
  if (!a) return undefined;
  if (kind === 'value' && b) return { kind, series: a, at: b, revision: c };
  if (kind === 'health' || kind === 'life') return { kind, asset: a, series: b, at: c };
  if (kind === 'kpi' && b) return { kind, useCase: a, kpi: b };
  if (kind === 'order') return { kind, order: a };
  if (kind === 'model') return { kind, model: a };
  return undefined;
}

export function useWhy() {
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { why?: string };
  const go = (why: string | undefined) =>
    void navigate({ to: '.', search: why === undefined ? {} : { why }, resetScroll: false } as never);
  return {
    question: read(search.why),
    ask: (question: Question) => go(write(question)),
    close: () => go(undefined),
  };
}
