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

/** An immutable file of samples. Times are RFC 3339. */
export interface StorageBlock {
  id: string;
  min_time: string;
  max_time: string;
  series: number;
  samples: number;
  bytes: number;
  /** How often its samples have been put together with others'. */
  level: number;
  /** What it was thinned to; 0 where it holds every sample. */
  resolution_seconds: number;
}

/** What lies in the data directory. narthex only. */
export interface StorageReport {
  head: { series: number; bytes: number; min_time: string | null; max_time: string | null };
  wal: { bytes: number };
  checkpoint: { at: string; bytes: number } | null;
  /** Oldest first. */
  blocks: StorageBlock[];
  /** What follows from them, for questions about long times. */
  downsampled: { bytes: number };
  retention: { time_seconds: number | null; size_bytes: number | null };
  disk: { free_bytes: number; total_bytes: number } | null;
  /** Of the last days; null before the first block. */
  growth: { bytes_per_day: number; samples_per_day: number; bytes_per_sample: number } | null;
  /** What the blocks will come to, null where nothing is ever deleted; and when the disk is full before that. */
  forecast: { bytes: number | null; full_at: string | null } | null;
  series_by_target: Counted[];
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
