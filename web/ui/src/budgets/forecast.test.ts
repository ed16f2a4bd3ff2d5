import { expect, it } from "vitest";
import { forecastPoints } from "./forecast";

const day = 86_400;
const at = (days: number) => new Date(days * day * 1000).toISOString();

/** A window of 28 days at its 20th; where the line ends: the day, and what is left in percent. */
function check(
  rolling: boolean,
  exhaustedDay: number | null,
  atEnd: number | null,
  left: number | null,
  want: string,
) {
  const points = forecastPoints(
    {
      forecast: {
        exhausted_at: exhaustedDay === null ? null : at(exhaustedDay),
        recovers_at: null,
        remaining_ratio_at_end: atEnd,
      },
      window: { start: at(0), end: at(28), rolling, length: "28d" },
    },
    20 * day,
    left,
    60,
  );
  const last = points.at(-1);
  expect(last === undefined ? "none" : `${last.atS / day} ${Math.round(last.ratio * 100)}`).toBe(want);
  for (const { atS } of points) expect(atS).toBeGreaterThan(20 * day);
}

it("leads to where nothing is left, as far as fits, or to the end of a period", () => {
  check(true, 22, null, 0.4, "22 0");
  check(true, 30, null, 0.4, "25 20");
  check(true, null, null, 0.4, "none");
  check(true, 19, null, 0.4, "none");
  check(true, 22, null, null, "none");
  check(true, 22, null, -0.2, "none");
  check(false, 24, -0.4, 0.4, "28 -40");
  check(false, null, 0.1, 0.4, "28 10");
  check(false, null, null, 0.4, "none");
});
