import { describe, expect, it } from "vitest";
import { Colours } from "./colours";
import { gridOf, lonely, Phases, pictureOf, roundStep, stack, statsOf, yRange } from "./lines";
import { timeLabels } from "./timeaxis";

const grid = { startS: 0, endS: 40, stepS: 10 };

describe("a picture", () => {
  it("puts each value on its instant and leaves gaps", () => {
    const { instants, lines } = pictureOf(
      [
        {
          metric: { a: "1" },
          values: [
            [0, "1"],
            [10, "NaN"],
            [30, "3"],
            [40, "+Inf"],
          ],
        },
      ],
      grid,
    );
    expect(instants).toEqual([0, 10, 20, 30, 40]);
    expect(lines[0]!.values).toEqual([1, null, null, 3, null]);
    expect(lines[0]!.stats).toEqual({ last: 3, min: 1, mean: 2, max: 3 });
  });

  it("ignores what lies outside of the window", () => {
    expect(
      pictureOf(
        [
          {
            metric: {},
            values: [
              [-10, "1"],
              [50, "2"],
            ],
          },
        ],
        grid,
      ).lines[0]!.values,
    ).toEqual([null, null, null, null, null]);
  });

  it("counts histograms apart", () => {
    expect(pictureOf([{ metric: {}, histograms: [] }], grid)).toMatchObject({ lines: [], nHistograms: 1 });
  });

  it("stacks, and keeps gaps", () => {
    const { lines } = pictureOf(
      [
        {
          metric: { a: "1" },
          values: [
            [0, "1"],
            [20, "1"],
          ],
        },
        {
          metric: { a: "2" },
          values: [
            [0, "2"],
            [10, "2"],
            [20, "2"],
          ],
        },
      ],
      grid,
    );
    expect(stack(lines)).toEqual([
      [1, null, 1, null, null],
      [3, 2, 3, null, null],
    ]);
  });

  it("draws lonely values as points", () => {
    expect(lonely([1, null, 2, 3, null, 4])).toEqual([0, 5]);
    expect(lonely([null])).toEqual([]);
  });

  it("has no statistics of nothing", () => {
    expect(statsOf([null])).toEqual({ last: Number.NaN, min: Number.NaN, mean: Number.NaN, max: Number.NaN });
  });
});

describe("the y axis", () => {
  it.each([
    [2, 10, true, [0, 10.6]],
    [100, 110, false, [99.4, 110.6]],
    [-10, 0, true, [-10.6, 0]],
    [5, 5, false, [4.5, 5.5]],
    [0, 0, true, [0, 1]],
    [Number.NaN, Number.NaN, true, [0, 1]],
  ])("%d to %d, from zero %s", (min, max, zero, bounds) => expect(yRange(min, max, zero)).toEqual(bounds));
});

describe("the grid", () => {
  it.each([
    [3600, 500, 10],
    [3600, 120, 30],
    [60, 500, 1],
    [86_400 * 30, 500, 7200],
    [86_400 * 3000, 500, 86_400 * 6],
  ])("%d s on %d points steps by %d s", (length, n, step) => expect(roundStep(length, n)).toBe(step));

  it("ends where it is told to", () => {
    expect(gridOf(107, 60_000, 10)).toEqual({ startS: 47, endS: 107, stepS: 10 });
    expect(gridOf(60, 5000, 10)).toEqual({ startS: 50, endS: 60, stepS: 10 });
  });

  it("stays put from refresh to refresh", () => {
    const phases = new Phases();
    expect(phases.endS(100.4, 10, true)).toBe(100);
    expect(phases.endS(109.9, 10, false)).toBe(100);
    expect(phases.endS(125, 10, false)).toBe(120);
    expect(phases.endS(121, 10, true), "another panel, a moment later").toBe(120);
    expect(phases.endS(127, 10, true), "another question").toBe(127);
    expect(phases.endS(127, 60, false), "another step").toBe(127);
  });
});

describe("colours", () => {
  it("stay with their series when others come and go", () => {
    const colours = new Colours();
    const [, b] = colours.assign(["a", "b", "c"]);
    expect(colours.assign(["b", "d"])[0]).toBe(b);
    expect(colours.assign(["e", "f", "g", "b"])[3]).toBe(b);
  });

  it("are all different as long as there are enough", () => {
    const keys = Array.from({ length: 24 }, (_, i) => `series ${i}`);
    const slots = new Colours().assign(keys);
    expect(new Set(slots).size).toBe(24);
    expect(slots.slice(0, 8).every(slot => slot < 8)).toBe(true);
    expect(new Colours().assign([...keys, "more", "yet more"])).toHaveLength(26);
  });
});

describe("the time axis", () => {
  const midnight = Date.UTC(2026, 10, 24) / 1000;
  it("names the day where it begins", () => {
    expect(timeLabels([midnight - 3600, midnight, midnight + 3600], 3600, "utc")).toEqual([
      "11-23 23:00",
      "11-24 00:00",
      "01:00",
    ]);
  });
  it("shows seconds only where ticks are that close", () => {
    expect(timeLabels([midnight + 60, midnight + 75], 15, "utc")).toEqual(["00:01:00", "00:01:15"]);
  });
  it("shows days where ticks are that far", () => {
    expect(timeLabels([midnight, midnight + 86_400], 86_400, "utc")).toEqual(["2026-11-24", "11-25"]);
  });
});
