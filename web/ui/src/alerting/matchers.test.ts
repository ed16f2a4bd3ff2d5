import { expect, it } from "vitest";
import { fromV2, isEmpty, parseFilter, passes, printMatcher, toV2 } from "./matchers";

/** A filter as it is typed, what it becomes, and label sets that it lets through and keeps out. */
function check(
  typed: string,
  printed: string,
  passing: Record<string, string>[],
  kept: Record<string, string>[],
) {
  const filter = parseFilter(typed);
  expect([...filter.matchers.map(printMatcher), ...filter.words].join(" ")).toBe(printed);
  for (const labels of passing) expect(passes(filter, labels), JSON.stringify(labels)).toBe(true);
  for (const labels of kept) expect(passes(filter, labels), JSON.stringify(labels)).toBe(false);
}

const page = { alertname: "Down", severity: "page", team: "a" };

it.each<[string, string, Record<string, string>[], Record<string, string>[]]>([
  ["", "", [{}, page], []],
  ['severity="page"', 'severity="page"', [page], [{}, { severity: "pages" }]],
  [
    '{severity="page", team=~"a|b"}',
    'severity="page" team=~"a|b"',
    [page],
    [{ severity: "page", team: "ab" }],
  ],
  ["severity=page down", 'severity="page" down', [page], [{ severity: "page" }]],
  ["severity!=page", 'severity!="page"', [{}, { severity: "x" }], [page]],
  ['team!~".+"', 'team!~".+"', [{}], [page]],
  ['"a b"="c \\"d\\""', '"a b"="c \\"d\\""', [{ "a b": 'c "d"' }], [{}]],
  ['team="a', 'team="a"', [page], [{}]],
  ["DOWN team", "down team", [page], [{ alertname: "Down" }]],
  ['team=~"("', 'team=~"("', [], [page, {}]],
  ["constructor=x", 'constructor="x"', [{ constructor: "x" }], [page]],
])("filter %s", check);

it("goes to Alertmanager and back", () => {
  for (const op of ["=", "!=", "=~", "!~"] as const) {
    const matcher = { name: "a", op, value: "b" };
    expect(fromV2(toV2(matcher))).toEqual(matcher);
  }
  expect(fromV2({ name: "a", value: "b", isRegex: false })).toEqual({ name: "a", op: "=", value: "b" });
});

it("knows what says nothing", () => {
  expect(isEmpty({ name: "a", op: "=~", value: ".*" })).toBe(true);
  expect(isEmpty({ name: "a", op: "!=", value: "b" })).toBe(true);
  expect(isEmpty({ name: "a", op: "=", value: "b" })).toBe(false);
});
