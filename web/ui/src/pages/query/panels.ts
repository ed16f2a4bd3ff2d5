// The panels of the query page, as they stand in the address: `g0.expr`, `g0.tab`, … A panel's id lives only here; it
// keeps a panel's picture with it when one before it is removed.

import { computed } from "@preact/signals";
import { parseDuration, printDuration } from "../../format/duration";
import { type Params, place, setParams } from "../../router";

export type Tab = "graph" | "table" | "explain";
export type Zero = "auto" | "zero" | "fit";
export type SortKey = "last" | "min" | "mean" | "max";

export interface Panel {
  id: number;
  expr: string;
  tab: Tab;
  stacked: boolean;
  zero: Zero;
  /** Distance of two points, or null for what suits the width. */
  stepMs: number | null;
  /** Hashes of the series that are shown alone; empty shows all. */
  only: string[];
  /** The legend's column, and whether the greatest comes first; null as narthex answered. */
  sort: { by: SortKey; down: boolean } | null;
}

export type Shown = Omit<Panel, "id" | "expr">;

const fresh: Shown = { tab: "graph", stacked: false, zero: "auto", stepMs: null, only: [], sort: null };
export const mostPanels = 26;

let ids: number[] = [];
let nextId = 0;

export const panels = computed<Panel[]>(() => {
  const found = readPanels(place.value.params);
  while (ids.length < found.length) ids.push(nextId++);
  ids = ids.slice(0, found.length);
  return found.map((panel, i) => ({ id: ids[i]!, ...panel }));
});

/** At least one, perhaps empty. */
export function readPanels(params: URLSearchParams): Omit<Panel, "id">[] {
  const found: Omit<Panel, "id">[] = [];
  for (let i = 0; i < mostPanels && params.has(`g${i}.expr`); i++) found.push(readPanel(params, i));
  return found.length > 0 ? found : [{ ...fresh, expr: "" }];
}

function readPanel(params: URLSearchParams, i: number): Omit<Panel, "id"> {
  const given = (key: string) => params.get(`g${i}.${key}`);
  const tab = given("tab");
  const y = given("y");
  const sort = /^(-?)(last|min|mean|max)$/.exec(given("sort") ?? "");
  return {
    expr: given("expr") ?? "",
    tab: tab === "table" || tab === "explain" ? tab : "graph",
    stacked: given("display_mode") === "stacked",
    zero: y === "zero" || y === "fit" ? y : "auto",
    stepMs: parseDuration(given("step") ?? ""),
    only: (given("only") ?? "").split(",").filter(Boolean),
    sort: sort === null ? null : { by: sort[2] as SortKey, down: sort[1] === "-" },
  };
}

/** The panels as parameters; what is as usual is left out. */
export function writePanels(list: Omit<Panel, "id">[]): Params {
  const params: Params = {};
  for (const [i, panel] of list.entries()) {
    const put = (key: string, value: string | null) => {
      if (value !== null && value !== "") params[`g${i}.${key}`] = value;
    };
    params[`g${i}.expr`] = panel.expr;
    put("tab", panel.tab === "graph" ? null : panel.tab);
    put("display_mode", panel.stacked ? "stacked" : null);
    put("y", panel.zero === "auto" ? null : panel.zero);
    put("step", panel.stepMs === null ? null : printDuration(panel.stepMs));
    put("only", panel.only.join(","));
    put("sort", panel.sort === null ? null : `${panel.sort.down ? "-" : ""}${panel.sort.by}`);
  }
  return params;
}

export function changePanel(
  id: number,
  change: Partial<Omit<Panel, "id">>,
  how: "push" | "replace" = "replace",
): void {
  show(
    panels.peek().map(panel => (panel.id === id ? { ...panel, ...change } : panel)),
    how,
  );
}

export function addPanel(after?: Panel): void {
  const list = panels.peek();
  const at = after === undefined ? list.length : list.indexOf(after) + 1;
  ids = ids.toSpliced(at, 0, nextId++);
  show(
    list.toSpliced(at, 0, after === undefined ? { ...fresh, expr: "", id: -1 } : { ...after, id: -1 }),
    "push",
  );
}

export function removePanel(id: number): void {
  ids = ids.filter(other => other !== id);
  show(
    panels.peek().filter(panel => panel.id !== id),
    "push",
  );
}

function show(list: Panel[], how: "push" | "replace"): void {
  const old: Params = {};
  for (const key of place.peek().params.keys()) if (/^g\d+\./.test(key)) old[key] = null;
  setParams({ ...old, ...writePanels(list) }, how);
}
