// An objective tried over the stored past, as `/api/v1/slos/whatif` tells it, and what a metric could become.

import type { Budget } from "./budgets";

/** Counts of a step, and what was left in the window that ends with it. */
export interface TrialPoint {
  time: string;
  good: number;
  bad: number;
  total: number;
  sli: number | null;
  remaining_ratio: number | null;
}

/** One of the windows that the past is divided into. */
export interface TrialPeriod {
  start: string;
  end: string;
  good: number;
  bad: number;
  total: number;
  sli: number | null;
  kept: boolean;
  /** Whether nothing of it lies before the past or ahead. */
  whole: boolean;
}

/** A step of the ladder; its own objective is one, too. */
export interface Suggestion {
  objective: string;
  kept: number;
  periods: number;
  /** What would have been left of the worst window. */
  worst_remaining_ratio: number | null;
  pages: number;
  tickets: number;
  recommended?: boolean;
}

/** An alert that would have been sent. */
export interface TrialAlert {
  severity: string;
  long: string;
  short: string;
  factor: number;
  fired_at: string;
  /** Null where it still fires at the end. */
  resolved_at: string | null;
  /** Null where it is infinite. */
  peak_burn: number | null;
  /** From the first bad event of the burn. */
  detection_delay_seconds: number;
  spent_ratio: number | null;
}

/** What is told of an objective as it is, beside what it would be. */
export interface TrialSummary {
  objective: string;
  window: string;
  sli: number | null;
  remaining_ratio: number | null;
  pages: number;
  tickets: number;
}

export interface Trial extends TrialSummary {
  id: string;
  title: string;
  unit: "events" | "slices";
  evaluation: "counted" | "sampled" | "composite";
  start: string;
  end: string;
  coverage: number | null;
  good: number;
  bad: number;
  total: number;
  budget: Budget;
  series: TrialPoint[];
  periods: TrialPeriod[];
  suggestions: Suggestion[];
  /** The newest. */
  alerts: TrialAlert[];
  n_alerts_left_out: number;
  current?: TrialSummary;
  /** `place` is line and column of the documents; it may be empty. */
  lints: { text: string; place: string }[];
  yaml: string;
}

/** What a metric could become: one objective. */
export interface Draft {
  name: string;
  title: string;
  kind: string;
  why: string;
  /** One SLO as YAML. */
  spec: string;
  bad?: string;
  total?: string;
  /** Labels to tell its series apart by. */
  labels: string[];
}

export interface Drafts {
  metric: string;
  type: string;
  help: string;
  drafts: Draft[];
  /** Why there is none. */
  why?: string;
}
