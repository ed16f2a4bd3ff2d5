// What fires now, the loudest first, by product where alerts have one. Nothing where nothing fires.

import {
  countsOf,
  type Fired,
  filtered,
  type Instance,
  sectionsOf,
  stateNameOf,
} from "../../alerting/instances";
import type { Alerting } from "../../alerting/read";
import type { Resource } from "../../api/resource";
import { commonLabels, cutMiddle, type Labels } from "../../format/labels";
import { Ago } from "../../parts/ago";
import { Failure } from "../../parts/failure";
import { LabelSet } from "../../parts/labels";
import { State } from "../../parts/state";
import { href } from "../../router";
import { ta } from "../../texts/alerting";
import { refresh } from "../../time/range";

/** So that it fits a wall screen with what stands below. */
const nShown = 10;

export function Firing({ data, error }: Pick<Resource<Alerting>, "data" | "error">) {
  const text = ta().home;
  const counts = countsOf(data?.fired ?? []);
  const trouble = error ?? data?.error ?? null;
  if (trouble !== null && counts.firing === 0)
    return <Failure what={text.failed} error={trouble} onRetry={refresh} />;
  if (data === null || counts.firing === 0) return null;
  const sections = sectionsOf(filtered(data.fired, { matchers: [], words: [] }, "firing"));
  const rows = sections.flatMap(({ by, value, fired }) =>
    fired.map((one, i) => ({ one, title: i === 0 && by === "product" ? value || ta().product.none : "" })),
  );
  return (
    <section class={error === null ? "firing-now" : "firing-now stale"}>
      <ul>
        {rows.slice(0, nShown).map(({ one, title }) => (
          <FiredLine key={`${title} ${one.key}`} fired={one} product={title} />
        ))}
      </ul>
      {(rows.length > nShown || counts.quiet + counts.pending > 0) && (
        <p class="more">
          <a href={href("alerts")}>{text.all(counts.firing + counts.quiet + counts.pending)}</a>
          {counts.quiet > 0 && <span class="muted"> · {text.quiet(counts.quiet)}</span>}
        </p>
      )}
    </section>
  );
}

function FiredLine({ fired, product }: { fired: Fired; product: string }) {
  const { name, instances } = fired;
  const first = instances[0]!;
  const since = Math.min(...instances.map(({ sinceMs }) => sinceMs ?? Number.POSITIVE_INFINITY));
  return (
    <li>
      {product !== "" && <h3>{cutMiddle(product, 60)}</h3>}
      <div class="line">
        <State name={stateNameOf(first)} word={ta().alerts.state.firing} />
        <a href={href("alerts", { q: `alertname="${name}"` })}>
          {cutMiddle(name, 80)}
          {instances.length > 1 && ` × ${instances.length}`}
        </a>
        <span class="about">
          {instances.length === 1 && first.annotations.summary !== undefined ? (
            cutMiddle(first.annotations.summary, 160)
          ) : (
            <LabelSet labels={told(instances)} limit={4} />
          )}
        </span>
        <span class="when muted">{Number.isFinite(since) && <Ago ms={since} />}</span>
      </div>
    </li>
  );
}

/** What all of them share, besides the name and what the heading says. */
function told(instances: Instance[]): Labels {
  const all = instances.map(({ labels }) => labels);
  const { alertname: _, product: __, ...rest } = all.length === 1 ? all[0]! : commonLabels(all);
  return rest;
}
