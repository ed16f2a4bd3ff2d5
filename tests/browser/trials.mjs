// Answers about trials, new objectives and reports that are made up. Shapes are those of `/api/v1/slos/whatif`,
// `/api/v1/slos/suggestions` and `/api/v1/reports`.

import { hostile, longLabel } from "./answers.mjs";

const hour = 3_600_000;
const day = 24 * hour;
const at = ms => new Date(Math.floor(Date.now() / hour) * hour + ms).toISOString();
const success = data => ({ json: { status: "success", data } });

const rungs = ["90", "99", "99.5", "99.9", "99.95", "99.99", "99.999"];

/** An objective over twelve weeks, with an outage in the ninth. */
export function trialOf({ objective = "99.9", window = "7d", nAlerts = 3, total = 1_204_331, nPeriods = 12 } = {}) {
  const kept = Number(objective) <= 99.9;
  const missed = kept ? 1 : 5;
  const bad = Math.round(total / 2000);
  const alertAt = (i, severity) => ({
    severity,
    long: severity === "page" ? "1h" : "3d",
    short: severity === "page" ? "5m" : "6h",
    factor: severity === "page" ? 14.4 : 1,
    fired_at: at(-(26 - i) * day + 12 * 60_000),
    resolved_at: i === nAlerts - 1 ? null : at(-(26 - i) * day + 5 * hour),
    peak_burn: i === 0 ? null : 22.5,
    detection_delay_seconds: 312 + 40 * i,
    spent_ratio: i === 0 ? null : 0.034 * (i + 1),
  });
  return {
    id: "checkout-availability",
    title: "Orders are accepted",
    objective,
    window,
    unit: "events",
    evaluation: "counted",
    start: at(-84 * day),
    end: at(0),
    coverage: 0.9968,
    good: total - bad,
    bad,
    total,
    sli: total === 0 ? null : (total - bad) / total,
    budget: { allowed: total / 1000, spent: bad, remaining: total / 1000 - bad, remaining_ratio: kept ? 0.5 : -1.3 },
    series: Array.from({ length: 252 }, (_, i) => {
      const isOut = i > 180 && i < 184;
      const sli = i < 6 ? null : isOut ? 0.982 : 0.9996 + 0.0002 * Math.sin(i / 9);
      return {
        time: at(-84 * day + (i + 1) * 8 * hour),
        good: 4000,
        bad: 4,
        total: 4004,
        sli,
        remaining_ratio: i < 6 ? null : isOut || (i >= 184 && i < 205) ? -0.4 : 0.6,
      };
    }),
    periods: Array.from({ length: nPeriods }, (_, i) => ({
      start: at(-(nPeriods - i) * 7 * day),
      end: at(-(nPeriods - i - 1) * 7 * day),
      whole: nPeriods > 1,
      good: 99_900,
      bad: 45,
      total: 99_945,
      sli: i === 8 ? 0.9971 : 0.99955,
      kept: kept ? i !== 8 : i % 3 !== 1,
    })),
    suggestions: [...new Set([...rungs, objective])]
      .sort((a, b) => Number(a) - Number(b))
      .map(one => ({
        objective: one,
        would_have_held: "",
        kept: Number(one) <= 99.5 ? 12 : Number(one) <= 99.9 ? 12 - missed : 2,
        periods: 12,
        worst_remaining_ratio: 0.2,
        pages: Math.max(0, Math.round((Number(one) - 99.2) * 4)),
        tickets: Math.max(0, Math.round((Number(one) - 99) * 9)),
        ...(one === "99.5" ? { recommended: true } : {}),
      })),
    alerts: Array.from({ length: nAlerts }, (_, i) => alertAt(i, i % 3 === 2 ? "ticket" : "page")),
    n_alerts_left_out: 0,
    pages: Math.ceil((nAlerts * 2) / 3),
    tickets: Math.floor(nAlerts / 3),
    lints: [{ text: `a service of this name is not known ${hostile}`, place: "9:12" }],
    yaml: "",
  };
}

const ratio = (name, title, side, part, total) => `apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${name}
  displayName: ${JSON.stringify(title)}
spec:
  service: checkout-api
  indicator:
    metadata:
      name: ${name}
    spec:
      ratioMetric:
        counter: true
        ${side}:
          metricSource:
            type: Prometheus
            spec:
              query: ${JSON.stringify(part)}
        total:
          metricSource:
            type: Prometheus
            spec:
              query: ${JSON.stringify(total)}
  timeWindow:
  - duration: 28d
    isRolling: true
  budgetingMethod: Occurrences
  objectives:
  - targetPercent: 99.9
`;

const gauge = `apiVersion: openslo/v1
kind: SLO
metadata: {name: orders-lag, displayName: Orders are read soon}
spec:
  service: orders
  indicator: {metadata: {name: orders-lag}, spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {query: 'kafka_lag'}}}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{targetPercent: 99, op: lte, value: 0.05, timeSliceWindow: 1m, timeSliceTarget: 0.95}]
`;

const labels = ["code", "job", 'weird"label'];
const draft = (name, title, kind, why, spec) => ({ name, title, kind, why, spec, labels });

export const drafts = [
  draft(
    "http-requests-errors",
    "Requests are answered",
    "ratio",
    "code tells failures: 5xx are ours.",
    ratio(
      "http-requests-errors",
      "Requests are answered",
      "bad",
      'http_requests_total{code=~"5.."}',
      "http_requests_total",
    ),
  ),
  draft(
    "http-requests-fast",
    "Requests are fast",
    "latency",
    "99 % of the past were within 0.3 s.",
    ratio("http-requests-fast", "Requests are fast", "good", 'http_seconds_bucket{le="0.3"}', "http_seconds_count"),
  ),
  draft("orders-lag", "Orders are read soon", "gauge", "95 % of the past were at most 0.05.", gauge),
];

/** Metrics as a server has them, those of nobody's concern among them, and some that were named in bad faith. */
export const metrics = ["go_goroutines", "http_requests_total", "http_seconds_bucket", "http_seconds_count", hostile];

/**
 * Routes for making an objective. `asked` collects what is tried; `refuse` may say, of a form, what is wrong with it;
 * `found` are the drafts of every metric; `lifecycle` says whether a reload may be asked for over HTTP.
 */
export function making(options = {}) {
  const { asked = [], refuse = () => null, found = drafts, why = "", metricsOf = metrics, lifecycle = false } = options;
  return {
    "**/api/v1/label/__name__/values*": route => route.fulfill(success(metricsOf)),
    "**/api/v1/label/le/values*": route => route.fulfill(success(["0.1", "+Inf", "0.3", "1.0"])),
    "**/api/v1/label/code/values*": route => route.fulfill(success(["200", "503"])),
    "**/api/v1/label/job/values*": route => route.fulfill(success([hostile, longLabel])),
    "**/api/v1/label/weird*/values*": route => route.fulfill(success(['a"b\\c\n'])),
    "**/api/v1/metadata*": route =>
      route.fulfill(success({ http_requests_total: [{ type: "counter", help: `Requests. ${hostile}`, unit: "" }] })),
    "**/api/v1/status/config": route =>
      route.fulfill(success({ yaml: "narthex:\n  slo_files:\n  - slo/*.yml\n  - /etc/narthex/slo/*.yml\n" })),
    "**/api/v1/status/flags": route => route.fulfill(success({ "web.enable-lifecycle": String(lifecycle) })),
    "**/api/v1/parse_query": route => route.fulfill(success({ type: "numberLiteral", val: "1" })),
    "**/api/v1/slos/suggestions*": route => {
      const { searchParams } = new URL(route.request().url());
      asked.push(Object.fromEntries(searchParams));
      const metric = searchParams.get("metric");
      return route.fulfill(
        success({ metric, type: "counter", help: `Requests. ${hostile}`, drafts: found, ...(why ? { why } : {}) }),
      );
    },
    "**/api/v1/slos/whatif": route => tried(route, asked, refuse),
  };
}

function tried(route, asked, refuse) {
  const form = Object.fromEntries(new URLSearchParams(route.request().postData()));
  asked.push(form);
  const error = refuse(form);
  if (error !== null) return route.fulfill({ status: 400, json: { status: "error", errorType: "bad_data", error } });
  const objective = form.objective ?? /targetPercent: (\S+)/.exec(form.spec ?? "")?.[1] ?? "99.9";
  const window = form.window ?? /duration: (\S+)/.exec(form.spec ?? "")?.[1] ?? "28d";
  return route.fulfill(success(trialOf({ objective, window, nAlerts: Number(objective) > 99.9 ? 12 : 3 })));
}

/** The page of a report, with what someone hostile would have in it. */
export const reportPage = (product, period, lang) => `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><title>Report</title><style>body{margin:24px;font:15px sans-serif}</style></head>
<body><h1>${product} ${period} ${lang}</h1><p><a href="https://tickets.example/1">INC-1</a></p>
<script>top.document.title = "broken into"</script><img src="x" alt="" onerror="top.document.title='broken into'">
<details><summary>Table</summary><div style="height:900px">rows</div></details></body></html>`;

/** To whom reports go by mail; the second cannot be sent. */
const schedules = product => [
  {
    name: "weekly",
    product,
    every: "week",
    at: "Mon 09:00",
    zone: "Asia/Shanghai",
    language: "zh-CN",
    formats: ["html"],
    to: [
      "li.wei@shop.example",
      "<img src=x onerror=alert(1)>@shop.example",
      "a@b.example",
      "c@b.example",
      "d@b.example",
    ],
    next: { due: "2099-11-30T01:00:00Z", period: "2099-W48" },
    error: null,
    waiting: [],
  },
  {
    name: "quarterly",
    product,
    every: "quarter",
    at: "1 09:00",
    zone: "UTC",
    language: "en",
    formats: ["html", "png"],
    to: ["board@shop.example"],
    next: { due: "2100-01-01T09:00:00Z", period: "2099-Q4" },
    error: null,
    waiting: [
      {
        period: "2099-Q3",
        due: "2099-10-01T09:00:00Z",
        error: "AUTH PLAIN: 535 5.7.8 who are you",
        again: "2099-10-01T10:00:00Z",
      },
    ],
  },
];

export const reports = {
  "**/api/v1/reports?*": route => {
    const product = new URL(route.request().url()).searchParams.get("product");
    return route.fulfill({ json: { status: "success", data: product === "product-0" ? schedules(product) : [] } });
  },
  "**/api/v1/reports/**": route => {
    const { pathname, searchParams } = new URL(route.request().url());
    const product = decodeURIComponent(pathname.split("/").at(-1));
    const [period, lang] = [searchParams.get("period"), searchParams.get("lang")];
    if (period === "2020")
      return route.fulfill({
        status: 400,
        json: { status: "error", errorType: "bad_data", error: `invalid parameter "period": "2020" is too old` },
      });
    const escaped = product.replace(/</g, "&lt;");
    return route.fulfill({ contentType: "text/html; charset=utf-8", body: reportPage(escaped, period, lang) });
  },
};
