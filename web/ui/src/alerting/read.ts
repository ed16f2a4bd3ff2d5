// What fires, read from the rules and from routing. Either may fail or be missing without the other.

import type { RuleGroup, RuleGroups, V2Alert } from "../api/alerting";
import { getV2, ifThere } from "../api/alertmanager";
import { get, isAbort } from "../api/client";
import { type Fired, firedOf } from "./instances";

export interface Alerting {
  groups: RuleGroup[];
  /** Null where this server routes nothing, or did not say. */
  routed: V2Alert[] | null;
  fired: Fired[];
  /** Why one of the two is missing. */
  error: Error | null;
}

export async function readAlerting(signal: AbortSignal): Promise<Alerting> {
  const rules = get<RuleGroups>("rules", { type: "alert" }, signal);
  const alerts = ifThere(() => getV2<V2Alert[]>("alerts", {}, signal));
  const [ruled, routed] = await Promise.allSettled([rules, alerts]);
  const errors = [ruled, routed].flatMap(one => (one.status === "rejected" ? [one.reason as Error] : []));
  if (errors.length === 2 || errors.some(isAbort)) throw errors[0];
  const groups = ruled.status === "fulfilled" ? ruled.value.data.groups : [];
  const known = routed.status === "fulfilled" ? routed.value : null;
  return { groups, routed: known, fired: firedOf(groups, known ?? []), error: errors[0] ?? null };
}
