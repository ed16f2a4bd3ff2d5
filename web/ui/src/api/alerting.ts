// What the API answers about rules, alerts, silences and notifications, as far as the page reads it. Rules and their alerts
// are Prometheus's, `V2…` is Alertmanager's; the rest is narthex's own and is not there in front of a Prometheus.

import type { Labels } from "../format/labels";

export type RuleHealth = "ok" | "err" | "unknown";

/** An alert of a rule: one set of labels for which its expression holds. */
export interface RuleAlert {
  labels: Labels;
  annotations: Labels;
  state: "firing" | "pending" | "inactive";
  /** Since when the expression holds, RFC 3339. */
  activeAt: string;
  /** Since when it only keeps firing, RFC 3339. */
  keepFiringSince?: string;
  value: string;
}

interface AnyRule {
  name: string;
  query: string;
  labels?: Labels;
  health: RuleHealth;
  lastError?: string;
  /** Seconds that the last evaluation took. */
  evaluationTime: number;
  /** RFC 3339; Go's zero time where it was never evaluated. */
  lastEvaluation: string;
}

export interface AlertingRule extends AnyRule {
  type: "alerting";
  state: "firing" | "pending" | "inactive" | "unknown";
  /** `for`, in seconds. */
  duration: number;
  /** Seconds. */
  keepFiringFor: number;
  annotations?: Labels;
  alerts: RuleAlert[];
}

export interface RecordingRule extends AnyRule {
  type: "recording";
}

export type Rule = AlertingRule | RecordingRule;

export interface RuleGroup {
  name: string;
  file: string;
  rules: Rule[];
  /** Seconds. */
  interval: number;
  limit?: number;
  /** Seconds; where it is not there, none. */
  queryOffset?: number;
  evaluationTime: number;
  lastEvaluation: string;
}

export interface RuleGroups {
  groups: RuleGroup[];
}

export interface V2Alert {
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  generatorURL?: string;
  fingerprint: string;
  receivers: { name: string }[];
  status: {
    state: "active" | "suppressed" | "unprocessed";
    /** Ids of silences. */
    silencedBy: string[];
    /** Fingerprints of alerts. */
    inhibitedBy: string[];
    /** Names of time intervals. */
    mutedBy: string[];
  };
}

export interface V2Group {
  labels: Labels;
  receiver: { name: string };
  alerts: V2Alert[];
}

export interface V2Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual?: boolean;
}

export interface V2Silence {
  id: string;
  matchers: V2Matcher[];
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  createdBy: string;
  comment: string;
  status: { state: "active" | "pending" | "expired" };
}

export type DeliveryStatus = "delivered" | "waiting" | "failed" | "suppressed";

export interface DeliveredAlert {
  labels: Labels;
  annotations: Labels;
  fingerprint: string;
  status: "firing" | "resolved";
  starts_at: string;
  ends_at?: string | null;
}

export interface DeliveryAttempt {
  at: string;
  took_ms: number;
  error: string | null;
  /** What was sent, without secrets, cut at 64 KiB. */
  body: string;
  next_at: string | null;
}

/** One notification to one integration, or why there was none. Times are RFC 3339. */
export interface Delivery {
  id: string;
  receiver: string;
  /** Empty where nothing was sent. */
  kind: string;
  index: number;
  group_key: string;
  group_labels: Labels;
  /** Alertmanager's words (`first notification`, `repeat interval elapsed`, …), or narthex's for what kept it quiet. */
  reason: string;
  status: DeliveryStatus;
  alerts: DeliveredAlert[];
  decided_at: string;
  ended_at: string | null;
  attempts: DeliveryAttempt[];
  /** Why it failed, or the names of what kept it quiet. */
  detail: string;
}

/** What became of a test of one integration of a receiver. */
export interface Trial {
  integration: string;
  delivered: boolean;
  attempts: { at: string; took: number; error: string | null; body: string }[];
  error: string | null;
  /** What to do about it. */
  advice: string | null;
}

/** One of the groups of an alert. */
export interface ExplainedGroup {
  route: string;
  receiver: string;
  group_key: string;
  next_flush_at: string | null;
  group_wait_ms: number;
  group_interval_ms: number;
  repeat_interval_ms: number;
  /** What keeps the alert quiet, in narthex's words; null for nothing. */
  quiet: string | null;
  /** Silences, alerts or intervals that do. */
  by: string[];
  integrations: { integration: string; what: string; told_at: string | null; repeat_at: string | null }[];
}

/** Why an alert told somebody, or nobody. Times are RFC 3339. */
export interface Explanation {
  groups: ExplainedGroup[];
  /** Oldest first; `what` is `told`, `failed`, `waiting` or `quiet`. */
  steps: { at: string | null; what: string; why: string; by: string }[];
}

/** When a rule would have fired. Times are RFC 3339. */
export interface BackTest {
  instances: {
    labels: Labels;
    intervals: { state: string; start: string; end: string }[];
  }[];
  n_notifications: number;
  n_firing: number;
  n_steps: number;
  /** Evaluations that failed, and why the first did. */
  n_failed: number;
  first_failure: string | null;
  /** Seconds. */
  took: number;
}
