// What a query's values count, and whether its axis begins at zero: read from the names of metrics, which carry their
// unit by convention, and from what the query does to them. Where nothing is known, nothing is claimed.

import { plain, type Unit } from "../format/unit";
import type { Node } from "./ast";

export interface Meaning {
  unit: Unit;
  /** Counts and rates: a distance from zero means something. */
  counts: boolean;
}

const unknown: Meaning = { unit: plain, counts: false };
const count: Meaning = { unit: plain, counts: true };

/** By the last word of a name that is no `_total`, `_sum`, `_count`, `_bucket`. */
const units: Record<string, string> = {
  seconds: "s",
  bytes: "B",
  ratio: "ratio",
  celsius: "°C",
  volts: "V",
  amperes: "A",
  watts: "W",
  joules: "J",
  hertz: "Hz",
  meters: "m",
};

export function meaningOf(node: Node): Meaning {
  switch (node.type) {
    case "vectorSelector":
    case "matrixSelector":
      return ofName(node.name);
    case "aggregation":
      return ofAggregation(node.op, node.expr);
    case "call":
      return ofCall(node.func.name, node.args);
    case "binaryExpr":
      return ofBinary(node);
    case "subquery":
    case "parenExpr":
    case "unaryExpr":
      return meaningOf(node.expr);
    default:
      return unknown;
  }
}

export function ofName(name: string): Meaning {
  if (name === "up") return count;
  if (/_(count|bucket)$/.test(name)) return count;
  const counts = /_(total|sum)$/.test(name);
  const stem = name.replace(/_(total|sum)$/, "");
  const word = stem.slice(stem.lastIndexOf("_") + 1);
  // `…_timestamp_seconds` and `…_time_seconds` are instants, not durations.
  if (/_(timestamp|start_time|boot_time|birth_time|mtime)_seconds$/.test(name))
    return { unit: unit("ts"), counts: false };
  return { unit: unit(units[word] ?? ""), counts };
}

const keepsUnit = /^(sum|avg|min|max|topk|bottomk|quantile|limitk|limit_ratio)$/;

function ofAggregation(op: string, expr: Node): Meaning {
  if (keepsUnit.test(op)) return meaningOf(expr);
  if (op === "stddev") return { ...meaningOf(expr), counts: true };
  if (/^(count|count_values)$/.test(op)) return count;
  return unknown;
}

/** The argument whose unit the function's value has. */
const passes: Record<string, number> = {
  abs: 0,
  ceil: 0,
  floor: 0,
  round: 0,
  clamp: 0,
  clamp_min: 0,
  clamp_max: 0,
  scalar: 0,
  vector: 0,
  sort: 0,
  sort_desc: 0,
  sort_by_label: 0,
  sort_by_label_desc: 0,
  label_replace: 0,
  label_join: 0,
  delta: 0,
  idelta: 0,
  avg_over_time: 0,
  min_over_time: 0,
  max_over_time: 0,
  sum_over_time: 0,
  last_over_time: 0,
  first_over_time: 0,
  stddev_over_time: 0,
  mad_over_time: 0,
  quantile_over_time: 1,
  predict_linear: 0,
  double_exponential_smoothing: 0,
};

function ofCall(name: string, args: Node[]): Meaning {
  const first = args[0];
  if (first === undefined) return name === "time" ? { unit: unit("ts"), counts: false } : unknown;
  if (/^(rate|irate|deriv)$/.test(name)) {
    const { unit } = meaningOf(first);
    return { unit: { of: unit.of === "ts" ? "" : unit.of, perSecond: true }, counts: name !== "deriv" };
  }
  if (name === "increase") return { unit: meaningOf(first).unit, counts: true };
  if (/^(changes|resets|count_over_time|present_over_time|histogram_count|absent)$/.test(name)) return count;
  if (/^histogram_(quantile|avg|sum|stddev)$/.test(name)) return ofHistogram(args[args.length - 1]!);
  if (name === "histogram_fraction") return { unit: unit("ratio"), counts: true };
  if (/^(timestamp|start_timestamp|ts_of_\w+)$/.test(name)) return { unit: unit("ts"), counts: false };
  const passed = passes[name];
  const arg = passed === undefined ? undefined : args[passed];
  return arg === undefined ? unknown : meaningOf(arg);
}

/** The buckets are counted, but a quantile has the unit of what was measured, which the name says before `_bucket`. */
function ofHistogram(node: Node): Meaning {
  let inner = node;
  for (;;) {
    if (
      inner.type === "aggregation" ||
      inner.type === "parenExpr" ||
      inner.type === "unaryExpr" ||
      inner.type === "subquery"
    ) {
      inner = inner.expr;
    } else if (inner.type === "call" && inner.args[0] !== undefined) inner = inner.args[0];
    else break;
  }
  if (inner.type !== "vectorSelector" && inner.type !== "matrixSelector") return unknown;
  return { unit: ofName(inner.name.replace(/_bucket$/, "")).unit, counts: true };
}

function ofBinary({ op, lhs, rhs, bool }: Extract<Node, { type: "binaryExpr" }>): Meaning {
  const [left, right] = [meaningOf(lhs), meaningOf(rhs)];
  const [leftIsNumber, rightIsNumber] = [isNumber(lhs), isNumber(rhs)];
  if (bool) return count;
  if (/^(==|!=|>|<|>=|<=|and|unless|or|<\/|>\/)$/.test(op)) return left;
  if (op === "+" || op === "-") return ofSum(op, left, right, leftIsNumber, rightIsNumber);
  if (op === "*") return ofProduct(left, right, leftIsNumber, rightIsNumber);
  if (op === "/") return ofQuotient(left, right, rightIsNumber);
  return op === "%" ? left : unknown;
}

function ofSum(
  op: string,
  left: Meaning,
  right: Meaning,
  leftIsNumber: boolean,
  rightIsNumber: boolean,
): Meaning {
  // `time() - x_start_time_seconds` is an age; `1 - ratio` stays a ratio.
  if (op === "-" && left.unit.of === "ts" && right.unit.of === "ts") return { unit: unit("s"), counts: true };
  if (rightIsNumber) return left;
  if (leftIsNumber) return right;
  return same(left.unit, right.unit)
    ? { unit: left.unit, counts: left.counts && right.counts && op === "+" }
    : unknown;
}

function ofProduct(left: Meaning, right: Meaning, leftIsNumber: boolean, rightIsNumber: boolean): Meaning {
  // A multiple of a known unit is another unit: `bytes * 8` are bits, `ratio * 100` are percent.
  if (leftIsNumber) return { unit: rescaled(right.unit), counts: right.counts };
  if (rightIsNumber) return { unit: rescaled(left.unit), counts: left.counts };
  if (same(right.unit, plain) || right.unit.of === "ratio") return { unit: left.unit, counts: left.counts };
  if (same(left.unit, plain) || left.unit.of === "ratio") return { unit: right.unit, counts: right.counts };
  return unknown;
}

function ofQuotient(left: Meaning, right: Meaning, rightIsNumber: boolean): Meaning {
  if (rightIsNumber) return { unit: rescaled(left.unit), counts: left.counts };
  const counts = left.counts || right.counts;
  // Bytes by bytes and requests by requests are shares; two things of no known unit may be anything.
  if (same(left.unit, right.unit))
    return left.unit.of !== "" || left.unit.perSecond
      ? { unit: unit("ratio"), counts: true }
      : { unit: plain, counts };
  if (left.unit.perSecond && right.unit.perSecond)
    return { unit: unit(right.unit.of === "" ? left.unit.of : ""), counts };
  return { unit: right.unit.of === "" && !right.unit.perSecond ? left.unit : plain, counts };
}

function rescaled(given: Unit): Unit {
  return given.of === "" ? given : plain;
}

function isNumber(node: Node): boolean {
  if (node.type === "parenExpr" || node.type === "unaryExpr") return isNumber(node.expr);
  return node.type === "numberLiteral";
}

function same(a: Unit, b: Unit): boolean {
  return a.of === b.of && a.perSecond === b.perSecond;
}

function unit(of: string): Unit {
  return { of, perSecond: false };
}
