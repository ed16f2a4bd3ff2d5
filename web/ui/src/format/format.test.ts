import { describe, expect, it } from "vitest";
import { parseDuration, printDuration } from "./duration";
import { commonLabels, cutMiddle, differingNames, labelsKey, selectorOf } from "./labels";
import { brief, digits, percent, whole } from "./number";
import { formatInstant, parseInstant, zoneName } from "./time";
import { formatTicks, formatValue, plain, tickSteps, type Unit } from "./unit";

const of = (name: string, perSecond = false): Unit => ({ of: name, perSecond });

describe("durations", () => {
  it.each([
    ["15s", 15_000],
    ["1h30m", 5_400_000],
    ["100ms", 100],
    ["1w", 604_800_000],
    ["1y2w3d4h5m6s7ms", 33_019_506_007],
    ["0.5", 500],
    ["60", 60_000],
  ])("reads %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "h", "1m1h", "1.5h", "-1h", "1 h", "0s", "1hh"])("refuses %j", text =>
    expect(parseDuration(text)).toBeNull(),
  );

  it.each([15_000, 5_400_000, 100, 604_800_000, 86_400_000 * 8, 90_061_001])(
    "prints %d and reads it back",
    ms => expect(parseDuration(printDuration(ms))).toBe(ms),
  );

  it("prints what people write", () => {
    expect([3_600_000, 604_800_000, 691_200_000, 0].map(printDuration)).toEqual(["1h", "1w", "8d", "0s"]);
  });
});

describe("numbers", () => {
  it.each([
    [0.1 + 0.2, "0.3"],
    [1234.5, "1.23 k"],
    [999.6, "1 k"],
    [-1500, "−1.5 k"],
    [0.00001234, "1.23e-5"],
    [0, "0"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "−Inf"],
    [2.5e9, "2.5 G"],
  ])("%d is %s", (value, text) => expect(brief(value)).toBe(text));

  it("keeps the distance from a hundred percent", () => {
    expect([0.9995, 0.99999, 1, 0.5, 0.003, 1.2].map(percent)).toEqual([
      "99.95 %",
      "99.999 %",
      "100 %",
      "50 %",
      "0.3 %",
      "120 %",
    ]);
  });

  it("groups whole numbers", () => expect([whole(1_234_567), whole(-12)]).toEqual(["1,234,567", "−12"]));
  it("keeps as many digits as asked", () => expect(digits(1.23456, 5)).toBe("1.2346"));
});

describe("units", () => {
  it.each([
    [0.35, of("s"), "350 ms"],
    [2.1, of("s"), "2.1 s"],
    [90, of("s"), "90 s"],
    [7200, of("s"), "2 h"],
    [0, of("s"), "0 s"],
    [0.9996, of("s"), "1 s"],
    [0.000002, of("s"), "2 µs"],
    [1536, of("B"), "1.5 KiB"],
    [1024 ** 3, of("B", true), "1 GiB/s"],
    [0.9995, of("ratio"), "99.95 %"],
    [1200, of("", true), "1.2 k/s"],
    [21.5, of("°C"), "21.5 °C"],
    [0.25, of("s", true), "0.25 s/s"],
    [0, of("ts"), "1970-01-01 00:00:00 UTC"],
    [12, plain, "12"],
  ])("%d %j is %s", (value, unit, text) => expect(formatValue(value, unit)).toBe(text));

  it.each([
    [[0, 0.05, 0.1], 0.05, of("s"), ["0", "50 ms", "100 ms"]],
    [[0, 500, 1000, 1500], 500, plain, ["0", "0.5 k", "1.0 k", "1.5 k"]],
    [[0, 0.002, 0.004], 0.002, plain, ["0", "0.002", "0.004"]],
    [[0, 1024, 2048], 1024, of("B"), ["0", "1 KiB", "2 KiB"]],
    [[0.99, 0.995, 1], 0.005, of("ratio"), ["99.0 %", "99.5 %", "100.0 %"]],
    [[1, 1.025], 0.025, plain, ["1.000", "1.025"]],
    [[60, 120], 60, of("ts"), ["01-01 00:01", "01-01 00:02"]],
    [[0, 25, 50], 25, plain, ["0", "25", "50"]],
    [[-1, 0, 1], 1, of("", true), ["−1 /s", "0", "1 /s"]],
  ])("ticks %j", (ticks, step, unit, texts) => expect(formatTicks(ticks, step, unit)).toEqual(texts));
});

describe("tick steps", () => {
  it.each([
    [3.4e9, of("B"), 0.1 * 1024 ** 3],
    [7200 * 3, of("s"), 900],
    [0.05, of("s"), 0.02],
    [100, plain, 20],
    [0.5, of("ratio"), 0.05],
  ])("up to %d %j may be %d", (top, unit, step) =>
    expect(tickSteps(top, unit).some(one => Math.abs(one / step - 1) < 1e-9)).toBe(true),
  );
});

describe("instants", () => {
  it("reads what it writes", () => {
    const ms = Date.UTC(2026, 10, 24, 10, 31, 5);
    expect(formatInstant(ms, "utc")).toBe("2026-11-24 10:31:05");
    expect(parseInstant("2026-11-24 10:31:05", "utc")).toBe(ms);
    expect(parseInstant(formatInstant(ms, "local"), "local")).toBe(ms);
    expect(parseInstant("2026-11-24T11:31:05+01:00", "utc")).toBe(ms);
    expect(parseInstant(String(ms / 1000), "utc")).toBe(ms);
    expect(zoneName(ms, "utc")).toBe("UTC");
  });

  it.each(["", "yesterday", "2026-13-99", "24.11.2026"])("refuses %j", text =>
    expect(parseInstant(text, "utc")).toBeNull(),
  );
});

describe("labels", () => {
  it("are one series in any order", () => {
    expect(labelsKey({ a: "1", b: "2" })).toBe(labelsKey({ b: "2", a: "1" }));
  });

  it.each([
    [{ __name__: "up" }, "up"],
    [{ __name__: "up", job: 'a"b\\' }, 'up{job="a\\"b\\\\"}'],
    [{ __name__: "http.requests", "host.name": "x" }, '{"http.requests", "host.name"="x"}'],
    [{}, "{}"],
  ])("%j as a selector", (labels, text) => expect(selectorOf(labels as Record<string, string>)).toBe(text));

  it("finds what all share", () => {
    expect(
      commonLabels([
        { a: "1", b: "2" },
        { a: "1", b: "3" },
      ]),
    ).toEqual({ a: "1" });
    expect(commonLabels([{ a: "1" }])).toEqual({});
  });

  it.each([
    [
      [
        { a: "1", b: "1" },
        { a: "1", b: "2" },
      ],
      4,
      ["b"],
    ],
    [
      [
        { a: "1", b: "1" },
        { a: "2", b: "2" },
      ],
      1,
      null,
    ],
    [[{ a: "1" }, { a: "2" }, { a: "3", b: "1" }], 4, null],
    [[{ a: "1" }], 4, ["a"]],
  ])("%j in columns", (sets, most, names) =>
    expect(
      differingNames(sets as Record<string, string>[], commonLabels(sets as Record<string, string>[]), most),
    ).toEqual(names),
  );

  it("cuts the middle", () => expect(cutMiddle("abcdefghij", 5)).toBe("abc…j"));
});
