import { beforeAll, describe, expect, it, vi } from "vitest";

// The modules follow the address and the tab; here there is neither.
beforeAll(() => {
  vi.stubGlobal("window", { location: { href: "", pathname: "/", search: "" } });
  vi.stubGlobal("document", { visibilityState: "visible" });
});

const minute = 60_000;

describe("the range of an address", () => {
  it.each([
    ["", 60 * minute, null],
    ["range=15m", 15 * minute, null],
    ["range=nonsense&end=nonsense", 60 * minute, null],
    ["range=2h&end=1795480000", 120 * minute, 1_795_480_000_000],
    ["end=2026-11-24T10:00:00Z", 60 * minute, Date.UTC(2026, 10, 24, 10)],
    ["range=100ms", 1000, null],
    ["range=9999y", 20 * 365 * 24 * 60 * minute, null],
  ])("%s", async (search, lengthMs, endMs) => {
    const { readRange } = await import("./range");
    expect(readRange(new URLSearchParams(search))).toEqual({ lengthMs, endMs });
  });

  it.each([
    [null, 15_000],
    ["off", null],
    ["5s", 5000],
    ["1ms", 1000],
    ["nonsense", 15_000],
  ])("is read again: %s", async (text, ms) => {
    const { readRefresh } = await import("./range");
    expect(readRefresh(text)).toBe(ms);
  });
});

describe("a young server", () => {
  it.each([
    [0, true, 5 * minute],
    [2 * minute, false, 5 * minute],
    [10 * minute, false, 15 * minute],
    [29 * minute, false, 30 * minute],
    [31 * minute, false, null],
  ])("%d ms of data (none: %s)", async (age, isEmpty, window) => {
    const { windowFor } = await import("./young");
    expect(windowFor(age, isEmpty)).toBe(window);
  });
});
