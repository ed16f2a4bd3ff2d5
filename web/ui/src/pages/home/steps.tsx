// The three next steps. On the first run they are what the page is about; later they wait folded at its foot.

import { base } from "../../base";
import { Source } from "../../parts/copy";
import { Flagged } from "../../parts/flagged";
import { href } from "../../router";
import { t } from "../../texts";

const target = `scrape_configs:
  - job_name: node
    static_configs:
      - targets: [localhost:9100]
`;

const remoteWrite = () => `remote_write:
  - url: ${new URL("api/v1/write", base).href}
`;

const examples = ["up", "topk(5, scrape_duration_seconds)", "sum by (job) (scrape_samples_scraped)"];

export function NextSteps({ first }: { first: boolean }) {
  const text = t().home;
  if (!first) {
    return (
      <details class="steps-folded">
        <summary>{text.next}</summary>
        <Steps />
      </details>
    );
  }
  return (
    <section>
      <h2>{text.next}</h2>
      <Steps />
    </section>
  );
}

function Steps() {
  const text = t().home;
  return (
    <ol class="next-steps">
      <li>
        <h3>{text.addTarget}</h3>
        <p>{text.addTargetHow}</p>
        <Source text={target} label="prometheus.yml" />
        <p class="muted">
          <Flagged text={text.addTargetThen} />
        </p>
      </li>
      <li>
        <h3>{text.ask}</h3>
        <p>{text.askHow}</p>
        <ul class="asked">
          {examples.map(expr => (
            <li key={expr}>
              <a href={href("query", { "g0.expr": expr })}>
                <code>{expr}</code>
              </a>
            </li>
          ))}
        </ul>
      </li>
      <li>
        <h3>{text.connect}</h3>
        <p>{text.connectHow}</p>
        <Source text={base.href} label={text.connectGrafana} />
        <p>
          <Flagged text={text.connectWrite} />
        </p>
        <Source text={remoteWrite()} label="remote_write" />
      </li>
    </ol>
  );
}
