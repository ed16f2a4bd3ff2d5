import { expect, test } from "vitest";
import { aheadOf, floorOf } from "./forecast";

const point = (remaining_ratio: number, low: number, high: number) => ({
  at: "",
  remaining_ratio,
  low,
  high,
});

test("what is expected begins where the past ends", () => {
  const expected = [point(0.4, 0.3, 0.5), point(0.3, 0.1, 0.5)];
  expect(aheadOf([0.9, null, 0.5], expected)).toEqual({
    expected: [null, null, 0.5, 0.4, 0.3],
    high: [null, null, 0.5, 0.5, 0.5],
    low: [null, null, 0.5, 0.3, 0.1],
  });
});

test.each([
  ["nothing was counted", [], [point(0.4, 0.3, 0.5)]],
  ["nothing is known now", [0.5, null], [point(0.4, 0.3, 0.5)]],
  ["nothing is expected", [0.5], []],
])("no lines where %s", (_, past, expected) => {
  expect(aheadOf(past, expected)).toBeNull();
});

test("a quarter of a budget lower than the past has been", () => {
  expect(floorOf([])).toBe(-0.25);
  expect(floorOf([0.9, null, 0.1])).toBe(-0.25);
  expect(floorOf([0.9, -1.5, null])).toBe(-1.75);
});
