// Targets in their pools, worst first.

import type { DroppedTarget, Health, Target, Targets } from "../../api/types";
import { selectorOf } from "../../format/labels";

export interface Pool {
  name: string;
  targets: Target[];
  /** How many of all targets of the pool are up, down or not scraped yet, whatever is filtered. */
  counts: Record<Health, number>;
  dropped: DroppedTarget[];
  nDropped: number;
}

export interface Filter {
  text: string;
  health: Health | "all";
  /** Only this pool; empty for all. */
  pool: string;
}

export function poolsOf(answer: Targets): Pool[] {
  const pools = new Map<string, Pool>();
  const poolOf = (name: string) => {
    const known = pools.get(name);
    if (known !== undefined) return known;
    const pool = { name, targets: [], counts: { up: 0, down: 0, unknown: 0 }, dropped: [], nDropped: 0 };
    pools.set(name, pool);
    return pool;
  };
  for (const target of answer.activeTargets) {
    const pool = poolOf(target.scrapePool);
    pool.targets.push(target);
    pool.counts[target.health] += 1;
  }
  for (const target of answer.droppedTargets ?? []) poolOf(target.scrapePool).dropped.push(target);
  for (const [name, n] of Object.entries(answer.droppedTargetCounts ?? {})) poolOf(name).nDropped = n;
  for (const pool of pools.values()) pool.targets.sort(byHealth);
  return [...pools.values()].sort(worstFirst);
}

const order: Record<Health, number> = { down: 0, unknown: 1, up: 2 };

function byHealth(a: Target, b: Target): number {
  return order[a.health] - order[b.health] || compare(nameOf(a), nameOf(b));
}

/** By the share that is down; pools without a trouble by name. */
function worstFirst(a: Pool, b: Pool): number {
  const share = ({ counts, targets }: Pool) => (targets.length === 0 ? 0 : counts.down / targets.length);
  return share(b) - share(a) || b.counts.unknown - a.counts.unknown || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Every word must stand somewhere in the target: its address, labels, pool or error. */
export function matches(target: Target, { text, health, pool }: Filter): boolean {
  if (health !== "all" && target.health !== health) return false;
  if (pool !== "" && target.scrapePool !== pool) return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const all =
    `${target.scrapeUrl} ${selectorOf(target.labels)} ${target.scrapePool} ${target.lastError}`.toLowerCase();
  return words.every(word => all.includes(word));
}

export function nameOf(target: Target): string {
  return target.labels.instance ?? target.scrapeUrl;
}

/** Go's zero time: never. */
export function scrapedAt(target: Target): number | null {
  const ms = Date.parse(target.lastScrape);
  return Number.isNaN(ms) || ms <= 0 ? null : ms;
}
