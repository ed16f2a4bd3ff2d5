// The query page: one panel below the other, each with its letter.

import "../../promql/promql.css";
import "./query.css";
import { formatValue } from "../../format/unit";
import { href } from "../../router";
import { t } from "../../texts";
import { range, refreshMs } from "../../time/range";
import { PanelView } from "./panel";
import { addPanel, mostPanels, panels } from "./panels";

export default function QueryPage() {
  const text = t().query;
  const list = panels.value;
  const untouched = list.length === 1 && list[0]!.expr === "";
  return (
    <>
      <div class="title">
        <h1>{t().pages.query}</h1>
        <p>{sentence()}</p>
        {list.length < mostPanels && (
          <button type="button" onClick={() => addPanel()}>
            {text.add}
          </button>
        )}
      </div>
      {list.map((panel, i) => (
        <PanelView
          key={panel.id}
          panel={panel}
          letter={String.fromCharCode(65 + i)}
          alone={list.length === 1}
        />
      ))}
      {untouched && <Examples />}
    </>
  );
}

function sentence(): string {
  const text = t().query;
  const { lengthMs, endMs } = range.value;
  if (endMs !== null) return text.fixed;
  return text.following(
    lengthMs,
    refreshMs.value === null ? null : formatValue(refreshMs.value / 1000, { of: "s", perSecond: false }),
  );
}

/** What to ask a server one has just started. Every series named here is there from the first scrape. */
const examples = [
  "up",
  "scrape_duration_seconds",
  "sum by (job) (scrape_samples_scraped)",
  "sum by (job) (up)",
];

function Examples() {
  const text = t().query;
  return (
    <div class="empty examples">
      <p class="why">{text.emptyWhy}</p>
      <p class="muted">{text.emptyDo}</p>
      <ul>
        {examples.map((expr, i) => (
          <li key={expr}>
            <a href={href("query", { "g0.expr": expr })}>
              <code>{expr}</code>
            </a>
            <span class="muted">{text.examples[i]}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
