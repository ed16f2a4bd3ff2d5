import { expect, it } from "vitest";
import { ticksOf } from "./timeaxis";

it.each<[number, number, number, number, number]>([
  [0, 86_400, 6, 6 * 3600, 5],
  [0, 86_400, 24, 3600, 25],
  [100, 200, 5, 20, 6],
])("ticks from %d s to %d s, at most %d: %d s apart, %d of them", (start, end, most, step, n) => {
  const { ticks, stepMs } = ticksOf(start * 1000, end * 1000, most);
  expect([stepMs / 1000, ticks.length]).toEqual([step, n]);
});
