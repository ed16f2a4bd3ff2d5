// The texts of budgets in English.

import type { BudgetState } from "../api/budgets";

const plural = (n: number, one: string, many: string) =>
  `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;

const states: Record<BudgetState, string> = {
  nodata: "No data",
  healthy: "Healthy",
  caution: "Caution",
  critical: "Critical",
  exhausted: "Exhausted",
};

export const budgetsEn = {
  tabsLabel: "Pages of budgets",
  state: states,
  filter: "Filter by name, service or product",
  filterLabel: "Filter",
  stateLabel: "State",
  any: "All",
  showAll: "Show all",
  back: "All objectives",
  backToProducts: "All products",

  events: (n: string, unit: string) => (unit === "slices" ? `${n} slices` : `${n} events`),
  unit: { events: "events", slices: "time slices" } as Record<string, string>,
  severities: { page: "Page", ticket: "Ticket" } as Record<string, string>,

  slos: {
    failed: "The objectives could not be read",
    missing: "This server keeps no error budgets.",
    missingDo: "It is no narthex, or one from before budgets.",
    none: "No objective yet.",
    make: "New SLO",
    makeHere: "makes one from a metric: what it would have meant for the past is shown first. So does",
    noneDo:
      "Or write one as OpenSLO v1, or bring those of Sloth or Pyrra, and name the file in prometheus.yml:",
    noneExample: "narthex:\n  slo_files: [slo/*.yml]",
    noneCheck: "narthex slo check FILE says what is wrong in it, with the line.",
    noneMatch: "No objective matches.",
    sentence: (n: number, exhausted: number, burning: number) =>
      n === 0
        ? ""
        : [
            plural(n, "objective", "objectives"),
            exhausted > 0 ? `${exhausted} without budget` : "",
            burning > 0 ? `${burning} burning too fast` : "",
            exhausted + burning === 0 ? "all promises are kept" : "",
          ]
            .filter(Boolean)
            .join(" · "),
    errors: (n: number) => plural(n, "document could not be read", "documents could not be read"),
    objective: "Objective",
    left: "Budget left",
    sli: "Measured",
    target: "Promised",
    burn: "Burn rate",
    burnHint: "How fast the budget burns now: 1 is exactly as fast as it lasts.",
    forecast: "Forecast",
    covered: "Measured time",
    noProduct: "No product",
    failing: "query fails",
  },

  forecast: {
    none: "lasts beyond the window",
    quiet: "nothing burns now",
    stays: "stays spent at this pace",
    gone: (when: string) => `gone ${when} at this pace`,
    recovers: (when: string) => `something is left again ${when}`,
    nodata: "nothing to tell from",
  },

  slo: {
    failed: "The objective could not be read",
    unknown: (id: string) => `There is no objective called ${id}.`,
    left: "of the budget left",
    overdrawn: "more was spent than there was",
    promise: (percent: string, unit: string, length: string, rolling: boolean) =>
      `${percent} % of all ${unit} are good over ${rolling ? `any ${length}` : `each period of ${length}`}.`,
    tiles: {
      sli: "Measured",
      spent: "Bad",
      allowed: "Allowed",
      remaining: "May still fail",
      total: "All",
      coverage: "Measured time",
      window: "Window",
    },
    whatIf: "What if another were promised",
    burndown: "Budget left over time",
    burndownFailed: "What was left along time could not be read",
    burndownNone: "Nothing was counted in this time yet.",
    leftLine: "left",
    evenLine: "even spending",
    forecastLine: "at this pace",
    bestLine: "at best",
    worstLine: "at worst",
    between: "Between best and worst",
    marks: {
      deployment: "Deployment",
      incident: "Incident",
      exclusion: "Not counted",
      objective: "Another promise",
    },
    incident: (name: string, share: string) =>
      `Incident: ${[name, `${share} of the budget`].filter(Boolean).join(" · ")}`,
    promised: (from: string, to: string) => `Promise: ${from} % → ${to} %`,
    asTable: "As a table",
    when: "When",
    happened: "What happened",
    burns: "Who is told, and when",
    burnsNone: "Nobody is told when this budget burns: the objective has no alert policy.",
    severity: "Urgency",
    windows: "Windows",
    factor: "Told above",
    long: "Long",
    short: "Short",
    detects: "A total outage is told after",
    never: "never: the target is too low for this pair",
    firing: "Fires",
    quiet: "Quiet",
    toldAs: (severity: string) => `told as ${severity.toLowerCase()}: few events`,
    uncounted: "First values that were not counted",
    uncountedWhy:
      "Nobody knows whether these series began at zero: they were there when narthex first saw their target, or after a gap.",
    uncountedMore: (n: string) => `and ${n} more`,
    failing: {
      what: "A query of this objective fails. Nothing is counted of it since",
      todo: "It is asked again at each tick, and goes on from there once it works. Ask it yourself at that time: mend the query in the spec file, or bring back what it needs.",
      ask: "Ask it",
    },
    series: "Series",
    value: "Value",
    seen: "First seen",
    evaluation: {
      exact: "Counted exactly from raw counters.",
      sampled: "Sampled by a query at each tick: the indicator is no sum of counters.",
      composite: "Made of other objectives.",
    } as Record<string, string>,
    low: (percent: string) =>
      `Only ${percent} of the time was measured; what was not is neither good nor bad.`,
    review: (day: string) => `To be looked at again by ${day}.`,
    service: "Service",
    product: "Product",
    alerts: "Its alerts",
    query: "Its series",
  },

  products: {
    failed: "The products could not be read",
    none: "No product yet.",
    noneDo:
      "A product takes the objectives of its services together into one budget. Write a document of kind Product (narthex/v1) beside them.",
    sentence: (n: number, exhausted: number) =>
      n === 0
        ? ""
        : `${plural(n, "product", "products")}${exhausted > 0 ? ` · ${exhausted} without budget` : " · each has budget left"}`,
    unknown: (name: string) => `There is no product called ${name}.`,
    report: "Report",
    components: "What makes its budget",
    role: { own: "own", upstream: "upstream" } as Record<string, string>,
    roleTitle: "Whose",
    bad: "Bad",
    method: {
      events: "Bad events of all objectives over events of all.",
      anyBad: "A slice of time is bad where any objective's is.",
      weightedBurn: "The objectives' burn rates, each by its weight.",
      series: "A user needs all of them, one after the other.",
    } as Record<string, string>,
    owners: "Product",
    engineers: "Engineering",
    policy: "Policy",
    informational: "Shown, and not counted",
    burn: "Burn rates",
  },

  ledger: {
    failed: "What spent the budget could not be read",
    title: "Where the budget went",
    nothing: "Nothing was spent.",
    what: "What",
    share: "Share of all bad",
    ofBudget: "Of a budget",
    all: "All",
    postmortem: "post-mortem due",
    kind: {
      deployment: "Deployment",
      incident: "Incident",
      upstream: "Upstream",
      others: "Others",
      background: "Background",
    },
    others: (n: number) => plural(n, "cheaper one", "cheaper ones"),
    felt: (who: string) => `felt by ${who}`,
    allUpstream: (product: string, service: string) =>
      `${product} leans on ${service}: the ledger of ${product} has all of this as upstream.`,
  },

  result: {
    started: "under way",
    succeeded: "succeeded",
    failed: "failed",
    rolled_back: "rolled back",
  },

  deployments: {
    title: "Deployments",
    none: "None was reported in this window. `narthex deploy` in the pipeline does, or a webhook of GitLab or Jenkins.",
    when: "When",
    what: "What",
    change: "Class",
    by: "By",
    result: "Result",
    cost: "Cost",
  },

  policy: {
    title: "Policy",
    none: "No policy was agreed for this product: a spent budget changes nothing.",
    unknown: "Not known yet",
    since: "since",
    why: "Why",
    better: "Left when",
    worse: (state: string) => `${state} when`,
    holds: (time: string) => `It has held for ${time}.`,
    comma: ", ",
    open: "Releases are open.",
    frozen: (but: string) => `Releases are frozen${but === "" ? "" : `, but for ${but}`}.`,
    approval: (what: string, whose: string) =>
      `A word of ${whose} is needed${what === "" ? "" : ` for: ${what}`}.`,
    slow: (n: number) => `At most ${plural(n, "release", "releases")} a day.`,
    soak: (time: string) => `Each is watched for ${time}.`,
    asked: "What it asks for",
    done: "What was done",
    toldFailed: "Whom the policy told could not be read",
    entered: "entered",
    left: "left",
    freezing: { done: "Frozen", waiting: "To be frozen", failed: "Not frozen" },
    opening: { done: "Open again", waiting: "To be opened", failed: "Not open again" },
  },

  dora: {
    title: "Speed next to safety",
    frequency: "Deployments",
    perDay: (n: string) => `${n} a day`,
    number: (n: number) => `${n} in all`,
    lead: "From commit to users",
    failures: "Changes that failed",
    recovery: "Until the next good one",
    frozen: "Frozen",
    override: (gate: string, by: string) => `${gate} was overridden by ${by || "somebody"}:`,
  },

  gates: {
    failed: "The gates could not be read",
    failedOne: "The gate could not be read",
    none: "No gate yet.",
    noneDo:
      "A gate tells a pipeline whether the error budget lets a release go out. Write a document of kind ReleaseGate (narthex/v1) beside the objectives.",
    noneMatch: "No gate matches.",
    unknown: (name: string) => `There is no gate called ${name}.`,
    back: "All gates",
    ofProduct: "Its gates",
    sentence: (n: number, closed: number) =>
      n === 0
        ? ""
        : `${plural(n, "gate", "gates")} · ${closed > 0 ? `${closed} would keep something back now` : "all are open"}`,
    asked: (services: string, environment: string) => `Releases of ${services} to ${environment} ask here.`,
    gate: "Gate",
    why: "Why",
    change: {
      feature: "Feature",
      fix: "Fix",
      security: "Security",
      rollback: "Rollback",
      config: "Configuration",
    },
    decision: { allow: "Allow", warn: "Warn", deny: "Deny", unknown: "Unknown" },
    now: {
      allow: "Open",
      warn: "Open, with a warning",
      deny: "Closed for features",
      unknown: "Nobody knows",
    },
    watched: "Watched",
    outlook: "What it would say now",
    nothingAgainst: "Nothing speaks against it.",
    overrides: "Overrides in force",
    lets: (what: string) => `lets ${what || "every release"} through, ends`,
    decisions: "What it said",
    noDecisions: "Nobody has asked yet.",
    said: "Decision",
    dryRun: "dry run",
    afterwards: "after the release",
    ask: "How a pipeline asks",
    shell: "Shell",
    exits: "Exit 0 allows, 10 warns, 20 denies, 30 says that nobody knows, 3 that the server is not there.",
    conditions: "What is agreed",
    denies: "Denies when",
    warns: "Warns when",
    fails: (soak: string) => `Fails within ${soak} when`,
    overriders: "May override",
    anyOperator: "any operator",
  },

  overriding: {
    button: "Override",
    title: "Override the gate",
    what: (gate: string) =>
      `Releases go out although ${gate} says no. Who, as what and why is kept and shown.`,
    reason: "Reason",
    needsReason: "This gate asks for a reason.",
    service: "Service",
    version: "Version",
    all: "All",
    role: "As",
    submit: "Override",
    failed: "The gate was not overridden",
    done: (span: string) => `Overridden for ${span}.`,
  },

  home: {
    title: "Budgets",
    all: (n: number) => `All ${n} products`,
  },
};
