// The query for samples scraped per second.

import { parseDuration } from "../../format/duration";
import { quote } from "../../format/labels";
import type { Pool } from "../targets/pools";

/** With more different intervals than this the sum would be longer than it is worth. */
const mostIntervals = 8;

/** Each pool's samples by its own interval; a pool is called like its job unless someone relabelled that. */
export function ingestQuery(pools: Pool[]): string {
  const jobs = new Map<number, string[]>();
  for (const pool of pools) {
    const ms = parseDuration(pool.targets[0]?.scrapeInterval ?? "");
    if (ms !== null) jobs.set(ms / 1000, [...(jobs.get(ms / 1000) ?? []), pool.name]);
  }
  const intervals = [...jobs.keys()];
  if (intervals.length === 1) return `sum(scrape_samples_scraped) / ${intervals[0]}`;
  if (intervals.length === 0 || intervals.length > mostIntervals) {
    return "sum(sum_over_time(scrape_samples_scraped[5m])) / 300";
  }
  const terms = [...jobs].map(
    ([seconds, names]) => `scrape_samples_scraped{job=~${quote(names.map(literal).join("|"))}} / ${seconds}`,
  );
  return `sum(${terms.join(" or ")})`;
}

/** A name as a regular expression that matches only it. */
function literal(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
