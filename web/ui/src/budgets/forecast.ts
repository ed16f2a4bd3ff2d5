// How a budget is expected to go on, as lines that begin where the past ends.

import type { Expected } from "../api/budgets";

/** Shares, at the instants of the past and then at those ahead. */
export interface Ahead {
  expected: (number | null)[];
  /** At the slowest pace. */
  high: (number | null)[];
  /** At the fastest. */
  low: (number | null)[];
}

/** Null where nothing is expected, or nothing was left of which to go on. */
export function aheadOf(past: (number | null)[], expected: Expected[]): Ahead | null {
  const now = past.at(-1) ?? null;
  if (now === null || expected.length === 0) return null;
  const from = (values: number[]) => [...past.slice(0, -1).map(() => null), now, ...values];
  return {
    expected: from(expected.map(point => point.remaining_ratio)),
    high: from(expected.map(({ high }) => high)),
    low: from(expected.map(({ low }) => low)),
  };
}

/** What goes on falling is shown for a quarter of a budget below zero, or below what it has been. */
export function floorOf(past: (number | null)[]): number {
  return past.reduce<number>((least, ratio) => Math.min(least, ratio ?? 0), 0) - 0.25;
}
