import { expect, it } from "vitest";
import type { Trial, TrialAlert } from "../api/trials";
import { byPair, goodOf, heldOf, leftOf, middleDelay } from "./trial";

const alert = (severity: string, long: string, delay: number): TrialAlert => ({
  severity,
  long,
  short: "5m",
  factor: 14.4,
  fired_at: "2026-11-01T00:00:00Z",
  resolved_at: null,
  peak_burn: 20,
  detection_delay_seconds: delay,
  spent_ratio: 0.1,
});

it("groups alerts by pair, pages first", () => {
  const pairs = byPair([alert("ticket", "3d", 1), alert("page", "1h", 2), alert("ticket", "3d", 3)]);
  expect(pairs.map(({ severity, long, alerts }) => [severity, long, alerts.length])).toEqual([
    ["page", "1h", 1],
    ["ticket", "3d", 2],
  ]);
});

it.each<[number[], number | null]>([
  [[], null],
  [[7], 7],
  [[30, 10, 20], 20],
  [[40, 10, 30, 20], 20],
])("of delays %j the middle one is %j", (delays, middle) =>
  expect(middleDelay(delays.map(delay => alert("page", "1h", delay)))).toBe(middle),
);

it("takes from the ladder how often a promise was kept, however it is written", () => {
  const suggestions = [{ objective: "99.9", kept: 11, periods: 12 }];
  expect(heldOf({ objective: "99.90", suggestions } as Trial)).toMatchObject({ kept: 11, periods: 12 });
  expect(heldOf({ objective: "99", suggestions } as Trial)).toEqual({ kept: 0, periods: 0 });
});

it("draws steps where they end, and gaps as gaps", () => {
  const point = (time: string, sli: number | null) => ({
    time,
    good: 1,
    bad: 0,
    total: 1,
    sli,
    remaining_ratio: sli,
  });
  const trial = {
    objective: "99.5",
    start: "1970-01-01T00:00:00Z",
    end: "1970-01-01T00:03:00Z",
    series: [
      point("1970-01-01T00:01:00Z", 1),
      point("1970-01-01T00:02:00Z", null),
      point("1970-01-01T00:03:00Z", 0.5),
    ],
  } as Trial;
  const { grid, instants, lines } = goodOf(trial, { sli: "good", promised: "promised" });
  expect(grid).toEqual({ startS: 0, endS: 180, stepS: 60 });
  expect(instants).toEqual([60, 120, 180]);
  expect(lines.map(({ values }) => values)).toEqual([
    [1, null, 0.5],
    [0.995, 0.995, 0.995],
  ]);
  expect(leftOf(trial, "left").lines[0]!.values).toEqual([1, null, 0.5]);
});
