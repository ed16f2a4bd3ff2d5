import { expect, it } from "vitest";
import type { Target } from "../../api/types";
import type { Pool } from "../targets/pools";
import { ingestQuery } from "./ingestquery";

const pool = (name: string, scrapeInterval: string): Pool => ({
  name,
  targets: [{ scrapeInterval } as Target],
  counts: { up: 1, down: 0, unknown: 0 },
  dropped: [],
  nDropped: 0,
});

it.each([
  [[], "sum(sum_over_time(scrape_samples_scraped[5m])) / 300"],
  [[pool("a", "15s"), pool("b", "15s")], "sum(scrape_samples_scraped) / 15"],
  [
    [pool("a", "15s"), pool("b.c", "1m"), pool("d", "1m")],
    'sum(scrape_samples_scraped{job=~"a"} / 15 or scrape_samples_scraped{job=~"b\\\\.c|d"} / 60)',
  ],
])("%#", (pools, query) => expect(ingestQuery(pools)).toBe(query));
