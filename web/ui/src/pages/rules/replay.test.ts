import { expect, it } from "vitest";
import { timeSteps } from "../../chart/timeaxis";
import { replayOf, ticksOf } from "./replay";

it("counts how often and how long", () => {
  const replay = replayOf({
    instances: [
      { labels: { a: "1" }, intervals: [{ state: "pending", start: 0, end: 60 }] },
      {
        labels: { a: "2" },
        intervals: [
          { state: "pending", start: "1970-01-01T00:00:00Z", end: "1970-01-01T00:01:00Z" },
          { state: "firing", start: 60, end: 180 },
          { state: "firing", start: 300, end: 360 },
          { state: "inactive", start: 360, end: 400 },
        ],
      },
      { labels: { a: "3" }, intervals: [] },
    ],
    n_notifications: 4,
    n_firing: 2,
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
  });
});

it.each<[number, number, number, number, number]>([
  [0, 86_400, 6, 6 * 3600, 5],
  [0, 86_400, 24, 3600, 25],
  [100, 200, 5, 20, 6],
])("ticks from %d s to %d s, at most %d: %d s apart, %d of them", (start, end, most, step, n) => {
  const { ticks, stepMs } = ticksOf(start * 1000, end * 1000, most, timeSteps);
  expect([stepMs / 1000, ticks.length]).toEqual([step, n]);
});
