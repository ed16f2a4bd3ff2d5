// "Why was I not paged?": every step that routing took with an alert, and the line of the configuration that decided it.

import { useState } from "preact/hooks";
import { instant } from "../../alerting/instances";
import type { Explanation } from "../../api/alerting";
import type { Resource } from "../../api/resource";
import { Ago } from "../../parts/ago";
import { Failure } from "../../parts/failure";
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
          <dl class="facts">
            <dt>{text.state}</dt>
            <dd>{data.state}</dd>
            <dt>{text.route}</dt>
            <dd class="mono">{data.route}</dd>
            <dt>{text.receiver}</dt>
            <dd>{data.receiver}</dd>
          </dl>
          <h4>{text.steps}</h4>
          {data.steps.length === 0 && <p class="muted">{text.noSteps}</p>}
          <ol class="what-happened">
            {data.steps.map((step, i) => {
              const atMs = instant(step.at);
              return (
                <li key={i}>
                  <span class="at muted">{atMs !== null && <Ago ms={atMs} />}</span>
                  <div>
                    <strong>{step.what}</strong> {step.why}
                    {step.by !== "" && <code class="by">{step.by}</code>}
                  </div>
                </li>
              );
            })}
          </ol>
        </>
      )}
    </div>
  );
}
