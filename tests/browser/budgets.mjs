// Answers about budgets that are made up: as many objectives as are wanted, in every state, and products that take them
// together. Shapes are those of `/api/v1/slos` and `/api/v1/products`.

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
    ...measured(i),
  };
}

function burndown() {
  return Array.from({ length: 200 }, (_, i) => ({
    at: at(-28 * day + (i * 28 * day) / 199),
    remaining_ratio: i < 5 ? null : 1 - i / 250 - (i > 120 ? 0.3 : 0),
    bad: i,
    total: 1000 * i,
    allowed: i + 3,
  }));
}

/** Routes with `n` objectives, and a product for every third of them; `errors` documents that could not be read. */
export function budgets(n, errors = 0) {
  const slos = Array.from({ length: n }, (_, i) => sloOf(i));
  const products = Array.from({ length: Math.ceil(n / 3) }, (_, i) => productOf(i));
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
    "**/api/v1/slos/*/burndown*": json(burndown()),
    "**/api/v1/products": json(products),
    "**/api/v1/products/*": json(products[0] ?? null),
  };
}
