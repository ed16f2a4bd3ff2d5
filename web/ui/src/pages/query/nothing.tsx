// Why a query found nothing: a metric that does not exist, or the matcher that leaves none of its series. narthex is asked
// only when there was nothing to show.

import { useEffect, useState } from "preact/hooks";
import { get } from "../../api/client";
import { cutMiddle, quote, quoteName, selectorOf } from "../../format/labels";
import { type Matcher, type Node, parse, walk } from "../../promql/ast";
import { href } from "../../router";
import { nearest } from "../../shell/find";
import { t } from "../../texts";
import { range } from "../../time/range";

type Reason =
  | { kind: "metric"; name: string; meant: string | null }
  | { kind: "matcher"; name: string; matcher: string; label: string; values: string[] }
  | { kind: "window"; name: string }
  | { kind: "filtered" };

export function Nothing({ expr, stale }: { expr: string; stale: boolean }) {
  const [reason, setReason] = useState<Reason | null>(null);
  const { lengthMs, endMs } = range.value;
  useEffect(() => {
    const abort = new AbortController();
    setReason(null);
    find(expr, lengthMs, endMs, abort.signal).then(setReason, () => {});
    return () => abort.abort();
  }, [expr, lengthMs, endMs]);
  const text = t().nothing;
  return (
    <div class={stale ? "empty stale" : "empty"}>
      <p class="why">{text.title}</p>
      <Because reason={reason} />
    </div>
  );
}

function Because({ reason }: { reason: Reason | null }) {
  const text = t().nothing;
  if (reason === null) return <p>&nbsp;</p>;
  if (reason.kind === "metric") {
    const { name, meant } = reason;
    return (
      <p>
        {text.noMetric(cutMiddle(name, 80))}{" "}
        {meant !== null && (
          <>
            {text.meant} <a href={href("query", { "g0.expr": selectorOf({ __name__: meant }) })}>{meant}</a>
          </>
        )}
      </p>
    );
  }
  if (reason.kind === "matcher") {
    return (
      <>
        <p>{text.noMatch(reason.name, reason.matcher)}</p>
        {reason.values.length > 0 && (
          <p class="muted">
            {text.values(reason.label)}{" "}
            <span class="mono">{reason.values.map(value => cutMiddle(value, 40)).join("  ")}</span>
          </p>
        )}
      </>
    );
  }
  return <p>{reason.kind === "window" ? text.notNow(reason.name) : text.filtered}</p>;
}

const nValues = 12;

async function find(
  expr: string,
  lengthMs: number,
  endMs: number | null,
  signal: AbortSignal,
): Promise<Reason | null> {
  const root = await parse(expr);
  const end = (endMs ?? Date.now()) / 1000;
  const window = { start: end - lengthMs / 1000, end };
  for (const node of walk(root)) {
    if (node.type !== "vectorSelector" && node.type !== "matrixSelector") continue;
    const reason = await why(node, window, signal);
    if (reason !== null) return reason;
  }
  return { kind: "filtered" };
}

type Selector = Extract<Node, { type: "vectorSelector" | "matrixSelector" }>;

async function why(
  node: Selector,
  window: { start: number; end: number },
  signal: AbortSignal,
): Promise<Reason | null> {
  const exists = async (selector: string, when: object) =>
    (await get<unknown[]>("series", { "match[]": selector, limit: 1, ...when }, signal)).data.length > 0;
  const matchers = node.matchers.filter(({ name }) => name !== "__name__");
  const whole = `{${node.matchers.map(written).join(", ")}}`;
  if (await exists(whole, window)) return null;
  if (node.name === "") return null;
  const name = selectorOf({ __name__: node.name });
  if (!(await exists(name, {}))) {
    const { data } = await get<string[]>("label/__name__/values", {}, signal);
    return { kind: "metric", name: node.name, meant: nearest(node.name, data) };
  }
  for (const matcher of matchers) {
    const alone = `{__name__=${quote(node.name)}, ${written(matcher)}}`;
    if (await exists(alone, {})) continue;
    const path = `label/${encodeURIComponent(matcher.name)}/values`;
    const { data } = await get<string[]>(path, { "match[]": name, limit: nValues }, signal);
    return {
      kind: "matcher",
      name: node.name,
      matcher: written(matcher),
      label: matcher.name,
      values: data.slice(0, nValues),
    };
  }
  return { kind: "window", name: node.name };
}

function written({ name, type, value }: Matcher): string {
  return `${quoteName(name)}${type}${quote(value)}`;
}
