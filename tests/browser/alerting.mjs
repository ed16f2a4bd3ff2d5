// Answers about rules, alerts, silences and notifications that are made up: as many as are wanted, in every state, and
// silences that can be made, changed and ended. Shapes are Prometheus's, Alertmanager's and narthex's own.

import { hostile, longLabel } from "./answers.mjs";

const minute = 60_000;
const never = "0001-01-01T00:00:00Z";
const at = (ms, from = Date.now()) => new Date(from + ms).toISOString();
const json = data => route => route.fulfill({ json: { status: "success", data } });

const products = ["checkout", "search", "warehouse", ""];

/** `n` alerts, of which every seventh waits and every ninth is silenced; the second has what a hostile target may send. */
function alertsOf(n) {
  return Array.from({ length: n }, (_, i) => {
    const kind = i % 4;
    const product = products[kind];
    const labels = {
      alertname: ["HighErrorRate", "SlowSearch", "QueueGrows", "TargetDown"][kind],
      instance: `10.0.${Math.floor(i / 250)}.${i % 250}:9100`,
      job: ["checkout-api", "search", "warehouse", "node"][kind],
      severity: ["page", "warning", "ticket", "page"][kind],
      ...(product === "" ? {} : { product }),
      ...(i === 1 ? { path: longLabel, note: hostile } : {}),
    };
    return {
      labels,
      annotations: {
        summary:
          i % 3 === 2
            ? ""
            : `${labels.job}: ${["5 % of requests fail", "the 99th percentile is 2.1 s", "4,200 wait", "it does not answer"][kind]}`,
        description: "Look at the dashboard first.\nThen at the log.",
        runbook_url: `https://runbooks.example/${labels.alertname}`,
      },
      state: i % 7 === 6 ? "pending" : "firing",
      activeAt: at(-(i + 1) * 3.7 * minute),
      keepFiringSince: i % 11 === 10 ? at(-minute) : never,
      value: String(0.0512345 * (i + 1)),
      fingerprint: (0x9000_0000 + i).toString(16).padStart(16, "0"),
    };
  });
}

const expressions = {
  HighErrorRate: `sum by (job, instance, product) (rate(http_requests_total{code=~"5.."}[5m]))\n  / sum by (job, instance, product) (rate(http_requests_total[5m])) > 0.05`,
  SlowSearch: `histogram_quantile(0.99, sum by (le, job) (rate(search_duration_seconds_bucket[5m]))) > 2`,
  QueueGrows: "deriv(queue_length[30m]) > 0 and queue_length > 1e3",
  TargetDown: "up == 0",
};

function groupsOf(alerts, nRules) {
  const rules = Object.entries(expressions)
    .slice(0, Math.min(4, nRules))
    .map(([name, query], i) => {
      const own = alerts.filter(({ labels }) => labels.alertname === name);
      return {
        type: "alerting",
        name,
        query,
        duration: i === 3 ? 0 : 300,
        keepFiringFor: i === 1 ? 600 : 0,
        labels: { severity: ["page", "warning", "ticket", "page"][i] },
        annotations: { summary: "{{ $labels.job }}: {{ $value | humanizePercentage }} of requests fail" },
        alerts: own.map(({ fingerprint: _, ...alert }) => alert),
        state: own.length === 0 ? "inactive" : "firing",
        health: "ok",
        evaluationTime: 0.0012 * (i + 1),
        lastEvaluation: at(-4000),
      };
    });
  const failing = {
    type: "alerting",
    name: "Misspelt",
    query: "sum by (job) (\n  rat(http_requests_total[5m])\n) > 1",
    duration: 60,
    keepFiringFor: 0,
    labels: {},
    annotations: {},
    alerts: [],
    state: "inactive",
    health: "err",
    lastError: '2:3: parse error: unknown function with name "rat"',
    evaluationTime: 0,
    lastEvaluation: at(-9000),
  };
  const recording = i => ({
    type: "recording",
    name: `job:http_requests:rate5m_${i}`,
    query: `sum by (job) (rate(http_requests_total{shard="${i}"}[5m]))`,
    labels: i % 5 === 0 ? { tier: longLabel } : {},
    health: i === 1 ? "err" : i === 2 ? "unknown" : "ok",
    lastError:
      i === 1 ? 'found duplicate series for the match group {job="node"} on the right hand-side of the operation' : "",
    evaluationTime: 0.0004 * (i + 1),
    lastEvaluation: i === 2 ? never : at(-4000),
  });
  const group = (name, file, rules, evaluationTime) => ({
    name,
    file,
    interval: 15,
    limit: name === "availability" ? 20 : 0,
    ...(name === "availability" ? { queryOffset: 30 } : {}),
    rules,
    evaluationTime,
    lastEvaluation: at(-4000),
  });
  if (nRules === 0) return [];
  const recorded = Array.from({ length: Math.max(0, nRules - 5) }, (_, i) => recording(i));
  return [
    group("availability", "/etc/narthex/rules/alerts.yml", nRules > 1 ? [...rules, failing] : rules, 0.0131),
    ...(recorded.length > 0 ? [group("recorded", "/etc/narthex/rules/recording.yml", recorded, 13.1)] : []),
  ];
}

function routedOf(alerts, silences) {
  return alerts
    .filter(({ state }) => state === "firing")
    .map(({ labels, annotations, activeAt, fingerprint }, i) => {
      const silencedBy = silences
        .filter(({ status, matchers }) => status.state === "active" && matchers.every(one => holds(one, labels)))
        .map(({ id }) => id);
      const inhibitedBy = i === 5 ? [alerts[0].fingerprint] : [];
      const isQuiet = silencedBy.length + inhibitedBy.length > 0;
      return {
        labels: { ...labels, cluster: "north" },
        annotations,
        startsAt: activeAt,
        endsAt: at(4 * minute),
        updatedAt: at(-5000),
        generatorURL: "http://localhost:9090/graph?g0.expr=up&g0.tab=1",
        fingerprint,
        receivers: [{ name: labels.severity === "page" ? "on-call" : "team" }],
        status: { state: isQuiet ? "suppressed" : "active", silencedBy, inhibitedBy, mutedBy: [] },
      };
    });
}

function holds({ name, value, isRegex, isEqual = true }, labels) {
  const given = labels[name] ?? "";
  return (isRegex ? new RegExp(`^(?:${value})$`).test(given) : given === value) === isEqual;
}

/** Reads `name="value"` and its kin, as the API takes them; a strange name stands in quotes, too. */
function readFilter(text) {
  const [, name, op, value] = /^("(?:[^"\\]|\\.)*"|[^=!~"]+)(=~|!~|!=|=)"(.*)"$/s.exec(text);
  const plain = quoted => quoted.replace(/\\(.)/gs, (_, character) => (character === "n" ? "\n" : character));
  return {
    name: plain(name.replace(/^"|"$/g, "")),
    value: plain(value),
    isRegex: op.endsWith("~"),
    isEqual: op.startsWith("="),
  };
}

function silencesOf(n) {
  return Array.from({ length: n }, (_, i) => {
    const state = i % 3 === 0 ? "active" : i % 3 === 1 ? "expired" : "pending";
    const [startsMs, endsMs] = { active: [-60, 30 + 40 * i], expired: [-900, -20 * i], pending: [60, 600] }[state];
    return {
      id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
      matchers: [
        { name: "alertname", value: i === 0 ? "QueueGrows" : `Planned${i}`, isRegex: false, isEqual: true },
        ...(i === 3 ? [{ name: "path", value: longLabel, isRegex: true, isEqual: false }] : []),
        ...(i % 2 === 1 ? [{ name: "instance", value: "10\\.0\\..*", isRegex: true, isEqual: true }] : []),
      ],
      startsAt: at(startsMs * minute),
      endsAt: at(endsMs * minute),
      updatedAt: at(startsMs * minute),
      createdBy: i % 2 === 0 ? "li.wei" : "",
      comment: i % 4 === 0 ? "搬迁机房，见 https://tickets.example/OPS-4711" : "",
      status: { state },
    };
  });
}

const reasons = [
  "first notification",
  "new alerts added",
  "repeat interval elapsed",
  "all alerts resolved",
  "some alerts resolved",
];

function deliveriesOf(n, alerts) {
  return Array.from({ length: n }, (_, i) => {
    const status = i === 0 ? "waiting" : i % 6 === 3 ? "failed" : i % 13 === 12 ? "suppressed" : "delivered";
    const resolved = i % 5 === 3;
    const told = alerts.slice(i % Math.max(1, alerts.length), (i % Math.max(1, alerts.length)) + 1 + (i % 3));
    const decided = -(i + 1) * 7 * minute;
    const body = JSON.stringify({
      version: "4",
      receiver: "on-call",
      status: resolved ? "resolved" : "firing",
      note: hostile,
    });
    const attempt = (ms, error, next = null) => ({ at: at(decided + ms), took_ms: 84 + i, error, body, next_at: next });
    return {
      id: i.toString(16).padStart(32, "0"),
      receiver: i % 3 === 0 ? "on-call" : "team",
      kind: status === "suppressed" ? "" : i % 3 === 0 ? "webhook" : "email",
      index: 0,
      group_key: `{}/{severity="page"}:{alertname="${told[0]?.labels.alertname ?? "Test"}"}`,
      group_labels: { alertname: told[0]?.labels.alertname ?? "Test", ...(i === 2 ? { path: longLabel } : {}) },
      reason: status === "suppressed" ? "silenced" : reasons[i % reasons.length],
      status,
      alerts: told.map(({ labels, annotations, activeAt, fingerprint }) => ({
        labels,
        annotations,
        fingerprint,
        status: resolved ? "resolved" : "firing",
        starts_at: activeAt,
        ends_at: resolved ? at(decided) : null,
      })),
      decided_at: at(decided),
      ended_at: status === "waiting" ? null : at(decided + 180 + i),
      attempts:
        status === "suppressed"
          ? []
          : status === "delivered"
            ? [attempt(0, null)]
            : [
                attempt(0, "connection refused (127.0.0.1:8080)", at(decided + 2000)),
                attempt(2000, "503 Service Unavailable", status === "waiting" ? at(20_000) : null),
              ],
      detail:
        status === "failed"
          ? "given up after 2 attempts: 503 Service Unavailable"
          : status === "suppressed"
            ? "00000000-0000-4000-8000-000000000000"
            : "",
    };
  });
}

const explanation = {
  alert: null,
  fingerprint: "0000000090000000",
  state: "active",
  route: '{}/{severity="page"}',
  receiver: "on-call",
  group_key: '{}/{severity="page"}:{alertname="HighErrorRate"}',
  next_flush_at: at(2 * minute),
  groups: [
    {
      route: '{}/{severity="page"}',
      receiver: "on-call",
      group_key: '{}/{severity="page"}:{alertname="HighErrorRate"}',
      next_flush_at: at(2 * minute),
      group_wait_ms: 30_000,
      group_interval_ms: 300_000,
      repeat_interval_ms: 14_400_000,
      quiet: "inside of a mute time interval of the route",
      by: ["nights"],
      integrations: [
        {
          integration: "on-call/webhook[0]",
          what: "knows that it fires, and is told again only after repeat_interval",
          told_at: at(-7 * minute),
          repeat_at: at(233 * minute),
        },
      ],
    },
  ],
  steps: [
    { at: at(-7 * minute), what: "told", why: "firing, first notification", by: "on-call/webhook[0]", group_key: "" },
    {
      at: at(-6 * minute),
      what: "failed",
      why: "firing, new alerts added: 503",
      by: "on-call/email[0]",
      group_key: "",
    },
    {
      at: at(-5 * minute),
      what: "quiet",
      why: "inside of a mute time interval of the route",
      by: "nights",
      group_key: "",
    },
  ],
};

function backTest(start, end) {
  const [first, span] = [Number(start) * 1000, (Number(end) - Number(start)) * 1000];
  const interval = (state, from, to) => ({ state, start: at(from * span, first), end: at(to * span, first) });
  return {
    instances: [
      {
        labels: { instance: "10.0.0.1:9100", job: "node" },
        intervals: [interval("pending", 0.1, 0.11), interval("firing", 0.11, 0.19), interval("firing", 0.6, 0.604)],
      },
      {
        labels: { instance: "10.0.0.2:9100", job: "node", path: longLabel },
        intervals: [interval("firing", 0.12, 0.16), interval("pending", 0.8, 0.82)],
      },
      { labels: { instance: "10.0.0.3:9100", job: "node" }, intervals: [interval("pending", 0.4, 0.401)] },
    ],
    n_notifications: 5,
    n_firing: 3,
    n_steps: 40_320,
    n_failed: 0,
    first_failure: null,
    took: 1.84,
  };
}

/** Routes that answer as a server would with `n` of each. `state.silences` is what the page has made of the silences. */
export function alerting(n) {
  const alerts = alertsOf(n);
  const deliveries = deliveriesOf(n, alerts);
  const state = { silences: silencesOf(n), tested: [], replayed: [] };
  const seen = url => new URL(url).searchParams;
  const find = id => state.silences.find(one => one.id === id);

  const routes = {
    "**/api/v1/status/buildinfo": json({ application: "narthex", version: "0.0.1" }),
    "**/api/v1/rules*": route => {
      const query = seen(route.request().url());
      const groups = groupsOf(alerts, n).map(group => ({
        ...group,
        rules: group.rules
          .filter(({ type }) => query.get("type") !== "alert" || type === "alerting")
          .map(rule => (query.get("exclude_alerts") === "true" ? { ...rule, alerts: [] } : rule)),
      }));
      return json({ groups })(route);
    },
    "**/api/v2/alerts*": route => {
      const filters = seen(route.request().url()).getAll("filter").map(readFilter);
      const found = routedOf(alerts, state.silences);
      return route.fulfill({ json: found.filter(({ labels }) => filters.every(one => holds(one, labels))) });
    },
    "**/api/v2/alerts/groups*": route => {
      const groups = new Map();
      for (const alert of routedOf(alerts, state.silences)) {
        const { alertname } = alert.labels;
        const known = groups.get(alertname) ?? { labels: { alertname }, receiver: alert.receivers[0], alerts: [] };
        known.alerts.push(alert);
        groups.set(alertname, known);
      }
      return route.fulfill({ json: [...groups.values()] });
    },
    "**/api/v2/receivers": route =>
      route.fulfill({ json: n === 0 ? [] : [{ name: "on-call" }, { name: "team" }, { name: "nobody-yet" }] }),
    "**/api/v2/silences": async route => {
      if (route.request().method() !== "POST") return route.fulfill({ json: state.silences });
      const { id, ...given } = route.request().postDataJSON();
      const made = {
        ...given,
        id: id ?? `made-${state.silences.length}`,
        updatedAt: at(0),
        status: { state: "active" },
      };
      state.silences = [...state.silences.filter(one => one.id !== id), made];
      return route.fulfill({ json: { silenceID: made.id } });
    },
    "**/api/v2/silence/*": route => {
      const found = find(decodeURIComponent(route.request().url().split("/").at(-1)));
      if (route.request().method() === "GET") return route.fulfill({ json: found });
      Object.assign(found, { status: { state: "expired" }, endsAt: at(0) });
      return route.fulfill({ status: 200, body: "" });
    },
    "**/api/v1/deliveries?*": json(deliveries),
    "**/api/v1/deliveries/explain*": json(explanation),
    "**/api/v1/receivers/*/test": route => {
      const name = decodeURIComponent(route.request().url().split("/").at(-2));
      state.tested.push(name);
      const trial = (delivered, error, advice) => ({
        integration: `${name}/webhook[0]`,
        delivered,
        attempts: [{ at: at(0), took: 0.084, error, body: '{"version":"4"}' }],
        error,
        advice,
      });
      if (name === "on-call") return json([trial(true, null, null)])(route);
      if (name === "nobody-yet") return json([])(route);
      return json([trial(false, "535 authentication failed", "Check auth_username and auth_password.")])(route);
    },
    "**/api/v1/backtests": route => {
      const asked = Object.fromEntries(new URLSearchParams(route.request().postData()));
      state.replayed.push(asked);
      return json(backTest(asked.start, asked.end))(route);
    },
  };
  return { routes, state };
}

/** What a Prometheus answers: it has rules, and is asked for none of the rest. */
export function withoutRouting() {
  return {
    "**/api/v1/status/buildinfo": json({ version: "3.14.0", goVersion: "go1.26" }),
    "**/api/v1/rules*": alerting(12).routes["**/api/v1/rules*"],
  };
}
