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
  burn: BurnPair[];
  review_by?: string;
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
