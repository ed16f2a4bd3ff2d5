import { expect, it } from "vitest";
import type { Health, Target } from "../../api/types";
import { matches, poolsOf, scrapedAt } from "./pools";

function target(pool: string, instance: string, health: Health, lastError = ""): Target {
  return {
    discoveredLabels: {},
    labels: { instance, job: pool },
    scrapePool: pool,
    scrapeUrl: `http://${instance}/metrics`,
    globalUrl: "",
    lastError,
    lastScrape: "0001-01-01T00:00:00Z",
    lastScrapeDuration: 0,
    health,
    scrapeInterval: "15s",
    scrapeTimeout: "10s",
  };
}

it("puts the worst pool first, and the worst target first in it", () => {
  const pools = poolsOf({
    activeTargets: [
      target("a", "a1", "up"),
      target("b", "b10", "up"),
      target("b", "b2", "up"),
      target("b", "b1", "down"),
      target("c", "c1", "down"),
    ],
    droppedTargets: [{ discoveredLabels: {}, scrapePool: "d" }],
    droppedTargetCounts: { d: 7 },
  });
  expect(pools.map(pool => pool.name)).toEqual(["c", "b", "a", "d"]);
  expect(pools[1]!.targets.map(one => one.labels.instance)).toEqual(["b1", "b2", "b10"]);
  expect(pools[1]!.counts).toEqual({ up: 2, down: 1, unknown: 0 });
  expect(pools[3]).toMatchObject({ targets: [], nDropped: 7 });
});

it.each([
  ["", "all", "", true],
  ["HOST refused", "all", "", true],
  ["host absent", "all", "", false],
  ["", "up", "", false],
  ["", "down", "pool", true],
  ["", "down", "other", false],
] as const)("%j %s %j", (text, health, pool, found) =>
  expect(matches(target("pool", "host:80", "down", "connection refused"), { text, health, pool })).toBe(
    found,
  ),
);

it("knows never from a time", () => {
  expect(scrapedAt(target("a", "b", "unknown"))).toBeNull();
  expect(scrapedAt({ ...target("a", "b", "up"), lastScrape: "2026-11-24T00:00:00Z" })).toBe(
    Date.UTC(2026, 10, 24),
  );
});
