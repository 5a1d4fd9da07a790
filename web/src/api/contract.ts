// Shapes of what the hub answers about decisions, as its office gives them (src/interfaces/office_*.cpp, schemas of
// api/openapi.yaml). The document says which members there are; here it is said which are always there.
import type { components } from './openapi.gen';

type Schemas = components['schemas'];
export type Status = Schemas['Status'];
export type Edge = Schemas['Edge'];
export type Site = Schemas['Site'];
export type Range = Schemas['Range'];
export type Problem = {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  remedy?: string;
  problems?: { path?: string; what?: string; expected?: string; nearest?: string; remedy?: string }[];
};

/** `people`: who may be the first user; only while there is none. */
export type Session = { user: string | null; roles: string[]; setup_required: boolean; people?: string[] };

export type KpiState = 'measured' | 'not_measurable' | 'not_yet';
export type KpiPoint = { t: string; value: number; low?: number | null; high?: number | null };
export type Kpi = {
  name: string;
  title: string;
  unit: string;
  direction: 'up' | 'down';
  target: number | null;
  target_date: string | null;
  baseline: number | null;
  state: KpiState;
  reason: string | null;
  value: number | null;
  low: number | null;
  high: number | null;
  /** Probability that the interval covers the truth, such as 0.95. */
  level: number | null;
  n: number | null;
  retrospective: boolean;
  as_of: string | null;
  series: KpiPoint[];
  query: string;
  data_digest: string;
  /** Beyond the contract, shown where they come: how it was taken, the target as declared, numbers beside it. */
  method?: string;
  target_declared?: string;
  power?: number | null;
  simulated?: boolean;
  beside?: { title: string; value: number; low: number | null; high: number | null; count?: number; n: number; unit: string }[];
};

export type UnmetRequirement = {
  requirement: string;
  signal: string;
  asset: string;
  owner: string;
  since: string | null;
  why: string;
};
export type UseCase = {
  name: string;
  title: string;
  stage: string;
  kpis: Kpi[];
  readiness: { state: 'met' | 'unmet'; unmet: UnmetRequirement[]; met_count: number };
  simulated: boolean;
};

export type HealthState = 'good' | 'watch' | 'bad' | 'unknown';
export type Contribution = { input: string; contribution: number | null; quality: string };
export type Health = {
  value: number | null;
  low?: number | null;
  confidence: number | null;
  state: HealthState;
  at: string | null;
  by: Contribution[];
  /** The series that holds the value. Without it Why? asks the asset's signals. */
  series?: string | null;
};
export type RemainingLife = {
  value: number;
  low: number | null;
  high: number | null;
  unit: string;
  at: string;
  series?: string;
};
export type Asset = {
  name: string;
  title: string;
  site: string;
  type: string;
  health: Health;
  rul: RemainingLife | null;
  findings_open: number;
};
export type Scalar = number | string | boolean | null;
export type Signal = {
  series: string;
  name: string;
  title: string;
  unit: string;
  value: Scalar;
  at: string | null;
  quality: string;
  reason: string | null;
  range: { low: number | null; high: number | null } | null;
};
export type Finding = {
  id: string;
  model: string;
  score: number | null;
  at: string;
  reason: string | null;
  asset?: string;
  rule?: string;
  query?: string;
  cleared?: string | null;
};
export type Outcome = 'confirmed' | 'other_fault' | 'none_found' | 'could_not_inspect';
export type Verdict = { outcome: Outcome; note: string | null; fault?: string | null; by: string; at: string };
export type WorkOrder = {
  id: string;
  asset: string;
  title: string;
  state: 'open' | 'closed';
  severity: string;
  finding: Finding;
  created: string;
  verdict: Verdict | null;
  query: string | null;
};
export type AssetDetail = Asset & { signals: Signal[]; findings: Finding[]; work_orders: WorkOrder[] };

export type Share = { value: number; low: number; high: number; n: number };
export type Model = {
  name: string;
  version: number | string;
  digest: string;
  aliases: string[];
  tier: string | null;
  trained_at: string;
  cv_rmse?: number | null;
  data_hash?: string;
  card: Record<string, unknown> | null;
  precision: Share | null;
  recall: Share | null;
  approved_by: string | null;
  running_on: number;
};

export type Statistic = { name: string; value: number; limit: number; holds: boolean };
export type Gate = { name: string; state: string; why?: string; statistics: Statistic[]; at?: string };
export type Wave = { name: string; members: number; done: number; state: string; targets?: Record<string, number>; gates: Gate[] };
export type Approval = { needed_from?: string | null; command?: string; by?: string; at?: string; expires?: string };
export type Rollout = {
  id: string;
  release: string;
  state: string;
  revert_reason?: string;
  waves: Wave[];
  approval: Approval;
  notes?: string[];
};

export type SourceRow = {
  series: string;
  number: string | number;
  ts: string;
  revision: number | string;
  value: Scalar;
  quality: string;
};
export type Recipe = {
  producer?: string;
  release?: string | null;
  pipeline?: string | null;
  model?: string | null;
  inputs?: string[];
  [more: string]: unknown;
};
export type Lineage = {
  value: { series?: string; ts?: string; value?: Scalar; quality?: string; unit?: string; revision?: number | string };
  recipe: Recipe | null;
  model: {
    name?: string;
    version?: number | string;
    digest?: string;
    data_hash?: string;
    approval?: unknown;
    approver?: string | null;
    [more: string]: unknown;
  } | null;
  calibration: unknown;
  sources: SourceRow[];
  input_digest: string | null;
  complete: boolean;
  problems: (string | { what?: string; detail?: string })[];
};
