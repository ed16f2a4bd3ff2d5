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

  slos: {
    failed: "The objectives could not be read",
    missing: "This server keeps no error budgets.",
    missingDo: "It is no narthex, or one from before budgets.",
    none: "No objective yet.",
    noneDo: "Write one as OpenSLO v1, or bring those of Sloth or Pyrra, and name the file in prometheus.yml:",
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
  },

  forecast: {
    none: "lasts beyond the window",
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
    burndown: "Budget left over time",
    burndownFailed: "What was left along time could not be read",
    burndownNone: "Nothing was counted in this time yet.",
    leftLine: "left",
    evenLine: "even spending",
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
    toldAs: (severity: string) => `told as ${severity}: few events`,
    uncounted: "First values that were not counted",
    uncountedWhy:
      "Nobody knows whether these series began at zero: they were there when narthex first saw their target, or after a gap.",
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

  home: {
    title: "Budgets",
    all: (n: number) => `All ${n} products`,
  },
};
