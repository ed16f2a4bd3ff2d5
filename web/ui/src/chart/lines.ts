// The answer to a range query as the chart draws it: one grid of instants for all series, a value or null for each. Null
// is a gap, and is drawn as one.

import type { MatrixSeries } from "../api/types";
import { type Labels, labelsKey } from "../format/labels";

export interface Line {
  key: string;
  labels: Labels;
  values: (number | null)[];
  stats: Stats;
}

export interface Stats {
  last: number;
  min: number;
  mean: number;
  max: number;
}

export interface Grid {
  startS: number;
  endS: number;
  stepS: number;
}

export interface Picture {
  grid: Grid;
  /** The instants, in Unix seconds. */
  instants: number[];
  lines: Line[];
  /** Series of native histograms, which a line cannot show. */
  nHistograms: number;
}

export function pictureOf(series: MatrixSeries[], grid: Grid): Picture {
  const n = Math.floor((grid.endS - grid.startS) / grid.stepS + 1e-6) + 1;
  const instants = Array.from({ length: n }, (_, i) => grid.startS + i * grid.stepS);
  const floats = series.filter(one => one.values !== undefined && one.values.length > 0);
  const lines = floats.map(one => lineOf(one, grid, n));
  return { grid, instants, lines, nHistograms: series.filter(one => one.histograms !== undefined).length };
}

function lineOf(series: MatrixSeries, grid: Grid, n: number): Line {
  const values: (number | null)[] = new Array(n).fill(null);
  for (const [seconds, text] of series.values ?? []) {
    const i = Math.round((seconds - grid.startS) / grid.stepS);
    const value = Number(text);
    // NaN and infinities have no place on an axis.
    if (i >= 0 && i < n && Number.isFinite(value)) values[i] = value;
  }
  return { key: labelsKey(series.metric), labels: series.metric, values, stats: statsOf(values) };
}

/** Over the values that are there; all NaN where none is. */
export function statsOf(values: (number | null)[]): Stats {
  let [last, min, max, sum, n] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values) {
    if (value === null) continue;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    n += 1;
  }
  if (n === 0) return { last, min: Number.NaN, mean: Number.NaN, max: Number.NaN };
  return { last, min, mean: sum / n, max };
}

/** Each line on top of those before it. A gap counts as nothing, but stays a gap in its own line. */
export function stack(lines: Line[]): (number | null)[][] {
  const ground: number[] = [];
  return lines.map(line =>
    line.values.map((value, i) => {
      const top = (ground[i] ?? 0) + (value ?? 0);
      ground[i] = top;
      return value === null ? null : top;
    }),
  );
}

/** Values with a gap on both sides: a line through them would have no length, so they are drawn as points. */
export function lonely(values: (number | null)[]): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null)
      found.push(i);
  }
  return found;
}

/** The bounds of the y axis: with air above and below, from zero where `fromZero` and no value lies beyond it. */
export function yRange(min: number, max: number, fromZero: boolean): [number, number] {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const lo = fromZero ? Math.min(0, min) : min;
  const hi = fromZero ? Math.max(0, max) : max;
  if (lo === hi) return lo === 0 ? [0, 1] : [lo - Math.abs(lo) * 0.1, hi + Math.abs(hi) * 0.1];
  const air = (hi - lo) * 0.06;
  return [lo === 0 ? 0 : lo - air, hi === 0 ? 0 : hi + air];
}

/** Steps that people know. */
const roundSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** The round step that gives at most `nPoints` over the range. */
export function roundStep(lengthS: number, nPoints: number): number {
  const least = lengthS / Math.max(1, nPoints);
  const days = 86_400;
  return roundSteps.find(step => step >= least) ?? Math.ceil(least / days) * days;
}

export function gridOf(endS: number, lengthMs: number, stepS: number): Grid {
  const n = Math.max(1, Math.floor(lengthMs / 1000 / stepS + 1e-9));
  return { startS: endS - n * stepS, endS, stepS };
}

/**
 * Where a window that follows the clock ends. A first question is answered up to now; when it is asked again the window
 * moves by whole steps, so that its points stay put. Windows of one step share their instants.
 */
export class Phases {
  private readonly onGrid = new Map<number, number>();

  endS(nowS: number, stepS: number, first: boolean): number {
    const known = this.onGrid.get(stepS);
    const end = known === undefined ? Number.NaN : known + Math.floor((nowS - known) / stepS) * stepS;
    if (!Number.isNaN(end) && (!first || nowS - end < 2)) return end;
    this.onGrid.set(stepS, Math.floor(nowS));
    return Math.floor(nowS);
  }
}
