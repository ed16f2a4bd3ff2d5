import { expect, it } from "vitest";
import type { AlertingRule, RuleGroup, V2Alert } from "../api/alerting";
import type { Labels } from "../format/labels";
import { countsOf, filtered, firedOf, loudnessOf, sectionsOf } from "./instances";
import { parseFilter } from "./matchers";

const zero = "0001-01-01T00:00:00Z";

function group(...rules: [name: string, state: "firing" | "pending", labels: Labels[]][]): RuleGroup {
  return {
    name: "g",
    file: "rules.yml",
    interval: 15,
    evaluationTime: 0.01,
    lastEvaluation: "2026-11-28T10:00:00Z",
    rules: rules.map(([name, state, sets]): AlertingRule => {
      const alerts = sets.map(labels => ({
        labels: { alertname: name, ...labels },
        annotations: {},
        state,
        activeAt: "2026-11-28T10:00:00Z",
        keepFiringSince: zero,
        value: "1e+00",
      }));
      const rest = {
        health: "ok" as const,
        evaluationTime: 0,
        lastEvaluation: zero,
        duration: 60,
        keepFiringFor: 0,
      };
      return { type: "alerting", name, query: "up == 0", state, alerts, ...rest };
    }),
  };
}

function routed(labels: Labels, state: "active" | "suppressed" = "active"): V2Alert {
  return {
    labels,
    annotations: {},
    startsAt: "2026-11-28T10:01:00Z",
    endsAt: "2026-11-28T10:05:00Z",
    updatedAt: "2026-11-28T10:01:00Z",
    fingerprint: "0123456789abcdef",
    receivers: [{ name: "ops" }],
    status: { state, silencedBy: state === "active" ? [] : ["s"], inhibitedBy: [], mutedBy: [] },
  };
}

it("joins a rule's alert with the one that routing has, external labels or not", () => {
  const groups = [group(["Down", "firing", [{ instance: "a" }, { instance: "b" }]])];
  const fired = firedOf(groups, [
    routed({ alertname: "Down", instance: "b", cluster: "north" }, "suppressed"),
    routed({ alertname: "Down", instance: "a", cluster: "north" }),
    routed({ alertname: "Down", instance: "a", cluster: "north", extra: "x" }),
    routed({ alertname: "Sent", from: "elsewhere" }),
  ]);
  const seen = fired.map(one => [one.name, one.source !== null, one.instances.map(({ state }) => state)]);
  expect(seen).toEqual([
    ["Down", true, ["firing", "quiet"]],
    // What is more than the rule's came from somebody else.
    ["Down", false, ["firing"]],
    ["Sent", false, ["firing"]],
  ]);
  expect(fired[0]!.instances[0]!.routed?.labels.cluster).toBe("north");
  expect(fired[0]!.instances[0]!.keepsFiring).toBe(false);
  expect(countsOf(fired)).toEqual({ firing: 3, pending: 0, quiet: 1 });
});

it("puts what fires and wakes people first", () => {
  const groups = [
    group(
      ["Waits", "pending", [{ severity: "page" }]],
      ["Low", "firing", [{ severity: "info" }]],
      ["Warns", "firing", [{ severity: "warning" }]],
      ["Pages", "firing", [{ severity: "page" }]],
    ),
  ];
  expect(firedOf(groups, []).map(({ name }) => name)).toEqual(["Pages", "Warns", "Low", "Waits"]);
});

it.each<[Labels, number]>([
  [{}, 0],
  [{ severity: "critical" }, 0],
  [{ severity: "Warning" }, 1],
  [{ severity: "info" }, 2],
  [{ priority: "P4" }, 2],
])("loudness of %o", (labels, want) => expect(loudnessOf(labels)).toBe(want));

it.each<[string, Labels[], string[]]>([
  ["nothing to tell apart", [{ instance: "a" }, { instance: "b" }], ["/"]],
  ["severities", [{ severity: "warning" }, { severity: "page" }], ["severity/page", "severity/warning"]],
  ["products", [{ product: "shop" }, { severity: "page" }], ["product/", "product/shop"]],
])("sections: %s", (_, sets, want) => {
  const sections = sectionsOf(firedOf([group(["A", "firing", sets])], []));
  expect(sections.map(({ by, value }) => `${by}/${value}`).sort()).toEqual(want.sort());
  expect(sections.flatMap(({ fired }) => fired.flatMap(one => one.instances)).length).toBe(sets.length);
});

it("filters by matcher, word and state", () => {
  const fired = firedOf(
    [group(["Down", "firing", [{ team: "a" }, { team: "b" }]], ["Slow", "pending", [{ team: "a" }]])],
    [],
  );
  const names = (typed: string, state: "all" | "firing" | "pending" | "quiet") =>
    filtered(fired, parseFilter(typed), state).map(({ name, instances }) => `${name} ${instances.length}`);
  expect(names("", "all")).toEqual(["Down 2", "Slow 1"]);
  expect(names('team="a"', "all")).toEqual(["Down 1", "Slow 1"]);
  expect(names("slow", "all")).toEqual(["Slow 1"]);
  expect(names("", "pending")).toEqual(["Slow 1"]);
  expect(names("", "quiet")).toEqual([]);
});
