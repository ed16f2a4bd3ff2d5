// A node as PromQL. `head` is the node alone, with `…` for what stands below it.

import { printDuration } from "../format/duration";
import { quote, quoteName } from "../format/labels";
import type { DurationNode, Matching, Node } from "./ast";

export function print(node: Node): string {
  return write(node, print);
}

export function head(node: Node): string {
  return write(node, child => (isShort(child) ? print(child) : "…"));
}

function isShort(node: Node): boolean {
  return node.type === "numberLiteral" || node.type === "stringLiteral";
}

function write(node: Node, inner: (child: Node) => string): string {
  switch (node.type) {
    case "aggregation": {
      const args = node.param === null ? inner(node.expr) : `${inner(node.param)}, ${inner(node.expr)}`;
      return `${node.op}${grouping(node.without, node.grouping)}(${args})`;
    }
    case "binaryExpr":
      return `${inner(node.lhs)} ${node.op}${node.bool ? " bool" : ""}${matching(node.matching)} ${inner(node.rhs)}`;
    case "call":
      return `${node.func.name}(${node.args.map(inner).join(", ")})`;
    case "vectorSelector":
      return `${selector(node)}${modifiers(node)}`;
    case "matrixSelector":
      return `${selector(node)}[${duration(node.rangeExpr, node.range)}]${modifiers(node)}`;
    case "subquery": {
      const step = node.stepExpr || node.step > 0 ? duration(node.stepExpr, node.step) : "";
      return `${inner(node.expr)}[${duration(node.rangeExpr, node.range)}:${step}]${modifiers(node)}`;
    }
    case "numberLiteral":
      return node.val;
    case "stringLiteral":
      return quote(node.val);
    case "parenExpr":
      return `(${inner(node.expr)})`;
    case "unaryExpr":
      return `${node.op}${inner(node.expr)}`;
  }
}

function grouping(without: boolean, labels: string[]): string {
  if (labels.length === 0 && !without) return "";
  return ` ${without ? "without" : "by"} (${labels.map(quoteName).join(", ")}) `;
}

function matching(given: Matching | null): string {
  if (given === null) return "";
  const names = (labels: string[]) => labels.map(quoteName).join(", ");
  let text = "";
  if (given.on || given.labels.length > 0)
    text += ` ${given.on ? "on" : "ignoring"} (${names(given.labels)})`;
  const side = given.card === "many-to-one" ? "left" : given.card === "one-to-many" ? "right" : null;
  if (side !== null) text += ` group_${side} (${names(given.include)})`;
  const { lhs = null, rhs = null } = given.fillValues ?? {};
  if (lhs !== null && lhs === rhs) return `${text} fill (${lhs})`;
  if (lhs !== null) text += ` fill_left (${lhs})`;
  if (rhs !== null) text += ` fill_right (${rhs})`;
  return text;
}

type Selector = Extract<Node, { type: "vectorSelector" | "matrixSelector" }>;

function selector(node: Selector): string {
  const plainName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(node.name);
  const named = node.matchers.some(
    ({ name, type, value }) => name === "__name__" && type === "=" && value === node.name,
  );
  const others = node.matchers.filter(({ name, type }) => !(named && name === "__name__" && type === "="));
  const pairs = others.map(({ name, type, value }) => `${quoteName(name)}${type}${quote(value)}`);
  if (named && !plainName) pairs.unshift(quote(node.name));
  const name = named && plainName ? node.name : "";
  const suffix = node.anchored ? " anchored" : node.smoothed ? " smoothed" : "";
  return `${name}${pairs.length > 0 || name === "" ? `{${pairs.join(", ")}}` : ""}${suffix}`;
}

function modifiers(node: Selector | Extract<Node, { type: "subquery" }>): string {
  let text = "";
  if (node.startOrEnd !== null) text += ` @ ${node.startOrEnd}()`;
  else if (node.timestamp !== null) text += ` @ ${node.timestamp / 1000}`;
  if (node.offsetExpr) text += ` offset ${duration(node.offsetExpr, 0)}`;
  else if (node.offset !== 0)
    text += ` offset ${node.offset < 0 ? "-" : ""}${printDuration(Math.abs(node.offset))}`;
  return text;
}

function duration(expr: DurationNode | null | undefined, ms: number): string {
  if (expr === null || expr === undefined) return printDuration(ms);
  if (expr.type === "numberLiteral") return expr.duration ? printDuration(Number(expr.val) * 1000) : expr.val;
  const { op, lhs, rhs } = expr;
  const side = (node: DurationNode | null) => (node === null ? "" : duration(node, 0));
  let text: string;
  if (/^[a-z_]/.test(op)) text = `${op}(${[side(lhs), side(rhs)].filter(Boolean).join(", ")})`;
  else text = lhs === null ? `${op}${side(rhs)}` : `${side(lhs)} ${op} ${side(rhs)}`;
  return expr.wrapped ? `(${text})` : text;
}
