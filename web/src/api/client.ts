// Every call to the hub. A refusal is a Refusal that carries the hub's problem document; no answer is a Silence.
import type { AssetDetail, Asset, Finding, Lineage, Model, Outcome, Problem, Range, Rollout, Session, Status, UseCase,
  WorkOrder } from './contract';

export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}
export class Silence extends Error {
  constructor() {
    super('The hub does not answer.');
  }
}

const base = '/api/v1';

async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(base + path, {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Silence();
  }
  const text = await response.text();
  let answer: unknown;
  try {
    answer = text === '' ? {} : JSON.parse(text);
  } catch {
    answer = undefined;
  }
  if (response.ok && answer !== undefined) return answer as T;
  const problem = (answer ?? {}) as Partial<Problem>;
  throw new Refusal({ ...problem, title: problem.title ?? `The hub answered ${response.status}`, status: response.status });
}

const get = <T>(path: string) => call<T>('GET', path);
const post = <T>(path: string, body: unknown) => call<T>('POST', path, body);
const query = (values: Record<string, string | number | undefined>) => {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) out.set(name, String(value));
  const text = out.toString();
  return text ? `?${text}` : '';
};

export const hub = {
  status: () => get<Status>('/status'),
  session: () => get<Session>('/session'),
  signIn: (user: string, password: string) => post<{ user: string; roles: string[] }>('/signin', { user, password }),
  signOut: () => post<unknown>('/signout', {}),
  setUp: (user: string, password: string) => post<unknown>('/setup', { user, password }),
  useCases: () => get<{ usecases: UseCase[] }>('/usecases').then((r) => r.usecases),
  assets: () => get<{ assets: Asset[] }>('/assets').then((r) => r.assets),
  asset: (name: string) => get<AssetDetail>(`/assets/${encodeURIComponent(name)}`),
  findings: () => get<{ findings: Finding[] }>('/findings').then((r) => r.findings),
  workOrders: () => get<{ work_orders: WorkOrder[] }>('/workorders').then((r) => r.work_orders),
  verdict: (id: string, verdict: { outcome: Outcome; note: string; fault?: string }) =>
    post<WorkOrder>(`/workorders/${encodeURIComponent(id)}/verdict`, verdict),
  models: () => get<{ models: Model[] }>('/models').then((r) => r.models),
  rollouts: () => get<{ rollouts: Rollout[] }>('/rollouts').then((r) => r.rollouts),
  lineage: (series: string, at: string, revision?: string) => get<Lineage>(`/lineage${query({ series, at, revision })}`),
  range: (series: string, window: { from?: string; to?: string; limit?: number; step?: string }) =>
    get<Range>(`/range${query({ series, ...window })}`),
};
export const reviewPage = (useCase: string) => `${base}/review/${encodeURIComponent(useCase)}/page`;
export const eventsPath = `${base}/events`;
