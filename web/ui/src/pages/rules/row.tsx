// One rule: its expression, how its evaluation goes, and its error under the token it is about; unfolded, all of it, its
// history, and what it would have done.

import { instant } from "../../alerting/instances";
import { Linked } from "../../alerting/linked";
import type { Rule, RuleGroup } from "../../api/alerting";
import { printDuration } from "../../format/duration";
import { cutMiddle, type Labels } from "../../format/labels";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { Copy } from "../../parts/copy";
import { LabelSet } from "../../parts/labels";
import { State, type StateName } from "../../parts/state";
import { Promql } from "../../promql/highlight";
import { mistakeIn } from "../../promql/mistake";
import { href, setParams } from "../../router";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { BackTestOf } from "./backtest";
import { History } from "./history";

const states: Record<Rule["health"], StateName> = { ok: "healthy", err: "critical", unknown: "nodata" };
const seconds = { of: "s", perSecond: false };

interface Props {
  /** Its name in the address. */
  id: string;
  rule: Rule;
  group: RuleGroup;
  /** Seconds of the slowest rule of the group. */
  slowest: number;
  open: boolean;
}

export function RuleRow({ id, rule, group, slowest, open }: Props) {
  const text = ta().rules;
  const error = rule.lastError ?? "";
  const mistake = error === "" ? null : mistakeIn(rule.query, error, t());
  const short = cutMiddle(rule.query.replace(/\s+/g, " "), 160);
  return (
    <li class="rule">
      <div class="line">
        <State name={states[rule.health]} word={text.health[rule.health]} />
        <div class="who">
          <button
            type="button"
            class="name"
            aria-expanded={open}
            onClick={() => setParams({ open: open ? null : id }, "replace")}
          >
            {cutMiddle(rule.name, 100)}
          </button>
          <span class="muted">{rule.type === "alerting" ? text.alerting : text.recording}</span>
          {rule.type === "alerting" && rule.duration > 0 && (
            <span class="muted">{text.for(printDuration(rule.duration * 1000))}</span>
          )}
          <Alerts rule={rule} />
        </div>
        <span
          class="took muted"
          title={`${text.facts.evaluation}: ${formatValue(rule.evaluationTime, seconds)}`}
        >
          {instant(rule.lastEvaluation) === null ? "–" : formatValue(rule.evaluationTime, seconds)}
          <span class="share" style={{ width: `${(rule.evaluationTime / slowest) * 100}%` }} />
        </span>
      </div>
      {!open && (
        <div class="expr">
          {mistake === null ? <Promql text={short} /> : <Promql text={rule.query} mistake={mistake} />}
        </div>
      )}
      {error !== "" && mistake === null && (
        <div class="said-wrong">
          <span>{error}</span>
          <Copy text={error} />
        </div>
      )}
      {open && (
        <div class="opened">
          <div class="source">
            <Promql text={rule.query} mistake={mistake} />
          </div>
          {mistake?.suggestion != null && <p class="muted">{mistake.suggestion.text}</p>}
          <p class="acts">
            <a href={href("query", { "g0.expr": rule.query })}>{text.run}</a>
            <Copy text={rule.query} />
          </p>
          <Facts rule={rule} group={group} />
          {rule.type === "alerting" && <BackTestOf rule={rule} group={group} />}
        </div>
      )}
    </li>
  );
}

function Alerts({ rule }: { rule: Rule }) {
  if (rule.type !== "alerting") return null;
  const text = ta().rules;
  const firing = rule.alerts.filter(({ state }) => state === "firing").length;
  const pending = rule.alerts.filter(({ state }) => state === "pending").length;
  if (firing + pending === 0) return null;
  return (
    <a class="alerts-of" href={href("alerts", { q: `alertname="${rule.name}"` })}>
      {firing > 0 && <State name="critical" word={text.firing(firing)} />}
      {pending > 0 && <State name="caution" word={text.pending(pending)} />}
    </a>
  );
}

function Facts({ rule, group }: { rule: Rule; group: RuleGroup }) {
  const text = ta().rules.facts;
  const lastMs = instant(rule.lastEvaluation);
  const labels: Labels = rule.labels ?? {};
  const annotations = rule.type === "alerting" ? Object.entries(rule.annotations ?? {}) : [];
  return (
    <dl class="facts">
      {rule.type === "alerting" && (
        <>
          <dt>{text.for}</dt>
          <dd>{rule.duration > 0 ? printDuration(rule.duration * 1000) : text.atOnce}</dd>
          {rule.keepFiringFor > 0 && (
            <>
              <dt>{text.keep}</dt>
              <dd>{printDuration(rule.keepFiringFor * 1000)}</dd>
            </>
          )}
        </>
      )}
      {Object.keys(labels).length > 0 && (
        <>
          <dt>{text.labels}</dt>
          <dd>
            <LabelSet labels={labels} />
          </dd>
        </>
      )}
      {annotations.map(([name, value]) => (
        <>
          <dt key={name}>{name}</dt>
          <dd>
            <Linked text={value} />
          </dd>
        </>
      ))}
      <dt>{text.last}</dt>
      <dd>
        {lastMs === null ? ta().rules.never : <Ago ms={lastMs} />} ·{" "}
        {formatValue(rule.evaluationTime, seconds)}
      </dd>
      <dt>{text.file}</dt>
      <dd class="mono">{group.file}</dd>
      {rule.type === "alerting" && (
        <>
          <dt>{text.history}</dt>
          <dd>
            <History rule={rule} />
          </dd>
        </>
      )}
    </dl>
  );
}
