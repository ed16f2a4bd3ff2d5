// What a back-test says, in numbers, and its rows as they are drawn.

import type { BackTest } from "../../api/alerting";
import type { Labels } from "../../format/labels";

export interface Interval {
  state: "pending" | "firing";
  startMs: number;
  endMs: number;
}

export interface Row {
  labels: Labels;
  intervals: Interval[];
  nFiring: number;
  firingMs: number;
}

export interface Replay {
  /** Those that fired longest first. */
  rows: Row[];
  nFiring: number;
  nPending: number;
  firingMs: number;
  longestMs: number;
  nNotifications: number;
  tookSeconds: number;
  nSteps: number;
  nFailed: number;
  /** Why the first evaluation that failed did; empty for none. */
  failure: string;
}

export function replayOf(answer: BackTest): Replay {
  const { instances, n_notifications, took, n_steps, n_failed, first_failure } = answer;
  const rows = instances.map(({ labels, intervals }): Row => {
    const read = intervals
      .map(({ state, start, end }) => ({ state, startMs: Date.parse(start), endMs: Date.parse(end) }))
      .filter((one): one is Interval => one.state === "pending" || one.state === "firing");
    const firing = read.filter(({ state }) => state === "firing");
    return {
      labels,
      intervals: read,
      nFiring: firing.length,
      firingMs: firing.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0),
    };
  });
  const firing = rows.flatMap(({ intervals }) => intervals).filter(({ state }) => state === "firing");
  return {
    rows: rows.filter(({ intervals }) => intervals.length > 0).sort((a, b) => b.firingMs - a.firingMs),
    nFiring: firing.length,
    nPending: rows.reduce((sum, { intervals, nFiring }) => sum + intervals.length - nFiring, 0),
    firingMs: rows.reduce((sum, { firingMs }) => sum + firingMs, 0),
    longestMs: firing.reduce((most, { startMs, endMs }) => Math.max(most, endMs - startMs), 0),
    nNotifications: n_notifications,
    tookSeconds: took,
    nSteps: n_steps,
    nFailed: n_failed,
    failure: first_failure ?? "",
  };
}
