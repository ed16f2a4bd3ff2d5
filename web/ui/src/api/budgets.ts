// Budgets of objectives and products, as `/api/v1/slos` and `/api/v1/products` tell them.

export type BudgetState = "nodata" | "healthy" | "caution" | "critical" | "exhausted";

export interface Budget {
  allowed: number;
  spent: number;
  remaining: number;
  /** Below zero where more was spent than there was. Null where nothing could be spent. */
  remaining_ratio: number | null;
}

export interface Forecast {
  exhausted_at: string | null;
  recovers_at: string | null;
  /** Of a calendar's period: what will be left at its end. */
  remaining_ratio_at_end: number | null;
  /** The burn rate that it goes by; null where nothing is known. */
  burn: number | null;
}

interface Measured {
  title: string;
  service?: string;
  /** In percent, as it was written. */
  objective: string;
  window: { start: string; end: string; rolling: boolean; length: string };
  unit: "events" | "slices";
  good: number;
  bad: number;
  total: number;
  sli: number | null;
  budget: Budget;
  coverage: number | null;
  forecast: Forecast;
  state: BudgetState;
}

export interface Slo extends Measured {
  id: string;
  name: string;
  description: string;
  product: string | null;
  service: string;
  evaluation: "exact" | "sampled" | "composite";
  uncounted_first_values: { series: string; at: string; value: number }[];
  /** How many more there were; the oldest of very many are not listed. */
  uncounted_first_values_left_out: number;
  /** Only where a query of it cannot be evaluated now. */
  sampling_error?: SamplingError;
  burn: BurnPair[];
  review_by?: string;
}

/** A query that cannot be evaluated: nothing is counted from `since` on. Long texts come without their end, and with … for it. */
export interface SamplingError {
  since: string;
  query: string;
  error: string;
}

export interface BurnPair {
  severity: string;
  long: string;
  short: string;
  factor: number;
  /** Null where it is infinite. */
  long_burn: number | null;
  short_burn: number | null;
  firing: boolean;
  /** How urgently it is told, where few events make it less sure. */
  told_as?: string;
  /** Null where no outage, however total, would fire it. */
  detects_after_seconds: number | null;
}

export interface Product extends Measured {
  name: string;
  product_owners: string[];
  engineering_owners: string[];
  method: "events" | "anyBad" | "weightedBurn" | "series";
  burn: { window: string; rate: number | null }[];
  components: Component[];
  informational: string[];
  policy: string | null;
  /** Severities of alerts that fire. */
  firing: string[];
  /** What its policy asks for now, where one product is asked for. */
  actions?: Action[];
}

/** What a policy asks for, in words of the language that was asked for. */
export interface Action {
  kind: "freeze" | "approval" | "pace" | "exemption" | "postmortem" | "planning";
  words: string;
  since: string;
}

export interface Component {
  slo: string;
  title: string;
  role: "own" | "upstream";
  weight: number;
  objective: string;
  sli: number | null;
  bad: number;
  remaining_ratio: number | null;
  state: BudgetState;
}

/** What is left of a budget, along time. */
export interface BurndownPoint {
  at: string;
  remaining_ratio: number | null;
  bad: number;
  total: number;
  allowed: number;
}

/** What is expected of an instant ahead: at the pace of the forecast, at the fastest, at the slowest. */
export interface Expected {
  at: string;
  remaining_ratio: number;
  low: number;
  high: number;
}

/** What stands beside a burn-down. */
export interface Marks {
  exclusions: { start: string; end: string; name: string; reason: string }[];
  objectives: { at: string; from: string; to: string }[];
}

export interface Deployment {
  id: string;
  service: string;
  version: string;
  environment: string;
  change: string;
  state: "started" | "succeeded" | "failed" | "rolled_back";
  started_at: string;
  url: string | null;
  actor: string | null;
}

/** What something cost; the shares of all of them add up to one. */
export interface Cost {
  kind: "deployment" | "incident" | "upstream" | "others" | "background";
  /** What people call it; null for what is many small things. */
  name?: string | null;
  start: string;
  end: string;
  bad: number;
  share: number;
  /** Of the budget of the objective that felt it most. */
  budget_share: number | null;
  felt_by: string[];
  needs_postmortem: boolean;
  id?: string;
  service?: string;
  version?: string;
  state?: Deployment["state"];
  actor?: string | null;
  url?: string | null;
  n_costs?: number;
}

export interface Account {
  slo: string;
  role: "own" | "upstream";
  bad: number;
  entries: {
    kind: "deployment" | "incident" | "background";
    name?: string | null;
    start: string;
    end: string;
    bad: number;
    share: number | null;
    needs_postmortem: boolean;
    deployment: Deployment | null;
  }[];
}

/** What a state of a policy means for releases. */
export interface Releases {
  freeze: { allow: string[]; scope: "own" | "all" } | null;
  approval: { for: string[]; require: string } | null;
  max_deploys_per_day: number | null;
  soak_seconds: number | null;
}

/** What conditions say as sentences, by their text; one that is clearer as a formula is not there. */
export type InWords = Record<string, string>;

export interface PolicyState {
  name: string;
  when: string;
  leave_when: string | null;
  /** Since when that has held, where it has to for a while. */
  leaving_since: string | null;
  releases: Releases;
}

export interface Ledger {
  slos: Account[];
  costs: Cost[];
  dora: {
    deployments: number;
    deployments_per_day: number;
    lead_time_seconds: number | null;
    failed: number;
    change_failure_ratio: number | null;
    recovery_seconds: number | null;
    frozen_seconds: number;
    overrides: { gate: string; by: string; role: string; reason: string; at: string }[];
  };
  policy: Policy | null;
}

export interface Policy {
  name: string;
  state: string | null;
  since: string;
  why: string;
  states: PolicyState[];
  in_words?: InWords;
  gitlab_freezes: GitlabFreeze[];
}

/** A project of GitLab's that is frozen while a state asks for it. */
export interface GitlabFreeze {
  /** Where its periods are. */
  url: string;
  wanted: boolean;
  /** Null where GitLab has not been asked yet. */
  asked_at: string | null;
  error: string | null;
}

export type Decision = "allow" | "warn" | "deny" | "unknown";

export interface Override {
  id: string;
  service: string;
  version: string;
  reason: string;
  by: string;
  role: string;
  created_at: string;
  expires_at: string;
}

export interface Gate {
  name: string;
  product: string;
  services: string[];
  environment: string;
  deny: string[];
  warn: string[];
  fail_when: string[];
  soak_seconds: number;
  override: { roles: string[]; needs_reason: boolean; expires_seconds: number };
  policy_state: string | null;
  policy_since: string | null;
  policy_why: string | null;
  in_words?: InWords;
  /** What it would say now, by class of change. */
  outlook: { change: string; decision: Decision; reasons: string[]; override: Override | null }[];
  active_overrides: Override[];
}

/** What a gate answered. */
export interface Evaluation {
  id: string;
  service: string;
  version: string;
  change: string;
  actor: string;
  url: string;
  phase: "pre_deploy" | "post_deploy";
  dry_run: boolean;
  /** Null while the release is being watched. */
  decision: Decision | null;
  reasons: string[];
  in_words?: InWords;
  override: Override | null;
  created_at: string;
}
