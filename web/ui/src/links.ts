// Which page an address means, and what links of other programs say in our words. Alerts and dashboards all over a
// company point at Prometheus's `/graph?g0.expr=…`: such a link opens the same query here.
//
// Parameters of every page: `range` (a duration), `end` (RFC 3339 or Unix seconds; absent: now), `refresh` (a duration or
// `off`). A panel of the query page is `gN.expr`, `gN.tab`, `gN.display_mode`, `gN.y`, `gN.step`, `gN.only`, `gN.sort`.

import { parseInstant } from "./format/time";

export const pages = [
  "home",
  "query",
  "slos",
  "products",
  "gates",
  "reports",
  "alerts",
  "rules",
  "silences",
  "notifications",
  "targets",
  "status",
] as const;
export type Page = (typeof pages)[number];

/** Pages that stand together under one word of the bar, which leads to the first of them. */
export const alertingPages: readonly Page[] = ["alerts", "rules", "silences", "notifications"];
export const budgetPages: readonly Page[] = ["slos", "products", "gates", "reports"];
const together = [alertingPages, budgetPages];

/** The word of the bar under which a page stands. */
export function barPageOf(page: Page): Page {
  return together.find(group => group.includes(page))?.[0] ?? page;
}

/** The words of the bar. */
export const barPages: readonly Page[] = pages.filter(page => barPageOf(page) === page);

/** What the other paths lead to: Prometheus's own page addresses, old and new. */
const aliases: Record<string, [page: Page, params?: Record<string, string>]> = {
  "": ["home"],
  graph: ["query"],
  "slos/new": ["slos", { view: "new" }],
  "service-discovery": ["targets"],
  config: ["status", { section: "configuration" }],
  flags: ["status", { section: "flags" }],
  "tsdb-status": ["status", { section: "storage" }],
};

/** The page and its parameters behind a path below the prefix; page null where there is none. */
export function resolve(path: string, search: string): { page: Page | null; params: URLSearchParams } {
  const name = path.replace(/^\/+|\/+$/g, "");
  const params = new URLSearchParams(search);
  const known = pages.find(page => page === name);
  if (known !== undefined) return { page: known, params: adopt(params) };
  const alias = aliases[name];
  if (alias === undefined) return { page: null, params };
  for (const [key, value] of Object.entries(alias[1] ?? {})) params.set(key, value);
  return { page: alias[0], params: adopt(params) };
}

/** Prometheus keeps time and resolution with each panel; here time is the page's, taken from the first that has one. */
function adopt(given: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams();
  const byPanel: Foreign[] = [];
  for (const [key, value] of given) {
    const found = /^g(\d{1,2})\.(.+)$/.exec(key);
    if (found === null) {
      params.append(key, value);
      continue;
    }
    const [, n, name] = found;
    byPanel[Number(n)] ??= {};
    byPanel[Number(n)]![name!] = value;
  }
  // Numbers need not be consecutive in a link that someone edited by hand.
  const panels = byPanel.filter(panel => panel?.expr !== undefined);
  for (const [i, panel] of panels.entries()) {
    for (const [key, value] of Object.entries(canonical(panel))) params.append(`g${i}.${key}`, value);
  }
  adoptTime(params, panels);
  return params;
}

type Foreign = Record<string, string>;

const tabs: Record<string, string> = {
  "0": "graph",
  "1": "table",
  graph: "graph",
  table: "table",
  explain: "explain",
};

function canonical(panel: Foreign): Record<string, string> {
  const out: Record<string, string> = { expr: panel.expr ?? "" };
  const tab = tabs[panel.tab ?? ""];
  if (tab !== undefined && tab !== "graph") out.tab = tab;
  if (panel.show_tree === "1" && out.tab === undefined) out.tab = "explain";
  if (panel.stacked === "1" || panel.display_mode === "stacked") out.display_mode = "stacked";
  if (panel.y_axis_min === "0") out.y = "zero";
  if (panel.y === "zero" || panel.y === "fit") out.y = panel.y;
  const step = panel.step ?? foreignStep(panel);
  if (step !== undefined && step !== "") out.step = step;
  if (panel.only !== undefined) out.only = panel.only;
  if (panel.sort !== undefined) out.sort = panel.sort;
  return out;
}

function foreignStep(panel: Foreign): string | undefined {
  if (panel.res_type === "auto") return undefined;
  const seconds = Number(panel.res_step ?? panel.step_input);
  return seconds > 0 ? `${seconds}s` : undefined;
}

function adoptTime(params: URLSearchParams, panels: Foreign[]): void {
  const first = (key: string) => panels.find(panel => (panel[key] ?? "") !== "")?.[key];
  const range = first("range_input");
  if (range !== undefined && !params.has("range")) params.set("range", range);
  const end = first("end_input") ?? first("moment_input");
  // Prometheus writes these in UTC, without saying so.
  const endMs = end === undefined ? null : parseInstant(end, "utc");
  if (endMs !== null && !params.has("end")) params.set("end", new Date(endMs).toISOString());
}
