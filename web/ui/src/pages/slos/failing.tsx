// A query of an objective that cannot be evaluated: since when, which, why, and what to do.

import type { SamplingError } from "../../api/budgets";
import { Ago } from "../../parts/ago";
import { Copy } from "../../parts/copy";
import { href } from "../../router";
import { tb } from "../../texts/budgets";

export function Failing({ of }: { of: SamplingError | undefined }) {
  const text = tb().slo.failing;
  if (of === undefined) return null;
  return (
    <div class="failure" role="alert">
      <div class="what">
        <div>
          {text.what} <Ago ms={Date.parse(of.since)} />
        </div>
        <div class="said">{of.query}</div>
        <div class="said">{of.error}</div>
        <div class="todo">{text.todo}</div>
        {isWhole(of.query) && (
          <div>
            <a href={queryAt(of)}>{text.ask}</a>
          </div>
        )}
      </div>
      <Copy text={`${of.query}\n${of.error}`} />
    </div>
  );
}

/** Long queries come without their end. */
export function isWhole(query: string): boolean {
  return !query.endsWith("…");
}

/** The query page with the query at the first instant that it failed at. */
function queryAt({ query, since }: SamplingError): string {
  return href("query", { "g0.expr": query, "g0.tab": "table", end: since });
}
