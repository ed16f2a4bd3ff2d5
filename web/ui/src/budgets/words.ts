// What budgets say in words.

import type { BudgetState, BurnPair, Forecast, Slo } from "../api/budgets";
import { now } from "../clock";
import { digits } from "../format/number";
import { formatInstant } from "../format/time";
import { zone } from "../preferences";
import { t } from "../texts";
import { tb } from "../texts/budgets";

/** The worst first. */
const order: BudgetState[] = ["exhausted", "critical", "caution", "healthy", "nodata"];

/** By how bad it is, and then by what is left. */
export function byWorst<T extends { state: BudgetState; budget: { remaining_ratio: number | null } }>(
  a: T,
  b: T,
): number {
  const left = (one: T) => one.budget.remaining_ratio ?? Number.POSITIVE_INFINITY;
  return order.indexOf(a.state) - order.indexOf(b.state) || left(a) - left(b);
}

/** How fast the budget burns now: over the shortest window that is watched, or that of the pair that fires. */
export function burnNow(pairs: BurnPair[]): number | null | undefined {
  return (pairs.find(({ firing }) => firing) ?? pairs[0])?.short_burn;
}

/** How urgent, in the reader's language, where it is one that everybody knows. */
export function severityWord(severity: string): string {
  return tb().severities[severity] ?? severity;
}

export function isFiring({ burn }: Slo): boolean {
  return burn.some(({ firing }) => firing);
}

/** A class of change in the reader's language, where it is one that everybody knows. */
export function changeWord(change: string): string {
  const words: Record<string, string> = tb().gates.change;
  return words[change] ?? change;
}

/** A burn rate; null is one without end. */
export function printBurn(rate: number | null | undefined): string {
  if (rate === undefined) return "–";
  return rate === null ? "∞ ×" : `${digits(rate)} ×`;
}

const dayMs = 86_400_000;

export function forecastOf({ exhausted_at, recovers_at, burn }: Forecast, state: BudgetState): string {
  const text = tb().forecast;
  if (state === "nodata") return text.nodata;
  if (exhausted_at !== null && state !== "exhausted") return text.gone(whenOf(exhausted_at));
  if (recovers_at !== null) return text.recovers(whenOf(recovers_at));
  if (state === "exhausted") return text.stays;
  return burn === 0 ? text.quiet : text.none;
}

/** Within a day as a distance, later as a day. */
function whenOf(at: string): string {
  const ms = Date.parse(at);
  if (Math.abs(ms - now.value) < dayMs) return t().relative(Math.round((ms - now.value) / 1000));
  return formatInstant(ms, zone.value).slice(0, 10);
}

/** The share of a measured ratio with the digits that set it apart from its target. */
export function printShare(ratio: number | null): string {
  if (ratio === null) return "–";
  const value = ratio * 100;
  const gap = 100 - value;
  if (gap === 0) return "100 %";
  // Rounded towards the bad: a promise that was just missed does not look kept.
  const decimals = Math.min(7, Math.max(2, 2 - Math.floor(Math.log10(Math.abs(gap)))));
  const scale = 10 ** decimals;
  return `${Math.floor(value * scale + 1e-6) / scale} %`;
}
