import { describe, expect, it } from "vitest";
import { describe as inWords } from "../explain/describe";
import { english } from "../explain/words.en";
import { chinese } from "../explain/words.zh";
import { en } from "../texts/en";
import { type Matching, type Node, typeOf, walk } from "./ast";
import { advise, mistakeIn } from "./mistake";
import { aggregationNames, functionNames } from "./names";
import { head, print } from "./print";
import { meaningOf, ofName } from "./unit";

// Trees as narthex answers them, built short.

type Selector = Extract<Node, { type: "vectorSelector" }>;

const selector = (name: string, more: Partial<Selector> = {}): Selector => ({
  type: "vectorSelector",
  name,
  matchers: [{ type: "=", name: "__name__", value: name }],
  offset: 0,
  timestamp: null,
  startOrEnd: null,
  ...more,
});

const ranged = (name: string, range = 300_000): Node => ({
  ...selector(name),
  type: "matrixSelector",
  range,
});

const call = (name: string, ...args: Node[]): Node => ({
  type: "call",
  func: {
    name,
    returnType: name === "scalar" || name === "time" ? "scalar" : "vector",
    argTypes: [],
    variadic: 0,
  },
  args,
});

const number = (val: string): Node => ({ type: "numberLiteral", val });

const oneToOne: Matching = { card: "one-to-one", labels: [], on: false, include: [] };

const binary = (lhs: Node, op: string, rhs: Node, matching: Matching | null = oneToOne): Node => ({
  type: "binaryExpr",
  op,
  lhs,
  rhs,
  matching,
  bool: false,
});

const sum = (expr: Node, grouping: string[] = []): Node => ({
  type: "aggregation",
  op: "sum",
  expr,
  param: null,
  grouping,
  without: false,
});

describe("printing", () => {
  it.each<[Node, string]>([
    [selector("up"), "up"],
    [selector("http.requests"), '{"http.requests"}'],
    [selector("up", { matchers: [{ type: "=~", name: "job", value: "a|b" }], name: "" }), '{job=~"a|b"}'],
    [ranged("x"), "x[5m]"],
    [selector("x", { offset: -60_000, timestamp: 1500 }), "x @ 1.5 offset -1m"],
    [selector("x", { startOrEnd: "end" }), "x @ end()"],
    [sum(call("rate", ranged("x")), ["job", "host.name"]), 'sum by (job, "host.name") (rate(x[5m]))'],
    [
      binary(selector("a"), "/", selector("b"), {
        ...oneToOne,
        on: true,
        labels: ["job"],
        card: "many-to-one",
        include: ["z"],
      }),
      "a / on (job) group_left (z) b",
    ],
    [
      {
        type: "subquery",
        expr: selector("a"),
        range: 600_000,
        step: 60_000,
        offset: 0,
        timestamp: null,
        startOrEnd: null,
      },
      "a[10m:1m]",
    ],
    [{ type: "unaryExpr", op: "-", expr: { type: "parenExpr", expr: number("1") } }, "-(1)"],
    [{ type: "stringLiteral", val: 'a"b' }, '"a\\"b"'],
  ])("%#: %s", (node, text) => expect(print(node)).toBe(text));

  it("shows a node without what is below", () => {
    expect(head(sum(call("rate", ranged("x"))))).toBe("sum(…)");
    expect(head(call("histogram_quantile", number("0.9"), selector("x")))).toBe("histogram_quantile(0.9, …)");
  });

  it("visits a chain of ten thousand terms", () => {
    let chain: Node = number("1");
    for (let i = 0; i < 10_000; i++) chain = binary(chain, "+", number("1"), null);
    expect([...walk(chain)]).toHaveLength(20_001);
  });
});

describe("types", () => {
  it.each<[Node, string]>([
    [selector("a"), "vector"],
    [ranged("a"), "matrix"],
    [binary(number("1"), "+", number("2"), null), "scalar"],
    [binary(number("1"), "+", selector("a"), null), "vector"],
  ])("%#: %s", (node, type) => expect(typeOf(node)).toBe(type));
});

describe("units", () => {
  const of = (name: string, perSecond = false) => ({ of: name, perSecond });

  it.each<[Node, ReturnType<typeof of>, boolean]>([
    [selector("node_memory_free_bytes"), of("B"), false],
    [selector("process_start_time_seconds"), of("ts"), false],
    [call("rate", ranged("http_requests_total")), of("", true), true],
    [call("rate", ranged("node_network_receive_bytes_total")), of("B", true), true],
    [call("increase", ranged("cpu_seconds_total")), of("s"), true],
    [sum(call("rate", ranged("x_total"))), of("", true), true],
    [{ ...sum(selector("x_bytes")), op: "count" } as Node, of(""), true],
    [
      call("histogram_quantile", number("0.9"), sum(call("rate", ranged("lat_seconds_bucket")), ["le"])),
      of("s"),
      true,
    ],
    [binary(selector("a_bytes"), "/", selector("b_bytes")), of("ratio"), true],
    [binary(selector("a_bytes"), "*", number("8"), null), of(""), false],
    [binary(call("time"), "-", selector("x_start_time_seconds")), of("s"), true],
    [binary(selector("a_ratio"), ">", number("0.5"), null), of("ratio"), false],
    [
      binary(call("rate", ranged("x_seconds_sum")), "/", call("rate", ranged("x_seconds_count"))),
      of("s"),
      true,
    ],
    [call("avg_over_time", ranged("t_celsius")), of("°C"), false],
    [selector("up"), of(""), true],
  ])("%#: %j", (node, unit, counts) => expect(meaningOf(node)).toEqual({ unit, counts }));

  it("claims nothing about a name it does not know", () => {
    expect(ofName("queue_depth")).toEqual({ unit: of(""), counts: false });
  });
});

describe("words", () => {
  it.each([english, chinese])("explain every function and aggregation", words => {
    expect(Object.keys(words.functions).sort()).toEqual([...functionNames].sort());
    expect(Object.keys(words.aggregations).sort()).toEqual([...aggregationNames].sort());
  });

  it.each<[Node, string]>([
    [
      selector("up", { matchers: [{ type: "!=", name: "job", value: "x" }], offset: 3_600_000 }),
      'Series of up where job is not "x": the latest value of each. Looks 1h back.',
    ],
    [sum(selector("up"), ["job"]), "Adds up the values for each job."],
    [
      binary(selector("a"), "/", selector("b"), { ...oneToOne, labels: ["x"] }),
      "Divides the left side by the right. Partners agree in all labels but x. Each series has one partner at most.",
    ],
    [
      binary(selector("a"), ">", number("1"), null),
      "Keeps the values on the left for which > the right side holds.",
    ],
  ])("%#", (node, text) => expect(inWords(node, english)).toBe(text));
});

describe("mistakes", () => {
  /** A query, what narthex says of it, the token it points at, and the query after the suggestion. */
  it.each<[string, string, string, string | undefined]>([
    ["rat(up[5m])", '1:1: parse error: unknown function with name "rat"', "rat", "rate(up[5m])"],
    ["sum(up", "1:7: parse error: unclosed left parenthesis", "", "sum(up)"],
    [
      'rate(up{a="}"})',
      '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
      "up",
      'rate(up{a="}"}[5m])',
    ],
    ["sum(\n  foo bar)", '2:7: parse error: unexpected identifier "bar" in aggregation', "bar", undefined],
    ["sum(a) bt (x)", '1:8: parse error: unexpected identifier "bt"', "bt", "sum(a) by (x)"],
    ['up{a="机房"} = 1', '1:16: parse error: unexpected "="', "=", 'up{a="机房"} == 1'],
  ])("%j", (query, said, token, fixed) => {
    const found = mistakeIn(query, `invalid parameter "query": ${said}`, en)!;
    expect(query.slice(found.from, found.to)).toBe(token);
    expect(found.suggestion?.fixed).toBe(fixed);
    expect(said.endsWith(found.message)).toBe(true);
  });

  it("have no place in a message that names none", () => {
    const said = 'invalid expression type "range vector" for range query, must be Scalar or instant Vector';
    expect(mistakeIn("up[5m]", `invalid parameter "query": ${said}`, en)).toBeNull();
    expect(advise(said, en)).toBe(en.mistake.rangeInGraph);
  });

  it("survive a place outside of the query", () => {
    expect(mistakeIn("up", "9:9: parse error: x", en)).toMatchObject({ from: 2, to: 2 });
  });
});
