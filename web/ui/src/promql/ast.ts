// The tree that `/api/v1/parse_query` answers, and the one request for it.

import { ApiError, post } from "../api/client";

export interface Matcher {
  type: "=" | "!=" | "=~" | "!~";
  name: string;
  value: string;
}

export interface Matching {
  card: "one-to-one" | "many-to-one" | "one-to-many" | "many-to-many";
  labels: string[];
  on: boolean;
  include: string[];
  fillValues?: { lhs: number | null; rhs: number | null };
}

interface Selecting {
  name: string;
  matchers: Matcher[];
  offset: number;
  offsetExpr?: DurationNode | null;
  /** Milliseconds of an `@` modifier. */
  timestamp: number | null;
  startOrEnd: "start" | "end" | null;
  anchored?: boolean;
  smoothed?: boolean;
}

export type ValueType = "vector" | "matrix" | "scalar" | "string";

export type DurationNode =
  | {
      type: "durationExpr";
      op: string;
      lhs: DurationNode | null;
      rhs: DurationNode | null;
      wrapped?: boolean;
    }
  | { type: "numberLiteral"; val: string; duration?: boolean };

export type Node =
  | { type: "aggregation"; op: string; expr: Node; param: Node | null; grouping: string[]; without: boolean }
  | { type: "binaryExpr"; op: string; lhs: Node; rhs: Node; matching: Matching | null; bool: boolean }
  | {
      type: "call";
      func: { name: string; returnType: ValueType; argTypes: ValueType[]; variadic: number };
      args: Node[];
    }
  | ({ type: "vectorSelector" } & Selecting)
  | ({ type: "matrixSelector"; range: number; rangeExpr?: DurationNode | null } & Selecting)
  | {
      type: "subquery";
      expr: Node;
      range: number;
      rangeExpr?: DurationNode | null;
      step: number;
      stepExpr?: DurationNode | null;
      offset: number;
      offsetExpr?: DurationNode | null;
      timestamp: number | null;
      startOrEnd: "start" | "end" | null;
    }
  | { type: "numberLiteral"; val: string }
  | { type: "stringLiteral"; val: string }
  | { type: "parenExpr"; expr: Node }
  | { type: "unaryExpr"; op: string; expr: Node };

/** A query text has one tree for ever, or one refusal: both are kept. */
const answers = new Map<string, Promise<Node>>();
const nKept = 200;

export function parse(expr: string): Promise<Node> {
  const known = answers.get(expr);
  if (known !== undefined) return known;
  const answer = post<Node>("parse_query", { query: expr }).then(({ data }) => data);
  answers.set(expr, answer);
  if (answers.size > nKept) answers.delete(answers.keys().next().value!);
  // What did not reach narthex may be asked again.
  answer.catch(error => (error instanceof ApiError && error.kind === "bad_data") || answers.delete(expr));
  return answer;
}

export function children(node: Node): Node[] {
  switch (node.type) {
    case "aggregation":
      return node.param === null ? [node.expr] : [node.param, node.expr];
    case "binaryExpr":
      return [node.lhs, node.rhs];
    case "call":
      return node.args;
    case "subquery":
    case "parenExpr":
    case "unaryExpr":
      return [node.expr];
    default:
      return [];
  }
}

/** Every node, those above before those below, without recursion: a chain may be ten thousand terms long. */
export function* walk(root: Node): Generator<Node> {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    yield node;
    open.push(...children(node).reverse());
  }
}

export function typeOf(node: Node): ValueType {
  switch (node.type) {
    case "aggregation":
    case "vectorSelector":
      return "vector";
    case "matrixSelector":
    case "subquery":
      return "matrix";
    case "call":
      return node.func.returnType;
    case "numberLiteral":
      return "scalar";
    case "stringLiteral":
      return "string";
    case "binaryExpr":
      return typeOf(node.lhs) === "scalar" && typeOf(node.rhs) === "scalar" ? "scalar" : "vector";
    case "parenExpr":
    case "unaryExpr":
      return typeOf(node.expr);
  }
}
