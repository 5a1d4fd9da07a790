// Small pieces that say one thing: a state, a time, a quality, a number that can be asked "why?".
import { UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useLive } from '../live';
import { ageText, qualityOf, qualityText, timeText, words } from '../text/format';
import { useWhy, type Question } from '../why/question';

export type Look = 'good' | 'watch' | 'bad' | 'unknown' | 'plain';

/** A state as shape, colour and word: the shape alone tells it, too. Unknown is grey and hollow. */
export const Mark = ({ look, children, small }: { look: Look; children: ReactNode; small?: boolean }) => (
  <span className={`mark ${look}${small ? ' small' : ''}`} data-state={look}>{children}</span>
);

export function Age({ at }: { at: string | null | undefined }) {
  const { now } = useLive();
  return <time dateTime={at ?? undefined} title={timeText(at)} className="nowrap">{ageText(at, now)}</time>;
}
export const Time = ({ at }: { at: string | null | undefined }) => <time dateTime={at ?? undefined}>{timeText(at)}</time>;

export function Quality({ quality, reason, short }: { quality: string | null | undefined; reason?: string | null; short?: boolean }) {
  const { severity } = qualityOf(quality);
  const look: Look = severity === 'uncertain' ? 'watch' : severity;
  return <Mark look={look} small>{short && severity === 'good' ? 'good' : qualityText(quality, reason)}</Mark>;
}

/** A number on the screen: a press on it tells where it comes from. */
export function Number({ children, ask, name, className }: { children: ReactNode; ask?: Question; name: string; className?: string }) {
  const why = useWhy();
  if (!ask) return <span className={className}>{children}</span>;
  return (
    <UnstyledButton className={`number ${className ?? ''}`} aria-haspopup="dialog" aria-label={`${name}: why?`} title={`${name}: why?`}
      onClick={(event) => { event.stopPropagation(); event.preventDefault(); why.ask(ask); }}>
      {children}
    </UnstyledButton>
  );
}

const stateLooks: Record<string, Look> = {
  done: 'good', passed: 'good', attested: 'good', online: 'good', met: 'good',
  running: 'watch', installing: 'watch', soaking: 'watch', offered: 'watch', installed_unconfirmed: 'watch', reverting: 'watch', restored: 'watch',
  waiting_for_approval: 'watch', paused: 'watch', waiting: 'plain', planned: 'plain', approved: 'plain', pending: 'plain', not_started: 'plain',
  withdrawn: 'plain', no_contact: 'unknown',
  failed: 'bad', stopped: 'bad', reverted: 'bad', rolled_back: 'bad', refused: 'bad', offline: 'bad', unmet: 'bad', high: 'bad', critical: 'bad',
  medium: 'watch', low: 'plain', open: 'watch', closed: 'plain',
};
/** The state of a thing by its word; a word that is not known here is shown plain, never green. */
export const StateWord = ({ state }: { state: string }) => <Mark look={stateLooks[state] ?? (state === 'unknown' ? 'unknown' : 'plain')} small>{words(state)}</Mark>;
