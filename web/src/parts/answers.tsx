// An answer that is not there yet, one that was refused, and one that is empty.
import { Alert, Button, Loader } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Refusal } from '../api/client';

export const Waiting = ({ what }: { what: string }) => (
  <div className="waiting" role="status">
    <Loader size="sm" /> Waiting for {what}
  </div>
);

export function Problem({ error, retry }: { error: Error; retry?: () => void }) {
  const problem = error instanceof Refusal ? error.problem : undefined;
  return (
    <Alert color="red" variant="light" role="alert" title={problem?.title ?? 'No answer'}>
      <div>{problem?.detail ?? error.message}</div>
      {problem?.problems?.map((p, i) => <div key={i}>{[p.path, p.what, p.remedy].filter(Boolean).join(': ')}</div>)}
      {problem?.remedy && <div className="quiet">What to do: {problem.remedy}</div>}
      {retry && <Button mt="xs" size="compact-sm" variant="default" onClick={retry}>Try again</Button>}
    </Alert>
  );
}

export const Empty = ({ children }: { children: ReactNode }) => <p className="empty">{children}</p>;

/** Shows an answer, or that it is awaited, or why it was refused. Old content stays while a new answer is under way. */
export function Answer<T>({ of, what, children }: { of: UseQueryResult<T>; what: string; children: (answer: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.isError) return <Problem error={of.error} retry={() => void of.refetch()} />;
  return <Waiting what={what} />;
}
