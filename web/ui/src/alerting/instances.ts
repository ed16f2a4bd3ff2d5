// What is wrong, as one list: the alerts of our rules, what routing knows of them, and the alerts that others sent us.

import type { AlertingRule, Rule, RuleAlert, RuleGroup, V2Alert } from "../api/alerting";
import { hash } from "../chart/colours";
import { type Labels, labelsKey } from "../format/labels";
import type { StateName } from "../parts/state";
import { type Filter, passes } from "./matchers";

/** `quiet` fires, but is silenced, inhibited or muted: it tells nobody. */
export type InstanceState = "firing" | "pending" | "quiet";

export interface Instance {
  /** Names it in an address. */
  key: string;
  labels: Labels;
  annotations: Labels;
  state: InstanceState;
  sinceMs: number | null;
  /** It would be over, but for `keep_firing_for`. */
  keepsFiring: boolean;
  /** Of the rule's expression; null where another program sent the alert. */
  value: string | null;
  generatorUrl: string;
  /** Null where routing does not have it: it is pending, or nothing is routed here. */
  routed: V2Alert | null;
}

export interface RuleSource {
  file: string;
  group: string;
  rule: AlertingRule;
}

/** All instances of a rule, or of a name that another program sends. */
export interface Fired {
  key: string;
  name: string;
  source: RuleSource | null;
  /** Worst first. */
  instances: Instance[];
}

/** How loud something is, from its `severity`: 0 wakes people. */
export type Loudness = 0 | 1 | 2;

export function loudnessOf(labels: Labels): Loudness {
  const severity = (labels.severity ?? labels.priority ?? "").toLowerCase();
  if (/^(info|information|none|low|debug|notice|p[45])/.test(severity)) return 2;
  return /^(warn|ticket|medium|minor|p3)/.test(severity) ? 1 : 0;
}

/** The sign of an alert: what wakes people, what does not, what waits, what is kept quiet. */
export function stateNameOf({ state, labels }: Instance): StateName {
  if (state === "quiet") return "nodata";
  if (state === "pending") return "caution";
  return loudnessOf(labels) === 0 ? "critical" : "caution";
}

export function firedOf(groups: RuleGroup[], routed: V2Alert[]): Fired[] {
  const ours = new Routed(routed);
  const fired: Fired[] = [];
  for (const group of groups) {
    for (const rule of group.rules) {
      if (rule.type !== "alerting" || rule.alerts.length === 0) continue;
      const source = { file: group.file, group: group.name, rule };
      const instances = rule.alerts.map(alert => ofRule(alert, ours.take(alert.labels)));
      fired.push({ key: ruleKey(source), name: rule.name, source, instances: instances.sort(worstFirst) });
    }
  }
  return [...fired, ...foreign(ours.rest())].sort(loudestFirst);
}

/** Names a rule in an address. */
export function ruleKey({ file, group, rule }: { file: string; group: string; rule: Rule }): string {
  return hash(`${file} ${group} ${rule.name} ${rule.query} ${labelsKey(rule.labels ?? {})}`).toString(36);
}

/** Routing's alerts, found by the labels of a rule's: external labels may have been added to them. */
class Routed {
  private readonly byName = new Map<string, V2Alert[]>();

  constructor(alerts: V2Alert[]) {
    for (const alert of alerts) {
      const name = alert.labels.alertname ?? "";
      const others = this.byName.get(name);
      if (others === undefined) this.byName.set(name, [alert]);
      else others.push(alert);
    }
  }

  take(labels: Labels): V2Alert | null {
    const candidates = this.byName.get(labels.alertname ?? "") ?? [];
    const pairs = Object.entries(labels);
    let best = -1;
    for (const [i, candidate] of candidates.entries()) {
      if (!pairs.every(([name, value]) => candidate.labels[name] === value)) continue;
      const extra = (at: number) => Object.keys(candidates[at]!.labels).length;
      if (best < 0 || extra(i) < extra(best)) best = i;
    }
    return best < 0 ? null : candidates.splice(best, 1)[0]!;
  }

  rest(): V2Alert[] {
    return [...this.byName.values()].flat();
  }
}

function ofRule(alert: RuleAlert, routed: V2Alert | null): Instance {
  const quiet = routed?.status.state === "suppressed";
  return {
    key: hash(labelsKey(alert.labels)).toString(36),
    labels: alert.labels,
    annotations: alert.annotations,
    state: alert.state === "pending" ? "pending" : quiet ? "quiet" : "firing",
    sinceMs: instant(alert.activeAt),
    keepsFiring: instant(alert.keepFiringSince ?? "") !== null,
    value: alert.value,
    generatorUrl: routed?.generatorURL ?? "",
    routed,
  };
}

function foreign(alerts: V2Alert[]): Fired[] {
  const byName = new Map<string, Instance[]>();
  for (const alert of alerts) {
    const name = alert.labels.alertname ?? "";
    const instance: Instance = {
      key: hash(labelsKey(alert.labels)).toString(36),
      labels: alert.labels,
      annotations: alert.annotations,
      state: alert.status.state === "suppressed" ? "quiet" : "firing",
      sinceMs: instant(alert.startsAt),
      keepsFiring: false,
      value: null,
      generatorUrl: alert.generatorURL ?? "",
      routed: alert,
    };
    byName.set(name, [...(byName.get(name) ?? []), instance]);
  }
  return [...byName].map(([name, instances]) => ({
    key: hash(`sent ${name}`).toString(36),
    name,
    source: null,
    instances: instances.sort(worstFirst),
  }));
}

const order: Record<InstanceState, number> = { firing: 0, pending: 1, quiet: 2 };

function worstFirst(a: Instance, b: Instance): number {
  return (
    order[a.state] - order[b.state] ||
    loudnessOf(a.labels) - loudnessOf(b.labels) ||
    (b.sinceMs ?? 0) - (a.sinceMs ?? 0) ||
    compare(labelsKey(a.labels), labelsKey(b.labels))
  );
}

/** By the worst instance: what fires before what waits, what wakes people before what does not. */
function loudestFirst(a: Fired, b: Fired): number {
  const [x, y] = [a.instances[0]!, b.instances[0]!];
  return (
    order[x.state] - order[y.state] ||
    loudnessOf(x.labels) - loudnessOf(y.labels) ||
    compare(a.name, b.name) ||
    Number(a.source === null) - Number(b.source === null) ||
    compare(a.key, b.key)
  );
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Milliseconds; null where there is none, or Go's zero time. */
export function instant(text: string | null | undefined): number | null {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) || ms <= 0 ? null : ms;
}

export type Counts = Record<InstanceState, number>;

export function countsOf(fired: Fired[]): Counts {
  const counts: Counts = { firing: 0, pending: 0, quiet: 0 };
  for (const { instances } of fired) for (const { state } of instances) counts[state] += 1;
  return counts;
}

/** Only the instances that pass, and only the rules that have one. */
export function filtered(fired: Fired[], filter: Filter, state: InstanceState | "all"): Fired[] {
  const shown = ({ labels, annotations, state: own }: Instance) =>
    (state === "all" || own === state) && passes(filter, labels, Object.values(annotations).join(" "));
  return fired
    .map(one => ({ ...one, instances: one.instances.filter(shown) }))
    .filter(one => one.instances.length > 0);
}

export interface Section {
  /** The label that these share, `""` where nothing is to be told apart. */
  by: "product" | "severity" | "";
  /** Its value; empty for those without. */
  value: string;
  fired: Fired[];
}

/** By product where any alert has one, else by severity where there are several; a rule stands wherever it has instances. */
export function sectionsOf(fired: Fired[]): Section[] {
  const values = (name: string) =>
    new Set(fired.flatMap(one => one.instances.map(({ labels }) => labels[name] ?? "")));
  const products = values("product");
  const by =
    products.size > 1 || !products.has("") ? "product" : values("severity").size > 1 ? "severity" : "";
  if (by === "" || fired.length === 0) return fired.length === 0 ? [] : [{ by: "", value: "", fired }];
  const sections = new Map<string, Fired[]>();
  for (const one of fired) {
    for (const value of new Set(one.instances.map(({ labels }) => labels[by] ?? ""))) {
      const instances = one.instances.filter(({ labels }) => (labels[by] ?? "") === value);
      sections.set(value, [...(sections.get(value) ?? []), { ...one, instances }]);
    }
  }
  return [...sections]
    .map(([value, fired]) => ({ by, value, fired: fired.sort(loudestFirst) }) as Section)
    .sort((a, b) => loudestFirst(a.fired[0]!, b.fired[0]!));
}
