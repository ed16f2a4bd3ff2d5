// What the API answers, as far as the page reads it. Fields that only narthex has are optional: the page also works in
// front of a Prometheus.

import type { Labels } from "../format/labels";

/** Unix seconds and the value as text: `NaN` and infinities have no JSON number. */
export type Point = [seconds: number, value: string];

export interface HistogramValue {
  count: string;
  sum: string;
  /** Boundary rule (0 open left, 1 open right, 2 open, 3 closed), lower, upper, count. */
  buckets?: [rule: number, lower: string, upper: string, count: string][];
}

export interface MatrixSeries {
  metric: Labels;
  values?: Point[];
  histograms?: [seconds: number, value: HistogramValue][];
}

export interface VectorSample {
  metric: Labels;
  value?: Point;
  histogram?: [seconds: number, value: HistogramValue];
}

export type QueryResult =
  | { resultType: "matrix"; result: MatrixSeries[] }
  | { resultType: "vector"; result: VectorSample[] }
  | { resultType: "scalar" | "string"; result: Point };

export type Health = "up" | "down" | "unknown";

export interface Target {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  health: Health;
  scrapeInterval: string;
  scrapeTimeout: string;
  /** What was odd about the last scrape though it succeeded; empty for nothing. narthex only. */
  lastWarning?: string;
  /** Samples of the last scrape. narthex only. */
  lastSamples?: number;
  /** The last scrapes, oldest first: seconds each took, and whether it succeeded. narthex only. */
  recentScrapes?: [durationSeconds: number, ok: boolean | number][];
}

export interface DroppedTarget {
  discoveredLabels: Labels;
  scrapePool: string;
}

export interface Targets {
  activeTargets: Target[];
  droppedTargets?: DroppedTarget[];
  droppedTargetCounts?: Record<string, number> | null;
}

export interface RelabelRule {
  source_labels?: string[];
  separator?: string;
  regex?: string;
  modulus?: number;
  target_label?: string;
  replacement?: string;
  action?: string;
}

export interface RelabelStep {
  rule: RelabelRule;
  output: Labels;
  keep: boolean;
}

export interface RuntimeInfo {
  startTime: string;
  CWD: string;
  hostname: string;
  serverTime: string;
  reloadConfigSuccess: boolean;
  lastConfigTime: string;
  corruptionCount: number;
  storageRetention: string;
  goroutineCount?: number;
  GOMAXPROCS?: number;
  GOMEMLIMIT?: number;
  GOGC?: string;
  GODEBUG?: string;
  /** Who may use the port: `none` is everyone. narthex only. */
  authentication?: string;
  /** Why the last reload failed. narthex only. */
  reloadConfigError?: string;
}

export interface BuildInfo {
  version: string;
  revision: string;
  branch: string;
  buildUser: string;
  buildDate: string;
  goVersion?: string;
  /** `narthex`; absent in Prometheus. */
  application?: string;
  /** The version of the application; `version` is then that of the Prometheus whose API it speaks. */
  applicationVersion?: string;
  [other: string]: string | undefined;
}

export interface Counted {
  name: string;
  value: number;
}

export interface TsdbStatus {
  headStats: {
    numSeries: number;
    numLabelPairs: number;
    chunkCount: number;
    /** Milliseconds; of an empty head the minimum lies above the maximum. */
    minTime: number;
    maxTime: number;
  };
  seriesCountByMetricName: Counted[];
  labelValueCountByLabelName: Counted[];
  memoryInBytesByLabelName: Counted[];
  seriesCountByLabelValuePair: Counted[];
}

/** One limit of narthex's own. A value of null or 0 means that there is none. */
export interface Limit {
  name: string;
  value: number | string | null;
  default: number | string | null;
  use?: number | null;
  /** `bytes`, `seconds` or nothing. */
  unit?: string;
  /** The setting that raises it; `fixed` where none does. */
  setting?: string;
}

/** Where the log begins and ends and how far it has been read: segments in Prometheus, mebibytes in narthex. */
export interface WalReplay {
  min: number;
  max: number;
  current: number;
}

export interface MetricMetadata {
  type: string;
  help: string;
  unit: string;
}
