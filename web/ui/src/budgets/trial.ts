// What a trial says, as it is drawn: lines along the past, and alerts by who is told.

import type { Trial, TrialAlert } from "../api/trials";
import { type Line, type Picture, statsOf } from "../chart/lines";

/** What was good of each step, beside what is promised. */
export function goodOf(trial: Trial, names: { sli: string; promised: string }): Picture {
  const target = Number(trial.objective) / 100;
  return pictureOf(trial, [
    lineOf(
      names.sli,
      trial.series.map(({ sli }) => sli),
    ),
    lineOf(
      names.promised,
      trial.series.map(() => target),
    ),
  ]);
}

/** What was left in the window that ends at each step. */
export function leftOf(trial: Trial, name: string): Picture {
  return pictureOf(trial, [
    lineOf(
      name,
      trial.series.map(({ remaining_ratio }) => remaining_ratio),
    ),
  ]);
}

function lineOf(what: string, values: (number | null)[]): Line {
  return { key: what, labels: { what }, values, stats: statsOf(values) };
}

function pictureOf({ series, start, end }: Trial, lines: Line[]): Picture {
  const instants = series.map(({ time }) => Date.parse(time) / 1000);
  const [startS, endS] = [Date.parse(start) / 1000, Date.parse(end) / 1000];
  const stepS = instants.length > 1 ? instants[1]! - instants[0]! : endS - startS;
  return { grid: { startS, endS, stepS }, instants, lines, nHistograms: 0 };
}

/** Alerts of one pair of windows. */
export interface PairAlerts {
  severity: string;
  long: string;
  short: string;
  alerts: TrialAlert[];
}

/** By pairs, in the order in which each first fired within its severity; pages before all else. */
export function byPair(alerts: TrialAlert[]): PairAlerts[] {
  const pairs = new Map<string, PairAlerts>();
  for (const one of alerts) {
    const { severity, long, short } = one;
    const key = `${severity} ${long} ${short}`;
    const pair = pairs.get(key) ?? { severity, long, short, alerts: [] };
    pair.alerts.push(one);
    pairs.set(key, pair);
  }
  const rank = ({ severity }: PairAlerts) => (severity === "page" ? 0 : 1);
  return [...pairs.values()].sort((a, b) => rank(a) - rank(b));
}

/** Seconds from the beginning of a burn to the alert: half of them were told sooner. Null where none was told. */
export function middleDelay(alerts: TrialAlert[]): number | null {
  const delays = alerts.map(one => one.detection_delay_seconds).sort((a, b) => a - b);
  return delays[Math.floor((delays.length - 1) / 2)] ?? null;
}

/** In how many windows the promise would have been kept: what the ladder says of it. */
export function heldOf({ suggestions, objective }: Trial): { kept: number; periods: number } {
  const own = suggestions.find(step => Number(step.objective) === Number(objective));
  return own ?? { kept: 0, periods: 0 };
}
