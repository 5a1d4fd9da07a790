// What the hub says by itself: each event stream carries one status and ends, and EventSource comes back for the next.
// A status is stored as it came; the other answers that are on the screen are asked again, at most every two seconds.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from 'react';
import { eventsPath, hub } from './api/client';
import type { Status } from './api/contract';

const silent_after_ms = 6000;
const refresh_every_ms = 2000;
// Not asked again on each event: the session changes by the person, a lineage and a past range do not change.
const lasting = new Set(['session', 'status', 'lineage', 'range']);

type Live = { heard: number | null; silent: boolean; now: number };
const LiveContext = createContext<Live>({ heard: null, silent: false, now: Date.now() });
/** The hub's clock as far as it is known, ticking each second, and whether the hub has fallen silent. */
export const useLive = () => useContext(LiveContext);

export const useStatus = () => useQuery({ queryKey: ['status'], queryFn: hub.status, staleTime: Infinity });

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const started = useRef(Date.now());
  const heard = useRef<number | null>(null);
  const ahead = useRef(0);
  const [tick, setTick] = useState(Date.now());

  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let refreshed = 0;
    const take = (event: MessageEvent<string>) => {
      const status = JSON.parse(event.data) as Status;
      heard.current = Date.now();
      if (status.now) ahead.current = Date.parse(status.now) - Date.now();
      client.setQueryData(['status'], status);
      if (Date.now() - refreshed < refresh_every_ms) return;
      refreshed = Date.now();
      void client.invalidateQueries({ predicate: (query) => !lasting.has(String(query.queryKey[0])) });
    };
    const listen = () => {
      source = new EventSource(eventsPath);
      source.addEventListener('status', take as EventListener);
      // An answer other than 200 ends an EventSource for good: begin anew.
      source.onerror = () => {
        if (source?.readyState === EventSource.CLOSED) again = setTimeout(listen, 2000);
      };
    };
    listen();
    const clock = setInterval(() => setTick(Date.now()), 1000);
    return () => {
      source?.close();
      clearTimeout(again);
      clearInterval(clock);
    };
  }, [client]);

  const silent = tick - (heard.current ?? started.current) > silent_after_ms;
  return <LiveContext.Provider value={{ heard: heard.current, silent, now: tick + ahead.current }}>{children}</LiveContext.Provider>;
}
