// The notifications page: who can be told, and what was sent to whom, when, why, and whether it arrived.

import { useState } from "preact/hooks";
import { Frame } from "../../alerting/frame";
import { parseFilter, passes } from "../../alerting/matchers";
import type { Delivery, DeliveryStatus } from "../../api/alerting";
import { ifThere } from "../../api/alertmanager";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import { Source } from "../../parts/copy";
import { Failure } from "../../parts/failure";
import { Flagged } from "../../parts/flagged";
import { Progress } from "../../parts/progress";
import { Choice } from "../../parts/tabs";
import { place, setParams } from "../../router";
import { ta } from "../../texts/alerting";
import { refresh } from "../../time/range";
import { Receivers } from "./receivers";
import { DeliveryRow } from "./row";

const statuses = ["failed", "waiting", "delivered", "suppressed"] as const;
/** As many are asked for; older ones are found by a filter. */
const mostRead = 1000;
const nAtOnce = 60;

interface Filter {
  q: string;
  status: DeliveryStatus | "all";
  receiver: string;
  fingerprint: string;
}

export default function NotificationsPage() {
  const filter = readFilter();
  const { fingerprint } = filter;
  const { data, error, loading } = useResource(`deliveries ${fingerprint}`, signal =>
    readDeliveries(fingerprint, signal),
  );
  const text = ta().notifications;
  const known = data === null || data === "missing" ? null : data;
  const count = (status: DeliveryStatus) => known?.filter(one => one.status === status).length ?? 0;
  return (
    <Frame
      page="notifications"
      sentence={
        known === null
          ? ""
          : text.sentence(known.length - count("suppressed"), count("failed"), count("waiting"))
      }
    >
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.failed} error={error} onRetry={refresh} />}
      {data === "missing" && (
        <div class="empty">
          <p class="why">{text.missing}</p>
          <p>{text.missingDo}</p>
        </div>
      )}
      {data !== "missing" && <Receivers deliveries={known ?? []} />}
      {known !== null && (
        <section class={error === null ? "log" : "log stale"}>
          {known.length > 0 && <h2>{text.log}</h2>}
          {(known.length > 0 || fingerprint !== "") && (
            <Filters filter={filter} deliveries={known} count={count} />
          )}
          <Log deliveries={known} filter={filter} />
        </section>
      )}
    </Frame>
  );
}

async function readDeliveries(fingerprint: string, signal: AbortSignal): Promise<Delivery[] | "missing"> {
  const query = { limit: mostRead, ...(fingerprint === "" ? {} : { fingerprint }) };
  const answer = await ifThere(() => get<Delivery[]>("deliveries", query, signal));
  return answer?.data ?? "missing";
}

function readFilter(): Filter {
  const { params } = place.value;
  const given = params.get("status");
  return {
    q: params.get("q") ?? "",
    status: statuses.find(one => one === given) ?? "all",
    receiver: params.get("receiver") ?? "",
    fingerprint: params.get("fingerprint") ?? "",
  };
}

function matches(delivery: Delivery, { q, status, receiver, fingerprint }: Filter): boolean {
  if (status !== "all" && delivery.status !== status) return false;
  if (receiver !== "" && delivery.receiver !== receiver) return false;
  if (fingerprint !== "" && !delivery.alerts.some(alert => alert.fingerprint === fingerprint)) return false;
  const filter = parseFilter(q);
  const more = `${delivery.receiver} ${delivery.kind} ${delivery.reason} ${delivery.detail} ${delivery.id}`;
  return [delivery.group_labels, ...delivery.alerts.map(({ labels }) => labels)].some(labels =>
    passes(filter, labels, more),
  );
}

interface FiltersProps {
  filter: Filter;
  deliveries: Delivery[];
  count: (status: DeliveryStatus) => number;
}

function Filters({ filter, deliveries, count }: FiltersProps) {
  const text = ta().notifications;
  const receivers = [...new Set(deliveries.map(({ receiver }) => receiver))].sort();
  return (
    <div class="filters">
      <input
        type="search"
        value={filter.q}
        placeholder={ta().filter}
        aria-label={ta().filterLabel}
        spellcheck={false}
        onInput={event => setParams({ q: event.currentTarget.value }, "replace")}
      />
      <Choice
        label={text.statusLabel}
        chosen={filter.status}
        options={[
          ["all", ta().all],
          ...statuses.map((one): [DeliveryStatus, string] => [one, `${text.status[one]} ${count(one)}`]),
        ]}
        onChoose={one => setParams({ status: one === "all" ? null : one }, "replace")}
      />
      {(receivers.length > 1 || filter.receiver !== "") && (
        <select
          value={filter.receiver}
          aria-label={text.receiver}
          onChange={event => setParams({ receiver: event.currentTarget.value }, "replace")}
        >
          <option value="">{text.allReceivers}</option>
          {receivers.map(receiver => (
            <option key={receiver} value={receiver}>
              {receiver}
            </option>
          ))}
        </select>
      )}
      {filter.fingerprint !== "" && (
        <button type="button" class="small" onClick={() => setParams({ fingerprint: null }, "replace")}>
          {text.ofAlert} ✕
        </button>
      )}
    </div>
  );
}

function Log({ deliveries, filter }: { deliveries: Delivery[]; filter: Filter }) {
  const [n, setN] = useState(nAtOnce);
  const text = ta().notifications;
  const found = deliveries.filter(one => matches(one, filter));
  const open = place.value.params.get("open");
  if (deliveries.length === 0 && filter.fingerprint === "") return <Nothing />;
  if (found.length === 0) {
    return (
      <div class="empty">
        <p class="why">{text.noneMatch}</p>
        <p>
          <button
            type="button"
            class="link"
            onClick={() => setParams({ q: null, status: null, receiver: null, fingerprint: null }, "replace")}
          >
            {ta().showAll}
          </button>
        </p>
      </div>
    );
  }
  const opened = found.findIndex(({ id }) => id === open);
  const shown = found.slice(0, Math.max(n, opened + 1));
  return (
    <>
      <ul class="deliveries">
        {shown.map(one => (
          <DeliveryRow
            key={`${one.id} ${one.kind} ${one.index} ${one.group_key}`}
            delivery={one}
            open={one.id === open}
          />
        ))}
      </ul>
      {shown.length < found.length && (
        <button type="button" class="link more" onClick={() => setN(n + 200)}>
          {text.showMore(Math.min(200, found.length - shown.length))}
        </button>
      )}
    </>
  );
}

const example = `route:
  receiver: ops
receivers:
  - name: ops
    webhook_configs:
      - url: http://localhost:8080/
`;

function Nothing() {
  const text = ta().notifications;
  return (
    <div class="empty">
      <p class="why">{text.none}</p>
      <p>
        <Flagged text={text.noneDo} />
      </p>
      <Source label="alertmanager.yml" text={example} />
    </div>
  );
}
