import { expect, it } from "vitest";
import { patternsIn } from "./newplace";
import {
  boundOf,
  emptyForm,
  type Form,
  faultsIn,
  formOf,
  nameFrom,
  scalar,
  withBound,
  written,
} from "./newspec";

const ratio: Form = {
  ...emptyForm,
  name: "checkout-availability",
  title: "Orders are accepted",
  service: "checkout",
  product: "shop",
  part: 'http_requests_total{code=~"5.."}',
  total: "http_requests_total",
};

const gauge: Form = {
  ...emptyForm,
  name: "lag",
  service: "orders",
  gauge: "kafka_lag",
  op: "lte",
  value: "0.05",
  slice: "1m",
  share: "0.95",
  window: "1M",
};

it("writes OpenSLO", () => {
  expect(written(ratio, "UTC").yaml).toBe(`apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-availability
  displayName: Orders are accepted
  labels:
    product: shop
spec:
  service: checkout
  indicator:
    metadata:
      name: checkout-availability
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec:
              query: 'http_requests_total{code=~"5.."}'
        total:
          metricSource:
            type: Prometheus
            spec:
              query: http_requests_total
  timeWindow:
  - duration: 28d
    isRolling: true
  budgetingMethod: Occurrences
  objectives:
  - targetPercent: 99.9
`);
});

it("reads back what it wrote", () => {
  for (const form of [ratio, gauge, { ...ratio, side: "good", product: "", title: "" }]) {
    expect(formOf(written(form, "Asia/Shanghai").yaml)).toEqual(form);
  }
});

it("reads back what others would have it read otherwise", () => {
  const hostile = [
    "a: b",
    "true",
    "- x",
    "#",
    "é'",
    "x # y",
    "NaN",
    "\\",
    '"',
    "{a}",
    "}]\\",
    "\u202e",
    "\n\t\u0000",
    "\u2028\ufeff",
  ];
  for (const text of hostile) {
    const form = { ...ratio, title: text, part: `m{a=${JSON.stringify(text)}}` };
    expect(formOf(written(form, "UTC").yaml)).toEqual(form);
  }
});

it("takes no part of a name for the side that is counted", () => {
  const form = { ...ratio, title: "good:not", part: "job:good:rate1m", total: "job:total:rate1m" };
  expect(formOf(written(form, "UTC").yaml)).toEqual(form);
});

it.each<[string, Partial<Form>]>([
  [
    `metadata: {name: a, displayName: "A: b"}
spec:
  service: s
  indicator: {spec: {ratioMetric: {counter: true, good: {metricSource: {spec: {query: 'b{le="0.3"}'}}}, total: {metricSource: {spec: {query: c}}}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  objectives: [{target: 0.9995}]`,
    {
      name: "a",
      title: "A: b",
      service: "s",
      side: "good",
      part: 'b{le="0.3"}',
      total: "c",
      window: "30d",
      objective: "99.95",
    },
  ],
  [
    `metadata:
  name: a
spec:
  service: s
  indicator:
    spec:
      thresholdMetric:
        metricSource:
          spec:
            query: up{job="x"}
  objectives:
  - targetPercent: 99
    op: gte
    value: 1 # all of them`,
    { gauge: 'up{job="x"}', op: "gte", value: "1", part: "", total: "", objective: "99", window: "28d" },
  ],
])("reads %s", (spec, want) => expect(formOf(spec)).toMatchObject(want));

it.each([
  ["checkout", "checkout"],
  ["Orders are accepted", "Orders are accepted"],
  ["on", "'on'"],
  ["99.9", "'99.9'"],
  ["a: b", "'a: b'"],
  ["it's", "'it''s'"],
  ["", "''"],
  ["订单", "'订单'"],
  ["a\nb", '"a\\nb"'],
  ["a\u2028b", '"a\\u2028b"'],
])("writes %j as %s", (text, want) => expect(scalar(text)).toBe(want));

it("puts what is wrong at its field", () => {
  const file = written(ratio, "UTC");
  const line = (part: string) => file.yaml.split("\n").findIndex(one => one.includes(part)) + 1;
  const message = `invalid parameter "spec": ${line("query: 'http")}:25: no counter: 1:2: x; ${line("targetPercent")}:5: 101 is no share`;
  expect([...faultsIn(message, file)]).toEqual([
    ["part", "no counter: 1:2: x"],
    ["objective", "101 is no share"],
  ]);
  expect(faultsIn("no such thing", file).size).toBe(0);
});

it("changes the bound of a bucket, and nothing else", () => {
  expect(boundOf('x_bucket{le="0.3",a="b"}')).toBe("0.3");
  expect(boundOf('x{handle="0.3"}')).toBeNull();
  expect(withBound('x_bucket{le="0.3",a="$1"}', "1.0")).toBe('x_bucket{le="1.0",a="$1"}');
});

it("names an objective after its metric", () => {
  expect(nameFrom("http_requests_total")).toBe("http-requests");
  expect(nameFrom("Ünï::x")).toBe("n-x");
});

it.each<[string, string[]]>([
  ["narthex: {slo_files: [slo/*.yml]}\n", ["slo/*.yml"]],
  [
    "global: {}\nnarthex:\n  # where\n  slo_files:\n    - slo/*.yml\n    - 'more slo/*.yml'\n  x: 1\n",
    ["slo/*.yml", "more slo/*.yml"],
  ],
  ["narthex:\n  slo_files: []\n", []],
  ["scrape_configs:\n  slo_files: [x]\n", []],
])("finds where files are in %j", (yaml, want) => expect(patternsIn(yaml)).toEqual(want));
