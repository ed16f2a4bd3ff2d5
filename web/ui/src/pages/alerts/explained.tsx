// "Why was I not paged?": the groups of an alert with their timers, what keeps it quiet, what each integration knows, and
// every step that was taken with it.

import { useState } from "preact/hooks";
import { instant } from "../../alerting/instances";
import type { ExplainedGroup, Explanation } from "../../api/alerting";
import type { Resource } from "../../api/resource";
import { printDuration } from "../../format/duration";
import { Ago } from "../../parts/ago";
import { Failure } from "../../parts/failure";
import { State } from "../../parts/state";
import { ta } from "../../texts/alerting";

export function Explained({ data, error }: Pick<Resource<Explanation | null>, "data" | "error">) {
  const [open, setOpen] = useState(false);
  const text = ta().alerts.explain;
  if (error !== null && open) return <Failure what={text.failed} error={error} />;
  if (data === null && error === null) return null;
  return (
    <div class="explained">
      <button type="button" class="small" aria-expanded={open} onClick={() => setOpen(!open)}>
        {text.ask}
      </button>
      {open && data !== null && (
        <>
          {data.groups.map((group, i) => (
            <Group key={i} group={group} />
          ))}
          <h4>{text.steps}</h4>
          {data.steps.length === 0 && <p class="muted">{text.noSteps}</p>}
          <ol class="what-happened">
            {data.steps.map((step, i) => (
              <Step key={i} {...step} />
            ))}
          </ol>
        </>
      )}
    </div>
  );
}

function Group({ group }: { group: ExplainedGroup }) {
  const text = ta().alerts.explain;
  const { route, receiver, next_flush_at, quiet, by, integrations } = group;
  const nextMs = instant(next_flush_at);
  const duration = (ms: number) => printDuration(ms);
  return (
    <dl class="facts">
      <dt>{text.receiver}</dt>
      <dd>{receiver}</dd>
      <dt>{text.route}</dt>
      <dd class="mono">{route}</dd>
      <dt>{text.timers}</dt>
      <dd>
        group_wait {duration(group.group_wait_ms)} · group_interval {duration(group.group_interval_ms)} ·
        repeat_interval {duration(group.repeat_interval_ms)}
        {nextMs !== null && (
          <>
            {" "}
            · {text.next} <Ago ms={nextMs} />
          </>
        )}
      </dd>
      {quiet !== null && (
        <>
          <dt>{text.quietBy}</dt>
          <dd>
            <State name="nodata" word={text.quiet[quiet] ?? quiet} />
            {by.length > 0 && <code class="by">{by.join(", ")}</code>}
          </dd>
        </>
      )}
      {integrations.map(({ integration, what, told_at, repeat_at }) => {
        const [toldMs, repeatMs] = [instant(told_at), instant(repeat_at)];
        return (
          <>
            <dt key={integration}>{integration}</dt>
            <dd>
              {text.knows[what] ?? what}
              {toldMs !== null && (
                <span class="muted">
                  {" "}
                  · {text.toldAt} <Ago ms={toldMs} />
                </span>
              )}
              {repeatMs !== null && (
                <span class="muted">
                  {" "}
                  · {text.repeatAt} <Ago ms={repeatMs} />
                </span>
              )}
            </dd>
          </>
        );
      })}
    </dl>
  );
}

function Step({ at, what, why, by }: Explanation["steps"][number]) {
  const text = ta().alerts.explain;
  const atMs = instant(at);
  return (
    <li>
      <span class="at muted">{atMs !== null && <Ago ms={atMs} />}</span>
      <div>
        <strong>{text.what[what] ?? what}</strong> {text.quiet[why] ?? why}
        {by !== "" && <code class="by">{by}</code>}
      </div>
    </li>
  );
}
