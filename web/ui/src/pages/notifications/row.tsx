// One notification: what became of it; unfolded, the alerts it told of, and each attempt with what was sent.

import { instant } from "../../alerting/instances";
import type { Delivery } from "../../api/alerting";
import { indentJson } from "../../format/json";
import { cutMiddle } from "../../format/labels";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { Copy, Source } from "../../parts/copy";
import { LabelSet } from "../../parts/labels";
import { State } from "../../parts/state";
import { href, setParams } from "../../router";
import { ta } from "../../texts/alerting";
import { latencyOf, reasonOf, stateOf, whenMs } from "./line";

const nAlertsShown = 50;

export function DeliveryRow({ delivery, open }: { delivery: Delivery; open: boolean }) {
  const text = ta().notifications;
  const { id, status, receiver, kind, reason, group_labels, alerts, attempts, detail } = delivery;
  const firing = alerts.filter(alert => alert.status === "firing").length;
  const latency = latencyOf(delivery);
  // What was told to nobody is of one alert, and of no group.
  const about = status === "suppressed" ? (alerts[0]?.labels ?? {}) : group_labels;
  return (
    <li class="delivery">
      <div class="line">
        <State name={stateOf[status]} word={text.status[status]} />
        <div class="who">
          <button
            type="button"
            class="name"
            aria-expanded={open}
            onClick={() => setParams({ open: open ? null : id }, "replace")}
          >
            {cutMiddle(receiver, 60)} <span class="muted">{kind}</span>
          </button>
          <span class="muted">{reasonOf(reason)}</span>
          {Object.keys(about).length > 0 && <LabelSet labels={about} limit={4} />}
        </div>
        <span class="n muted">{text.alerts(firing, alerts.length - firing)}</span>
        <span class="took muted">
          {[attempts.length > 1 ? text.attempts(attempts.length) : "", latency].filter(Boolean).join(" · ")}
        </span>
        <span class="when muted">
          <Ago ms={whenMs(delivery)} />
        </span>
      </div>
      {detail !== "" && status !== "delivered" && (
        <div class={status === "failed" ? "said-wrong" : "said-wrong no-fault"}>
          <span>{detail}</span>
          <Copy text={detail} />
        </div>
      )}
      {open && <Whole delivery={delivery} />}
    </li>
  );
}

function Whole({ delivery }: { delivery: Delivery }) {
  const text = ta().notifications;
  const { id, group_key, decided_at, alerts, attempts } = delivery;
  return (
    <div class="opened">
      <dl class="facts">
        <dt>{text.decided}</dt>
        <dd>
          <Ago ms={Date.parse(decided_at)} />
        </dd>
        <dt>{text.group}</dt>
        <dd class="mono">{group_key}</dd>
        <dt>{text.id}</dt>
        <dd class="mono">{id}</dd>
      </dl>
      <h4>{text.alertsTitle}</h4>
      <ul class="of-alerts">
        {alerts
          .slice(0, nAlertsShown)
          .map(({ fingerprint, labels: { alertname = "", ...labels }, status }) => (
            <li key={fingerprint}>
              <State name={status === "firing" ? "critical" : "healthy"} word={text[status]} />
              <span>
                <a href={href("alerts", { q: `alertname="${alertname}"` })}>{cutMiddle(alertname, 80)}</a>{" "}
                <LabelSet labels={labels} limit={8} />
              </span>
            </li>
          ))}
        {alerts.length > nAlertsShown && (
          <li class="muted">{ta().silencing.more(alerts.length - nAlertsShown)}</li>
        )}
      </ul>
      <h4>{text.attemptsTitle}</h4>
      {attempts.length === 0 && <p class="muted">{text.noAttempt}</p>}
      <ol class="attempts">
        {attempts.map((attempt, i) => {
          const nextMs = instant(attempt.next_at);
          return (
            <li key={i}>
              <p>
                <State
                  name={attempt.error === null ? "healthy" : "critical"}
                  word={attempt.error === null ? text.arrived : attempt.error}
                />{" "}
                <span class="muted">
                  {text.attempt(i + 1)} · <Ago ms={Date.parse(attempt.at)} /> ·{" "}
                  {text.took(formatValue(attempt.took_ms / 1000, { of: "s", perSecond: false }))}
                  {nextMs !== null && (
                    <>
                      {" "}
                      · {text.next} <Ago ms={nextMs} />
                    </>
                  )}
                </span>
              </p>
              {attempt.body !== "" &&
                (i === attempts.length - 1 || attempt.body !== attempts[i + 1]!.body) && (
                  <Source label={text.body} text={indentJson(attempt.body)} />
                )}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
