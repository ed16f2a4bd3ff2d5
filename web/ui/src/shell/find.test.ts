import { expect, it } from "vitest";
import { best, distance, nearest } from "./find";

it.each([
  ["up", ["node_up", "up", "update_total", "cpu_p"], ["up", "update_total", "node_up", "cpu_p"]],
  ["node mem", ["node_memory_bytes", "node_cpu", "mem_node"], ["node_memory_bytes", "mem_node"]],
  ["xyz", ["abc"], []],
])("%j among names", (typed, names, found) =>
  expect(best(typed, names, name => name, 10).map(one => one.item)).toEqual(found),
);

it.each([
  ["rate", "rate", 0],
  ["rat", "rate", 1],
  ["raet", "rate", 1],
  ["sum", "count", 4],
])("%s is %s with %d edits", (a, b, edits) => expect(distance(a, b, 3)).toBe(edits));

it.each([
  ["rat", "rate"],
  ["irat", "irate"],
  ["histogram_quantil", "histogram_quantile"],
  ["SUM", "sum"],
  ["nothing_like_it", null],
])("%s may have been %s", (word, meant) =>
  expect(nearest(word, ["rad", "rate", "irate", "sum", "histogram_quantile"])).toBe(meant),
);
