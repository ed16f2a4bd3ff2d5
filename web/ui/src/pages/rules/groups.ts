// Rule groups, those with a mistake first, and which of their rules are shown.

import { ruleKey } from "../../alerting/instances";
import type { Rule, RuleGroup } from "../../api/alerting";
import { selectorOf } from "../../format/labels";

export const kinds = ["all", "failing", "alerting", "recording"] as const;
export type Kind = (typeof kinds)[number];

export interface Group extends RuleGroup {
  /** Names it in a series: `FILE;GROUP`. */
  id: string;
  nFailing: number;
}

export function groupsOf(groups: RuleGroup[]): Group[] {
  return groups
    .map(group => ({
      ...group,
      id: `${group.file};${group.name}`,
      nFailing: group.rules.filter(({ health }) => health === "err").length,
    }))
    .sort(
      (a, b) =>
        Number(b.nFailing > 0) - Number(a.nFailing > 0) || compare(a.file, b.file) || compare(a.name, b.name),
    );
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

export function keyOf({ file, name }: RuleGroup, rule: Rule): string {
  return ruleKey({ file, group: name, rule });
}

export function isShown(rule: Rule, group: RuleGroup, kind: Kind, words: string[]): boolean {
  if (kind === "failing" ? rule.health !== "err" : kind !== "all" && rule.type !== kind) return false;
  if (words.length === 0) return true;
  const all =
    `${rule.name} ${rule.query} ${selectorOf(rule.labels ?? {})} ${group.name} ${group.file} ${rule.lastError ?? ""}`.toLowerCase();
  return words.every(word => all.includes(word));
}

/** What of its interval an evaluation takes; 1 is all of it. */
export function shareOf({
  evaluationTime,
  interval,
}: Pick<RuleGroup, "evaluationTime" | "interval">): number {
  return interval > 0 ? evaluationTime / interval : 0;
}
