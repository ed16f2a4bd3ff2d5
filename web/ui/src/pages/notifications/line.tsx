// A notification on one line: what became of it, to whom, why, when.

import { instant } from "../../alerting/instances";
import type { Delivery, DeliveryStatus } from "../../api/alerting";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { State, type StateName } from "../../parts/state";
import { href } from "../../router";
import { ta } from "../../texts/alerting";

export const stateOf: Record<DeliveryStatus, StateName> = {
  delivered: "healthy",
  waiting: "caution",
  failed: "critical",
  suppressed: "nodata",
};

/** As an alert's page has it; it leads to the whole. */
export function DeliveryLine({ delivery }: { delivery: Delivery }) {
  const text = ta().notifications;
  const { id, status, receiver, kind, reason } = delivery;
  return (
    <>
      <State name={stateOf[status]} word={text.status[status]} />{" "}
      <a href={href("notifications", { open: id })}>
        {receiver} {kind}
      </a>{" "}
      <span class="muted">
        {reasonOf(reason)} · <Ago ms={whenMs(delivery)} />
      </span>
      {delivery.detail !== "" && status !== "delivered" && <p class="mono">{delivery.detail}</p>}
    </>
  );
}

export function whenMs({ ended_at, decided_at }: Delivery): number {
  return instant(ended_at) ?? Date.parse(decided_at);
}

/** In the reader's language, as far as it is one of narthex's own words. */
export function reasonOf(reason: string): string {
  const { notifications, alerts } = ta();
  return notifications.reason[reason] ?? alerts.explain.quiet[reason] ?? reason;
}

/** From the decision to its end, for a person; empty while it is on the way and where nothing was sent. */
export function latencyOf({ decided_at, ended_at, status }: Delivery): string {
  const endMs = instant(ended_at);
  if (endMs === null || status === "suppressed") return "";
  return formatValue(Math.max(0, endMs - Date.parse(decided_at)) / 1000, { of: "s", perSecond: false });
}
