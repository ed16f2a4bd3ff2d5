// Answers about budgets that are made up: as many objectives as are wanted, in every state, products that take them
// together, what spent them, and gates. Shapes are those of `/api/v1/slos`, `products`, `deployments` and `gates`.

import { hostile, longLabel } from "./answers.mjs";

const day = 86_400_000;
const at = (ms, from = Date.now()) => new Date(from + ms).toISOString();
const json =
  (data, more = {}) =>
  route =>
    route.fulfill({ json: { status: "success", data, ...more } });

const states = ["healthy", "critical", "exhausted", "caution", "nodata"];
const left = [0.62, 0.18, -0.41, 0.44, null];

function measured(i) {
  const ratio = left[i % 5];
  const total = i % 5 === 4 ? 0 : 1_204_331 + i;
  const allowed = total / 1000;
  const bad = ratio === null ? 0 : Math.round(allowed * (1 - ratio));
  return {
    objective: "99.9",
    window: { start: at(-28 * day), end: at(0), rolling: i % 3 !== 2, length: i % 3 === 2 ? "1M" : "28d" },
    unit: i % 4 === 3 ? "slices" : "events",
    good: total - bad,
    bad,
    total,
    sli: total === 0 ? null : (total - bad) / total,
    budget: { allowed, spent: bad, remaining: allowed - bad, remaining_ratio: ratio },
    coverage: i % 5 === 4 ? null : 0.97 + (i % 3) * 0.015,
    forecast: {
      exhausted_at: i % 5 === 1 ? at(2.5 * day) : null,
      recovers_at: i % 5 === 2 ? at(4 * day) : null,
      remaining_ratio_at_end: null,
      burn: i % 5 === 4 ? null : [0.4, 3.2, 0, 0.9][i % 5],
    },
    state: states[i % 5],
  };
}

const services = ["checkout-api", "payment-events", "orders-db", "settlement"];

function sloOf(i) {
  const hot = i % 5 === 1;
  const pair = (severity, long, short, factor, seconds) => ({
    severity,
    long,
    short,
    factor,
    long_burn: hot ? factor * 1.3 : 0.2,
    short_burn: hot ? factor * 1.6 : 0.1,
    firing: hot,
    detects_after_seconds: seconds,
  });
  return {
    id: i === 1 ? longLabel : `${services[i % 4]}-availability-${i}`,
    name: `${services[i % 4]}-availability`,
    title: i === 2 ? hostile : ["Orders are accepted", "Payments are published", "Order writes succeed"][i % 3],
    description: i === 2 ? hostile : 'A customer pressing "Pay" gets an answer that is not our fault to fail.',
    product: i % 4 === 3 ? null : "checkout",
    service: services[i % 4],
    evaluation: ["exact", "sampled", "composite"][i % 3],
    uncounted_first_values:
      i % 5 === 0 ? [{ series: 'http_requests_total{code="500",job="checkout-api"}', at: at(-day), value: 61 }] : [],
    uncounted_first_values_left_out: i % 5 === 0 ? 1234 : 0,
    sampling_error:
      i % 3 === 1
        ? { since: at(-day), query: `max(lag) < ${hostile}`, error: `many-to-many matching not allowed: ${hostile}` }
        : undefined,
    burn: [pair("page", "1h", "5m", 14.4, 52), pair("page", "6h", "30m", 6, null), pair("ticket", "1d", "2h", 3, 259)],
    review_by: i % 2 === 0 ? "2027-01-15" : undefined,
    ...measured(i),
  };
}

function productOf(i) {
  const { state, budget, sli, objective, bad } = measured(i + 1);
  return {
    name: i === 1 ? longLabel : `product-${i}`,
    title: i === 1 ? hostile : ["Checkout", "Search", "Warehouse"][i % 3],
    product_owners: ["li.wei@example.com"],
    engineering_owners: ["checkout-team@example.com"],
    method: "series",
    burn: [
      { window: "1h", rate: 2.4 },
      { window: "1d", rate: null },
    ],
    components: [0, 1, 2, 3].map(j => ({
      slo: sloOf(j).id,
      title: sloOf(j).title,
      role: j < 2 ? "own" : "upstream",
      weight: 1,
      objective,
      sli,
      bad,
      remaining_ratio: budget.remaining_ratio,
      state,
    })),
    informational: ["orders-write-p99", "settlement-freshness"],
    policy: "checkout-policy",
    firing: state === "critical" ? ["page"] : [],
    actions: [
      { kind: "approval", words: "a release (feature) needs a word of product and engineering", since: at(-2 * day) },
      { kind: "postmortem", words: `write a post-mortem: ${hostile} spent 41 % of a budget`, since: at(-5 * day) },
    ],
    ...measured(i),
  };
}

/** Down to what is left at the end, with a step on the way. */
function burndown(left) {
  return Array.from({ length: 200 }, (_, i) => ({
    at: at(-28 * day + (i * 28 * day) / 199),
    remaining_ratio: i < 5 ? null : 1 - ((1 - (left ?? 0)) * (i + (i > 120 ? 120 : 0))) / 319,
    bad: i,
    total: 1000 * i,
    allowed: i + 3,
  }));
}

/** On from what is left, between the best and a worst that leaves the picture. */
function expected(left) {
  return Array.from({ length: 28 }, (_, i) => ({
    at: at((i + 1) * (day / 4)),
    remaining_ratio: left - i * 0.01,
    low: left - i * 0.2,
    high: left + i * 0.005,
  }));
}

const reasons = [
  "releases are frozen while the policy is exhausted, but for fix, security, rollback, and this is a feature",
  "alert.firing(severity='page') (alert.firing(severity='page') = true)",
];

const deployments = ["succeeded", "rolled_back", "started", "failed"].map((state, i) => ({
  id: `d${i}`,
  service: services[i],
  version: i === 3 ? hostile : `4f2c9e${i}`,
  environment: i === 3 ? "staging" : "production",
  change: ["feature", "fix", "config", "feature"][i],
  state,
  started_at: at(-(2 + 5 * i) * day),
  ended_at: null,
  committed_at: null,
  url: i === 3 ? `javascript:alert("${i}")` : `https://gitlab.example.com/checkout/-/pipelines/${i}`,
  actor: ["li.wei", null, "ci", longLabel][i],
  run: null,
  source: "api",
}));

function freezeOf(project, more) {
  const url = `https://gitlab.example.com/api/v4/projects/${project}/freeze_periods`;
  return { url, wanted: true, asked_at: null, error: null, ...more };
}

/** Whom the policy of a product told: a state that was entered, one that was left, and somebody who could not be reached. */
function toldOf(product) {
  const delivery = (i, state, status, detail) => ({
    id: `t${i}`,
    receiver: `product/${product}/product`,
    kind: "email",
    index: 0,
    group_key: "",
    group_labels: { alertname: "ErrorBudgetPolicy", product },
    reason: i === 1 ? "all alerts resolved" : "first notification",
    status,
    alerts: [
      {
        labels: { alertname: "ErrorBudgetPolicy", product, policy: "checkout-policy", state },
        annotations: {},
        fingerprint: `f${i}`,
        status: i === 1 ? "resolved" : "firing",
        starts_at: at(-2 * day),
        ends_at: null,
      },
    ],
    decided_at: at(-(i + 1) * day),
    ended_at: at(-(i + 1) * day + 400),
    attempts: [],
    detail,
  });
  return [
    delivery(0, "critical", "delivered", ""),
    delivery(1, "exhausted", "delivered", ""),
    delivery(2, "exhausted", "failed", `550 no such mailbox ${hostile}`),
  ];
}

/** What the budget went into: a bad release, an incident, somebody else, and the rest. */
function ledgerOf(slos) {
  const cost = (kind, share, more = {}) => ({
    kind,
    start: at(-7 * day),
    end: at(-7 * day + 9_000_000),
    bad: share * 1200,
    share,
    budget_share: kind === "background" ? null : share * 0.9,
    felt_by: kind === "background" ? [] : ["Orders are accepted", "Payments are published"],
    needs_postmortem: share > 0.4,
    ...more,
  });
  const { id, service, version, actor, state, url, started_at } = deployments[1];
  const releases = (more = {}) => ({
    freeze: null,
    approval: null,
    max_deploys_per_day: null,
    soak_seconds: null,
    ...more,
  });
  const stateOf = (name, when, leave_when, more) => ({
    name,
    when,
    leave_when,
    leaving_since: name === "critical" ? at(-3_600_000) : null,
    releases: releases(more),
  });
  return {
    costs: [
      cost("deployment", 0.46, { id, service, version, actor, state, url, start: started_at }),
      cost("incident", 0.27, {
        name: `Orders are accepted, 4 Nov 09:30, 1 d ${hostile}`,
        start: at(-20 * day),
        end: at(-19 * day),
      }),
      cost("deployment", 0.04, { ...deployments[3], start: deployments[3].started_at }),
      cost("upstream", 0.11, { service: "settlement" }),
      cost("others", 0.02, { n_costs: 7 }),
      cost("background", 0.1),
    ],
    slos: slos.map(({ id: slo, bad }) => ({
      slo,
      role: slo.startsWith("payment") ? "upstream" : "own",
      bad,
      entries: [
        { ...cost("deployment", 0.6), share: 0.31, bad: bad * 0.6, deployment: deployments[1] },
        {
          ...cost("incident", 0.3, { name: "Orders are accepted, 17 Nov 09:30, 2 h 30 min" }),
          share: 0.15,
          bad: bad * 0.3,
          deployment: null,
        },
        { ...cost("background", 0.1), share: 0.05, bad: bad * 0.1, deployment: null },
      ],
    })),
    dora: {
      deployments: 42,
      deployments_per_day: 1.5,
      lead_time_seconds: 15_137,
      failed: 2,
      change_failure_ratio: 2 / 41,
      recovery_seconds: 1740,
      frozen_seconds: 93_600,
      overrides: [
        {
          gate: "checkout-prod",
          by: "li.wei",
          role: "engineering",
          reason: `The fair opens. ${hostile}`,
          at: at(-5 * day),
        },
      ],
    },
    policy: {
      name: "checkout-policy",
      state: "critical",
      since: at(-2 * day),
      why: "remaining <= 25% (remaining = 18%)",
      states: [
        stateOf("exhausted", "remaining <= 0%", "remaining > 10% for 24h", {
          freeze: { allow: ["fix", "security", "rollback"], scope: "own" },
        }),
        stateOf("critical", "remaining <= 25% or forecast.exhaustion < 3d", "remaining > 30% for 12h", {
          approval: { for: ["feature"], require: "product and engineering" },
          max_deploys_per_day: 2,
          soak_seconds: 3600,
        }),
        stateOf("healthy", "true", null),
      ],
      in_words: {
        "remaining <= 25% (remaining = 18%)": "at most 25 % of the error budget is left (left: 18 %)",
        "remaining <= 0%": "nothing of the error budget is left",
        "remaining > 30% for 12h": "for 12 hours without a pause, more than 30 % of the error budget is left",
      },
      gitlab_freezes: [
        freezeOf("shop%2Fapi", { asked_at: at(-2 * day) }),
        freezeOf("shop%2F%3Cb%3Eweb", { asked_at: at(-60_000), error: `403 Forbidden: ${hostile}` }),
        freezeOf("shop%2Fsoon", {}),
        freezeOf("shop%2Fopen", { wanted: false, asked_at: at(-day) }),
      ],
    },
    policy_changes: [],
  };
}

/** Gates of which every third is closed, every third one warns. */
function gateOf(i) {
  const kind = i % 3;
  const given = {
    id: `o${i}`,
    gate: `gate-${i}`,
    service: "",
    version: "4f2c9e1",
    reason: `The fair opens on Monday. ${hostile}`,
    by: "li.wei",
    role: "engineering",
    created_at: at(-3_600_000),
    expires_at: at(3 * 3_600_000),
  };
  const decisionOf = change => (kind === 1 ? "warn" : kind === 2 || change !== "feature" ? "allow" : "deny");
  return {
    name: i === 1 ? longLabel : ["checkout-prod", "", "search-prod"][i % 3] + (i > 2 ? `-${i}` : ""),
    product: "checkout",
    services: i === 0 ? ["checkout-api", "it's"] : services.slice(0, 2),
    environment: "production",
    deny: ["policy.state == 'exhausted' and change not in [fix, security, rollback]", "alert.firing(severity='page')"],
    warn: ["policy.state == 'critical'", hostile],
    fail_when: ["burn(10m) > 10 and burn(30m) > 10", "budget_debit > 5%"],
    soak_seconds: 1800,
    override: { roles: ["engineering", "product"], needs_reason: true, expires_seconds: 86_400 },
    policy_state: ["exhausted", "critical", "fröhlich"][kind],
    policy_since: at(-day / 2),
    policy_why: reasons[0],
    in_words: {
      "policy.state == 'critical'": "the policy's state is critical",
      "budget_debit > 5%": `the release has spent more than 5 % of the error budget ${hostile}`,
    },
    outlook: ["feature", "fix", "security", "rollback", "config"].map(change => ({
      change,
      decision: decisionOf(change),
      reasons: decisionOf(change) === "allow" ? [] : reasons,
      override: null,
    })),
    active_overrides: kind === 0 ? [given] : [],
    last_evaluation: null,
  };
}

function evaluationOf(i) {
  return {
    id: `e${i}`,
    service: services[i % 2],
    version: i === 1 ? hostile : `4f2c9e${i}`,
    change: ["feature", "fix"][i % 2],
    actor: i === 1 ? longLabel : "li.wei",
    url: i === 1 ? "javascript:alert(1)" : `https://gitlab.example.com/checkout/-/pipelines/${i}`,
    phase: i % 4 === 3 ? "post_deploy" : "pre_deploy",
    dry_run: i === 2,
    decision: ["deny", "allow", "warn", null][i % 4],
    reasons: i % 4 === 0 ? reasons : i === 1 ? [hostile] : [],
    override: null,
    created_at: at(-i * 3_600_000),
  };
}

const marks = {
  exclusions: [{ start: at(-12 * day), end: at(-11.5 * day), name: "repair", reason: `Scheduled repair. ${hostile}` }],
  objectives: [{ at: at(-16 * day), from: "99.5", to: "99.9" }],
};

/** Routes with `n` objectives, and a product for every third of them; `errors` documents that could not be read. */
export function budgets(n, errors = 0) {
  const slos = Array.from({ length: n }, (_, i) => sloOf(i));
  const products = Array.from({ length: Math.ceil(n / 3) }, (_, i) => productOf(i));
  const gates = Array.from({ length: Math.ceil(n / 4) }, (_, i) => gateOf(i));
  const faults = Array.from({ length: errors }, (_, i) => ({
    file: `slo/team-${i}.yml`,
    line: 12 + i,
    column: 7,
    error: i === 0 ? `unknown field "objektives", did you mean "objectives"? ${hostile}` : "target is missing",
    drawn: i === 0 ? `12 |   objektives: []\n   |   ^^^^^^^^^^ ${hostile}` : "",
  }));
  return {
    "**/api/v1/slos": json(slos, errors > 0 ? { errors: faults } : {}),
    "**/api/v1/slos/*": route => {
      const id = decodeURIComponent(new URL(route.request().url()).pathname.split("/").at(-1));
      const found = slos.find(one => one.id === id);
      if (found !== undefined) return json(found)(route);
      const error = `there is no objective ${id}`;
      return route.fulfill({ status: 404, json: { status: "error", errorType: "not_found", error } });
    },
    "**/api/v1/slos/*/burndown*": route => {
      const id = decodeURIComponent(new URL(route.request().url()).pathname.split("/").at(-2));
      const found = slos.find(one => one.id === id);
      const left = found?.budget.remaining_ratio;
      return json(burndown(left), { marks, expected: expected(left ?? 0) })(route);
    },
    "**/api/v1/products": json(products),
    "**/api/v1/products/*": json(products[0] ?? null),
    "**/api/v1/products/*/budget*": json({
      burndown: burndown(products[0]?.budget.remaining_ratio),
      marks,
      expected: expected(products[0]?.budget.remaining_ratio ?? 0),
    }),
    "**/api/v1/products/*/ledger*": json(ledgerOf(slos)),
    "**/api/v1/deployments*": json(n === 0 ? [] : deployments),
    "**/api/v1/deliveries*": json(n === 0 ? [] : toldOf(products[0].name)),
    "**/api/v1/gates*": json(gates),
    "**/api/v1/gates/*": route => {
      const { pathname } = new URL(route.request().url());
      return json(gates.find(({ name }) => pathname.endsWith(name)) ?? gates[0])(route);
    },
    "**/api/v1/gates/*/evaluations*": json(Array.from({ length: n * 2 }, (_, i) => evaluationOf(i))),
  };
}
