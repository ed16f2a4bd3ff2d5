import { expect, it } from "vitest";
import { beginOf, type Kind, kindOf, periodAt, stepped } from "./periods";

const day = (text: string) => new Date(`${text}T00:00:00Z`);

it.each<[string, Kind | null]>([
  ["28d", "days"],
  ["2026-W47", "week"],
  ["2026-11", "month"],
  ["2026-Q4", "quarter"],
  ["2026", "year"],
  ["2026-13", null],
  ["2026-Q5", null],
  ["", null],
])("%j is a period of kind %j", (period, kind) => expect(kindOf(period)).toBe(kind));

it.each<[Kind, string, string]>([
  ["days", "2026-11-29", "28d"],
  ["week", "2026-11-29", "2026-W48"],
  ["week", "2027-01-01", "2026-W53"],
  ["week", "2024-12-30", "2025-W01"],
  ["month", "2026-11-29", "2026-11"],
  ["quarter", "2026-11-29", "2026-Q4"],
  ["year", "2026-11-29", "2026"],
])("the %s of %s is %s", (kind, at, period) => expect(periodAt(kind, day(at))).toBe(period));

it.each([
  ["2026-W01", -1, "2025-W52"],
  ["2026-W53", 1, "2027-W01"],
  ["2026-12", 1, "2027-01"],
  ["2026-01", -1, "2025-12"],
  ["2026-Q1", -1, "2025-Q4"],
  ["2026", 1, "2027"],
  ["28d", 1, "28d"],
] as const)("%s and %d more is %s", (period, n, want) => expect(stepped(period, n)).toBe(want));

it("begins weeks on Mondays, in every year, and each where the one before ends", () => {
  let week = "2019-W01";
  for (let n = 0; n < 700; n++) {
    const begin = beginOf(week);
    expect([begin.getUTCDay(), periodAt("week", begin)]).toEqual([1, week]);
    const next = stepped(week, 1);
    expect(beginOf(next).getTime() - begin.getTime()).toBe(7 * 86_400_000);
    week = next;
  }
});
