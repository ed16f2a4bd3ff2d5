// A node of a query in words.

import { printDuration } from "../format/duration";
import { quote } from "../format/labels";
import { formatInstant } from "../format/time";
import { type Matching, type Node, typeOf } from "../promql/ast";
import type { Words } from "./words.en";

export function describe(node: Node, words: Words): string {
  switch (node.type) {
    case "aggregation":
      return aggregation(node, words);
    case "binaryExpr":
      return binary(node, words);
    case "call":
      return words.functions[node.func.name] ?? "";
    case "vectorSelector":
      return sentence(selected(node, words) + words.latest, moved(node, words));
    case "matrixSelector":
      return sentence(selected(node, words) + words.window(printDuration(node.range)), moved(node, words));
    case "subquery": {
      const step = node.step > 0 ? printDuration(node.step) : "";
      return sentence(words.subquery(printDuration(node.range), step), moved(node, words));
    }
    case "numberLiteral":
      return words.number;
    case "stringLiteral":
      return words.text;
    case "parenExpr":
      return words.parentheses;
    case "unaryExpr":
      return node.op === "-" ? words.negates : words.keepsSign;
  }
}

function sentence(...parts: string[]): string {
  return parts.filter(Boolean).join(" ");
}

function aggregation(
  { op, grouping, without }: Extract<Node, { type: "aggregation" }>,
  words: Words,
): string {
  const labels = grouping.join(", ");
  const over = without ? words.without(labels) : grouping.length > 0 ? words.by(labels) : words.overall;
  const what = words.aggregations[op] ?? op;
  return over.startsWith("，") ? what + over : `${what} ${over}`;
}

function binary(node: Extract<Node, { type: "binaryExpr" }>, words: Words): string {
  const { op, bool } = node;
  const set = words.sets[op];
  const plain = set ?? words.arithmetic[op] ?? words.trims[op];
  const stop = words.number.endsWith("。") ? "。" : ".";
  const what = plain === undefined ? (bool ? words.comparesBool(op) : words.compares(op)) : plain + stop;
  const bothVectors = typeOf(node.lhs) === "vector" && typeOf(node.rhs) === "vector";
  return bothVectors && node.matching !== null
    ? sentence(what, partners(node.matching, set !== undefined, words))
    : what;
}

function partners({ on, labels, card, include }: Matching, isSet: boolean, words: Words): string {
  const names = labels.join(", ");
  let by = words.matchAll;
  if (on) by = labels.length > 0 ? words.matchOn(names) : words.matchOnNothing;
  else if (labels.length > 0) by = words.matchIgnoring(names);
  if (isSet) return by;
  if (card === "many-to-one") return sentence(by, words.manyToOne(include.join(", ")));
  if (card === "one-to-many") return sentence(by, words.oneToMany(include.join(", ")));
  return sentence(by, words.oneToOne);
}

type Selector = Extract<Node, { type: "vectorSelector" | "matrixSelector" }>;

function selected({ name, matchers }: Selector, words: Words): string {
  const others = matchers.filter(matcher => !(matcher.name === "__name__" && matcher.type === "="));
  const conditions = others.map(({ type, name, value }) => words.matchers[type](name, quote(value)));
  return (
    (name === "" ? words.selectsAny : words.selects(name)) +
    (conditions.length > 0 ? words.where(conditions) : "")
  );
}

function moved(node: Selector | Extract<Node, { type: "subquery" }>, words: Words): string {
  const parts: string[] = [];
  if (node.startOrEnd !== null) parts.push(node.startOrEnd === "start" ? words.atStart : words.atEnd);
  else if (node.timestamp !== null) parts.push(words.atTime(`${formatInstant(node.timestamp, "utc")} UTC`));
  if (node.offset > 0) parts.push(words.offset(printDuration(node.offset)));
  if (node.offset < 0) parts.push(words.ahead(printDuration(-node.offset)));
  return sentence(...parts);
}
