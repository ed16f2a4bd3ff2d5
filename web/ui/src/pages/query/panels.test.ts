import { beforeAll, expect, it, vi } from "vitest";

// The module follows the address; here there is none.
beforeAll(() => vi.stubGlobal("window", { location: { href: "", pathname: "/", search: "" } }));

it.each([
  {},
  { "g0.expr": "up" },
  {
    "g0.expr": "a",
    "g0.tab": "table",
    "g1.expr": "b",
    "g1.display_mode": "stacked",
    "g1.y": "fit",
    "g1.step": "15s",
  },
  { "g0.expr": "a", "g0.only": "x,y", "g0.sort": "-max" },
])("%j is written as it was read", async params => {
  const { readPanels, writePanels } = await import("./panels");
  const read = readPanels(new URLSearchParams(params as Record<string, string>));
  expect(writePanels(read)).toEqual(Object.keys(params).length === 0 ? { "g0.expr": "" } : params);
});

it.each([
  [[], "a", false, ["a"]],
  [["a"], "a", false, []],
  [["a", "b"], "a", false, ["a"]],
  [["a"], "b", true, ["a", "b"]],
  [["a", "b"], "c", true, []],
  [["a", "b"], "a", true, ["b"]],
])("of three, with %j shown, a click on %s (adding: %s) shows %j", async (only, clicked, add, next) => {
  const { select } = await import("./select");
  expect(select(only, clicked, add, 3)).toEqual(next);
});
