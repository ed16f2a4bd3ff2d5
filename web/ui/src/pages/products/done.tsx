// What a policy asks for beyond its state, and what came of what it does by itself: whom it told, and which projects of
// GitLab's it froze.

import type { Delivery } from "../../api/alerting";
import type { Action, GitlabFreeze, Policy } from "../../api/budgets";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import { Standing } from "../../budgets/policy";
import { cutMiddle } from "../../format/labels";
import { Ago } from "../../parts/ago";
import { Failure } from "../../parts/failure";
import { State } from "../../parts/state";
import { tb } from "../../texts/budgets";
import { refresh } from "../../time/range";
import { DeliveryLine } from "../notifications/line";

/** What the state itself means stands with the state. */
const ofState: Action["kind"][] = ["freeze", "approval", "pace"];

export function Asked({ actions }: { actions: Action[] }) {
  const open = actions.filter(({ kind }) => !ofState.includes(kind));
  if (open.length === 0) return null;
  return (
    <>
      <h3>{tb().policy.asked}</h3>
      <ul class="actions asked">
        {open.map(({ words, since }) => (
          <li key={words}>
            {cutMiddle(words, 300)}{" "}
            <span class="muted">
              · {tb().policy.since} <Ago ms={Date.parse(since)} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

const nRead = 300;
const nShown = 8;

export function Done({ product, policy }: { product: string; policy: Policy }) {
  const text = tb().policy;
  const { data, error } = useResource(`told of ${product}`, async signal => {
    const query = { alertname: "ErrorBudgetPolicy", limit: nRead };
    const { data } = await get<Delivery[]>("deliveries", query, signal);
    return data.filter(({ alerts }) => alerts.some(({ labels }) => labels.product === product));
  });
  const freezes = policy.gitlab_freezes.filter(({ wanted, error }) => wanted || error !== null);
  if (error !== null) return <Failure what={text.toldFailed} error={error} onRetry={refresh} />;
  if (data === null || (data.length === 0 && freezes.length === 0)) return null;
  return (
    <>
      <h3>{text.done}</h3>
      <ul class="actions">
        {freezes.map(freeze => (
          <li key={freeze.url}>
            <Frozen freeze={freeze} />
          </li>
        ))}
        {data.slice(0, nShown).map(delivery => (
          <li key={delivery.id}>
            <Changed delivery={delivery} product={product} /> <DeliveryLine delivery={delivery} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** Which state somebody was told of. */
function Changed({ delivery: { alerts }, product }: { delivery: Delivery; product: string }) {
  const text = tb().policy;
  const its = alerts.filter(({ labels }) => labels.product === product);
  return (
    <>
      {its.map(({ fingerprint, labels, status }) => (
        <span key={fingerprint}>
          <Standing state={labels.state ?? null} />{" "}
          <span class="muted">{status === "resolved" ? text.left : text.entered} ·</span>
        </span>
      ))}
    </>
  );
}

const signs = { failed: "critical", waiting: "caution", done: "healthy" } as const;

function Frozen({ freeze: { url, wanted, asked_at, error } }: { freeze: GitlabFreeze }) {
  const text = tb().policy;
  const [, host = "", project = url] = /^https?:\/\/(.+)\/api\/v4\/projects\/([^/]+)\//.exec(url) ?? [];
  const is = error !== null ? "failed" : asked_at === null ? "waiting" : "done";
  return (
    <>
      <State name={signs[is]} word={(wanted ? text.freezing : text.opening)[is]} />{" "}
      <span class="name">
        GitLab {host} {cutMiddle(decodeURIComponent(project), 80)}
      </span>{" "}
      <span class="muted">
        {asked_at !== null && (
          <>
            · <Ago ms={Date.parse(asked_at)} />
          </>
        )}
      </span>
      {error !== null && <p class="mono">{cutMiddle(error, 300)}</p>}
    </>
  );
}
