import { expect, it } from "vitest";
import { tokensOf } from "./highlight";

/** A query, and its coloured tokens. */
function check(query: string, want: string) {
  const tokens = tokensOf(query);
  expect(tokens.map(({ text }) => text).join("")).toBe(query);
  expect(
    tokens
      .filter(({ kind }) => kind !== "")
      .map(({ text, kind }) => `${kind}:${text}`)
      .join(" "),
  ).toBe(want);
}

it.each<[string, string]>([
  ["up", ""],
  ["up == 0", "operator:== number:0"],
  [
    'rate(a{job="x"}[5m]) > 1e3',
    'function:rate label:job operator:= string:"x" number:5m operator:> number:1e3',
  ],
  ["sum by (job, le) (a)", "function:sum keyword:by label:job label:le"],
  ["sum(a) by (job)", "function:sum keyword:by label:job"],
  ["a and on (x) b offset 1h30m", "keyword:and keyword:on label:x keyword:offset number:1h30m"],
  ["a @ start()", "operator:@ function:start"],
  ["a # why\n+ b", "comment:# why operator:+"],
  ['{"a b"="c"}', 'string:"a b" operator:= string:"c"'],
  ['"never closed', 'string:"never closed'],
  ["sum", "function:sum"],
  ["指标 > 1", "operator:> number:1"],
  ["", ""],
])("%s", check);
