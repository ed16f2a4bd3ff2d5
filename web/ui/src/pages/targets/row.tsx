// One target: how it is, its labels, its error in full, its last scrapes; unfolded, where its labels came from.

import type { Health, Target } from "../../api/types";
import { hash } from "../../chart/colours";
import { cutMiddle, type Labels, labelsKey, quote } from "../../format/labels";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { Copy } from "../../parts/copy";
import { LabelSet } from "../../parts/labels";
import { Outward } from "../../parts/outward";
import { State, type StateName } from "../../parts/state";
import { href, place, setParams } from "../../router";
import { t } from "../../texts";
import { nameOf, scrapedAt } from "./pools";
import { Relabelling } from "./relabelling";
import { Strip } from "./strip";

const states: Record<Health, StateName> = { up: "healthy", down: "critical", unknown: "nodata" };

export function Row({ target }: { target: Target }) {
  const text = t().targets;
  const key = hash(`${target.scrapePool} ${labelsKey(target.discoveredLabels)}`).toString(36);
  const open = place.value.params.get("open") === key;
  const { instance: _, job, ...rest } = target.labels;
  const labels = job === target.scrapePool ? rest : { ...rest, ...(job === undefined ? {} : { job }) };
  const atMs = scrapedAt(target);
  return (
    <li class={`target ${target.health}`}>
      <div class="line">
        <State name={states[target.health]} word={text.health[target.health]} />
        <div class="who">
          <button
            type="button"
            class="name"
            aria-expanded={open}
            onClick={() => setParams({ open: open ? null : key }, "replace")}
          >
            {cutMiddle(nameOf(target), 80)}
          </button>
          {Object.keys(labels).length > 0 && <LabelSet labels={labels} limit={6} />}
        </div>
        <Strip target={target} />
        <span class="when muted">
          {atMs === null ? text.never : <Ago ms={atMs} />}
          {atMs !== null && <> · {formatValue(target.lastScrapeDuration, { of: "s", perSecond: false })}</>}
        </span>
      </div>
      {target.lastError !== "" && (
        <div class="error">
          <span>{target.lastError}</span>
          <Copy text={target.lastError} />
        </div>
      )}
      {target.lastWarning !== undefined && target.lastWarning !== "" && (
        <div class="error warned">
          <span>{target.lastWarning}</span>
          <Copy text={target.lastWarning} />
        </div>
      )}
      {open && <Details target={target} />}
    </li>
  );
}

function Details({ target }: { target: Target }) {
  const text = t().targets;
  const selector = `{job=${quote(target.labels.job ?? "")}, instance=${quote(target.labels.instance ?? "")}}`;
  return (
    <div class="details">
      <dl class="facts">
        <dt>{text.address}</dt>
        <dd>
          <Outward url={target.scrapeUrl}>{target.scrapeUrl}</Outward>
        </dd>
        <dt>{text.interval}</dt>
        <dd>{text.intervalAndTimeout(target.scrapeInterval, target.scrapeTimeout)}</dd>
        {target.lastSamples !== undefined && (
          <>
            <dt>{text.lastScrape}</dt>
            <dd>{text.samples(target.lastSamples)}</dd>
          </>
        )}
        <dt>{text.series}</dt>
        <dd>
          <a href={href("query", { "g0.expr": `scrape_duration_seconds${selector}` })}>{text.durations}</a>
          {" · "}
          <a href={href("query", { "g0.expr": `count by (__name__) (${selector})`, "g0.tab": "table" })}>
            {text.allSeries}
          </a>
        </dd>
      </dl>
      <div class="labels-before-after">
        <LabelTable title={text.before} labels={target.discoveredLabels} />
        <LabelTable title={text.after} labels={target.labels} before={target.discoveredLabels} />
      </div>
      <h3>{text.steps}</h3>
      <Relabelling pool={target.scrapePool} discovered={target.discoveredLabels} />
    </div>
  );
}

/** With `before`, what is new or another is marked. */
function LabelTable({ title, labels, before }: { title: string; labels: Labels; before?: Labels }) {
  return (
    <section>
      <h3>{title}</h3>
      <table class="label-table">
        <tbody>
          {Object.entries(labels).map(([name, value]) => (
            <tr key={name} class={before === undefined || before[name] === value ? "" : "differs"}>
              <td class="mono muted">{name}</td>
              <td class="mono" title={value.length > 120 ? value : undefined}>
                {cutMiddle(value, 120) || '""'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
