import { expect, it } from "vitest";
import { barPageOf, barPages, resolve } from "./links";

/** A link, the page it opens, and what its parameters become. */
function check(link: string, page: string | null, params: Record<string, string>) {
  const [path, search = ""] = link.split("?");
  const found = resolve(path!, search);
  expect(found.page).toBe(page);
  expect(Object.fromEntries(found.params)).toEqual(params);
}

it.each<[string, string | null, Record<string, string>]>([
  ["", "home", {}],
  ["query", "query", {}],
  ["query/", "query", {}],
  ["nothing", null, {}],
  ["rules", "rules", {}],
  ["silences?state=expired", "silences", { state: "expired" }],
  ["config", "status", { section: "configuration" }],
  ["tsdb-status", "status", { section: "storage" }],
  ["targets?q=node&range=2h", "targets", { q: "node", range: "2h" }],
  ["graph?g0.expr=up&g0.tab=1", "query", { "g0.expr": "up", "g0.tab": "table" }],
  ["graph?g0.expr=up&g0.tab=0&g0.stacked=1", "query", { "g0.expr": "up", "g0.display_mode": "stacked" }],
  [
    "query?g0.expr=up&g0.show_tree=0&g0.tab=graph&g0.range_input=2h&g0.end_input=2026-11-24%2010:00:00&g0.res_type=fixed&g0.res_step=30&g0.display_mode=lines&g0.show_exemplars=0",
    "query",
    { "g0.expr": "up", "g0.step": "30s", range: "2h", end: "2026-11-24T10:00:00.000Z" },
  ],
  [
    "graph?g0.expr=a&g0.step_input=15&g0.y_axis_min=0",
    "query",
    { "g0.expr": "a", "g0.step": "15s", "g0.y": "zero" },
  ],
  ["graph?g1.expr=b&g7.expr=c&g7.range_input=1d", "query", { "g0.expr": "b", "g1.expr": "c", range: "1d" }],
  ["query?g0.expr=a&g0.range_input=2h&range=5m", "query", { "g0.expr": "a", range: "5m" }],
  ["query?g0.tab=table", "query", {}],
  ["graph?g0.expr=", "query", { "g0.expr": "" }],
])("%s", check);

it("keeps what stands under Alerts and SLOs out of the bar", () => {
  expect(barPages).toEqual(["home", "query", "slos", "alerts", "targets", "status"]);
  expect(barPageOf("silences")).toBe("alerts");
  expect(barPageOf("targets")).toBe("targets");
});
