import { expect, it } from "vitest";
import { replayOf } from "./replay";

const at = (seconds: number) => new Date(seconds * 1000).toISOString();

it("counts how often and how long", () => {
  const replay = replayOf({
    instances: [
      { labels: { a: "1" }, intervals: [{ state: "pending", start: at(0), end: at(60) }] },
      {
        labels: { a: "2" },
        intervals: [
          { state: "pending", start: at(0), end: at(60) },
          { state: "firing", start: at(60), end: at(180) },
          { state: "firing", start: at(300), end: at(360) },
          { state: "inactive", start: at(360), end: at(400) },
        ],
      },
      { labels: { a: "3" }, intervals: [] },
    ],
    n_notifications: 4,
    n_firing: 2,
    n_steps: 100,
    n_failed: 1,
    first_failure: "no memory",
    took: 0.5,
  });
  const { rows, ...sums } = replay;
  expect(rows.map(({ labels, nFiring, firingMs }) => [labels.a, nFiring, firingMs])).toEqual([
    ["2", 2, 180_000],
    ["1", 0, 0],
  ]);
  expect(sums).toEqual({
    nFiring: 2,
    nPending: 2,
    firingMs: 180_000,
    longestMs: 120_000,
    nNotifications: 4,
    tookSeconds: 0.5,
    nSteps: 100,
    nFailed: 1,
    failure: "no memory",
  });
});
