// The receivers: how each does, judged by what was sent to it last, and a button that tries it.

import { useState } from "preact/hooks";
import type { Delivery, Trial } from "../../api/alerting";
import { getV2, ifThere } from "../../api/alertmanager";
import { post } from "../../api/client";
import { useResource } from "../../api/resource";
import { indentJson } from "../../format/json";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { Source } from "../../parts/copy";
import { Failure } from "../../parts/failure";
import { State } from "../../parts/state";
import { setParams } from "../../router";
import { ta } from "../../texts/alerting";
import { refresh } from "../../time/range";
import { whenMs } from "./line";

interface Health {
  name: string;
  kinds: string[];
  /** The last whose end is known. */
  last: Delivery | null;
  lastDeliveredMs: number | null;
  nWaiting: number;
}

export function Receivers({ deliveries }: { deliveries: Delivery[] }) {
  const text = ta().notifications;
  const { data, error } = useResource("receivers", async signal => {
    const found = await ifThere(() => getV2<{ name: string }[]>("receivers", {}, signal));
    return (found ?? []).map(({ name }) => name);
  });
  if (error !== null && data === null)
    return <Failure what={text.receiversFailed} error={error} onRetry={refresh} />;
  if (data === null || data.length === 0) return null;
  return (
    <section class="receivers">
      <h2>{text.receivers}</h2>
      <ul>
        {data.map(name => (
          <Receiver key={name} health={healthOf(name, deliveries)} />
        ))}
      </ul>
    </section>
  );
}

/** Deliveries are newest first. */
function healthOf(name: string, deliveries: Delivery[]): Health {
  const own = deliveries.filter(({ receiver }) => receiver === name);
  const delivered = own.find(({ status }) => status === "delivered");
  return {
    name,
    kinds: [...new Set(own.map(({ kind }) => kind))].sort(),
    last: own.find(({ status }) => status === "delivered" || status === "failed") ?? null,
    lastDeliveredMs: delivered === undefined ? null : whenMs(delivered),
    nWaiting: own.filter(({ status }) => status === "waiting").length,
  };
}

type Tried =
  | { state: "idle" | "trying" }
  | { state: "tried"; trials: Trial[] }
  | { state: "failed"; error: Error };

function Receiver({ health }: { health: Health }) {
  const text = ta().notifications;
  const { name, kinds, last, lastDeliveredMs, nWaiting } = health;
  const [tried, setTried] = useState<Tried>({ state: "idle" });
  const send = async () => {
    setTried({ state: "trying" });
    try {
      const { data } = await post<Trial[]>(`receivers/${encodeURIComponent(name)}/test`, {});
      setTried({ state: "tried", trials: data });
    } catch (error) {
      setTried({ state: "failed", error: error instanceof Error ? error : new Error(String(error)) });
    }
    refresh();
  };
  return (
    <li>
      <div class="line">
        <span class="state-of">
          {last === null ? (
            <State name="nodata" word={text.idle} />
          ) : last.status === "failed" ? (
            <State name="critical" word={text.fails} />
          ) : (
            <State name="healthy" word={text.delivers} />
          )}
        </span>
        <span class="who">
          <button type="button" class="name" onClick={() => setParams({ receiver: name })}>
            {name}
          </button>
          <span class="muted">{kinds.join(", ")}</span>
        </span>
        <span class="muted when">
          {nWaiting > 0 && (
            <>
              {text.waiting} {nWaiting} ·{" "}
            </>
          )}
          {lastDeliveredMs !== null && (
            <>
              {text.lastSent} <Ago ms={lastDeliveredMs} />
            </>
          )}
        </span>
        <button type="button" class="small" disabled={tried.state === "trying"} onClick={send}>
          {tried.state === "trying" ? text.testing : text.test}
        </button>
      </div>
      <div role="status">{tried.state === "tried" && <Trials trials={tried.trials} />}</div>
      {tried.state === "failed" && <Failure what={text.testFailed} error={tried.error} />}
      {last?.status === "failed" && last.detail !== "" && tried.state === "idle" && (
        <p class="said-wrong">{last.detail}</p>
      )}
    </li>
  );
}

function Trials({ trials }: { trials: Trial[] }) {
  const text = ta().notifications;
  if (trials.length === 0) return <State name="nodata" word={text.testNothing} />;
  return (
    <ul class="trials">
      {trials.map(({ integration, delivered, attempts, error, advice }) => {
        const last = attempts[attempts.length - 1];
        const took = formatValue(last?.took ?? 0, { of: "s", perSecond: false });
        return (
          <li key={integration}>
            <p>
              <State
                name={delivered ? "healthy" : "critical"}
                word={delivered ? text.tested(took) : text.testFailed}
              />{" "}
              <span class="muted">{integration}</span>
            </p>
            {error !== null && <p class="mono">{error}</p>}
            {advice !== null && <p>{advice}</p>}
            {last !== undefined && last.body !== "" && (
              <details>
                <summary class="muted">{text.body}</summary>
                <Source label={text.body} text={indentJson(last.body)} />
              </details>
            )}
          </li>
        );
      })}
    </ul>
  );
}
