// How many alerts of a rule fired in the last day, as a small line: from the series that every alert leaves behind.

import type { AlertingRule } from "../../api/alerting";
import { post } from "../../api/client";
import { useResource } from "../../api/resource";
import type { MatrixSeries } from "../../api/types";
import { selectorOf } from "../../format/labels";
import { percent } from "../../format/number";
import { href } from "../../router";
import { ta } from "../../texts/alerting";

const daySeconds = 86_400;
const stepSeconds = 900;
const nPoints = daySeconds / stepSeconds + 1;
const [widthPx, heightPx] = [288, 28];

export function History({ rule }: { rule: AlertingRule }) {
  const text = ta().rules;
  const expr = firingOf(rule);
  const { data, error } = useResource(expr, signal => readCounts(expr, signal));
  if (error !== null && data === null) return <span class="muted">{text.historyFailed}</span>;
  if (data === null) return <div class="history" />;
  const most = Math.max(...data);
  const share = percent(data.filter(n => n > 0).length / data.length);
  if (most === 0) return <span class="muted">{text.neverFired}</span>;
  return (
    <a class="history" href={href("query", { "g0.expr": expr, range: "1d", end: null })}>
      <svg
        width={widthPx}
        height={heightPx}
        viewBox={`0 0 ${widthPx} ${heightPx}`}
        role="img"
        aria-label={text.history(most, share)}
        preserveAspectRatio="none"
      >
        <path d={stairs(data, most)} />
      </svg>
      <span>{text.fired(share, most)}</span>
    </a>
  );
}

/** The rule's own labels tell it from others of its name, unless they are templates. */
function firingOf({ name, labels = {} }: AlertingRule): string {
  const fixed = Object.entries(labels).filter(([, value]) => !value.includes("{{") && value !== "");
  const selector = {
    __name__: "ALERTS",
    alertname: name,
    alertstate: "firing",
    ...Object.fromEntries(fixed),
  };
  return `count(${selectorOf(selector)})`;
}

/** One number for each step of the last day, oldest first; 0 where nothing fired. */
async function readCounts(query: string, signal: AbortSignal): Promise<number[]> {
  const end = Math.floor(Date.now() / 1000);
  const start = end - daySeconds;
  const { data } = await post<{ result: MatrixSeries[] }>(
    "query_range",
    { query, start, end, step: stepSeconds },
    signal,
  );
  const counts = new Array<number>(nPoints).fill(0);
  for (const [at, value] of data.result[0]?.values ?? []) {
    const i = Math.round((at - start) / stepSeconds);
    if (i >= 0 && i < nPoints) counts[i] = Number(value);
  }
  return counts;
}

function stairs(counts: number[], most: number): string {
  const x = (i: number) => ((i / counts.length) * widthPx).toFixed(1);
  const y = (n: number) => (heightPx - (n / most) * (heightPx - 2)).toFixed(1);
  const steps = counts.map((n, i) => `V${y(n)}H${x(i + 1)}`).join("");
  return `M0 ${heightPx}${steps}V${heightPx}Z`;
}
