// Where an alert came from and where it went: its rule, its group, who was told.

import { type Instance, instant, type RuleSource, ruleKey } from "../../alerting/instances";
import type { Delivery, Explanation, V2Group, V2Silence } from "../../api/alerting";
import { getV2, ifThere } from "../../api/alertmanager";
import { get } from "../../api/client";
import { type Resource, useResource } from "../../api/resource";
import { base } from "../../base";
import { now } from "../../clock";
import { printDuration } from "../../format/duration";
import { cutMiddle } from "../../format/labels";
import { resolve } from "../../links";
import { Ago } from "../../parts/ago";
import { Failure } from "../../parts/failure";
import { LabelSet } from "../../parts/labels";
import { Progress } from "../../parts/progress";
import { Promql } from "../../promql/highlight";
import { href } from "../../router";
import { ta } from "../../texts/alerting";
import { DeliveryLine } from "../notifications/line";
import { Explained } from "./explained";

interface Props {
  instance: Instance;
  source: RuleSource | null;
}

export function Chain({ instance, source }: Props) {
  const text = ta().alerts.chain;
  const { routed } = instance;
  const explained = useExplanation(routed?.fingerprint ?? null);
  return (
    <>
      <ol class="chain">
        <li>
          <h4>{text.rule}</h4>
          {source === null ? <Foreign url={instance.generatorUrl} /> : <OfRule source={source} />}
        </li>
        <li>
          <h4>{text.group}</h4>
          {routed === null ? (
            <NotRouted instance={instance} source={source} />
          ) : (
            <InGroups instance={instance} fingerprint={routed.fingerprint} explained={explained.data} />
          )}
        </li>
        <li>
          <h4>{text.told}</h4>
          {routed === null ? <p class="muted">{text.nobody}</p> : <Told fingerprint={routed.fingerprint} />}
        </li>
      </ol>
      {routed !== null && <Explained {...explained} />}
    </>
  );
}

function OfRule({ source }: { source: RuleSource }) {
  const { rule, group, file } = source;
  const text = ta().alerts.chain;
  const duration = (seconds: number) => printDuration(seconds * 1000);
  return (
    <>
      <Promql text={rule.query} />
      <p class="muted">
        {rule.duration > 0 && <>{text.for(duration(rule.duration))} · </>}
        {rule.keepFiringFor > 0 && <>{text.keep(duration(rule.keepFiringFor))} · </>}
        <span title={file}>{cutMiddle(group, 60)}</span>
      </p>
      <p>
        <a href={href("query", { "g0.expr": rule.query })}>{text.ask}</a> ·{" "}
        <a href={href("rules", { open: ruleKey(source) })}>{text.openRule}</a>
      </p>
    </>
  );
}

/** Only an address of the web becomes a link; one of ours leads to our page. */
function Foreign({ url }: { url: string }) {
  const text = ta().alerts.chain;
  const isWeb = /^https?:\/\//.test(url);
  const own =
    isWeb && url.startsWith(base.href) && resolve(url.slice(base.href.length).split("?")[0]!, "").page;
  return (
    <>
      <p>{text.foreign}</p>
      {isWeb && (
        <p>
          <a href={url} {...(own ? {} : { target: "_blank", rel: "noreferrer" })}>
            {text.openSource}
          </a>
        </p>
      )}
    </>
  );
}

function NotRouted({ instance, source }: Props) {
  const text = ta().alerts.chain;
  if (instance.state !== "pending" || source === null) return <p class="muted">{text.notRoutedWhy}</p>;
  const leftMs = (instance.sinceMs ?? 0) + source.rule.duration * 1000 - now.value;
  return (
    <p class="muted">
      {leftMs > 1000 ? text.pending(printDuration(Math.round(leftMs / 1000) * 1000)) : text.pendingSoon}
    </p>
  );
}

interface InGroupsProps {
  instance: Instance;
  fingerprint: string;
  explained: Explanation | null;
}

function InGroups({ instance, fingerprint, explained }: InGroupsProps) {
  const text = ta().alerts.chain;
  const { data, error, loading } = useResource(`groups of ${fingerprint}`, async signal =>
    ofAlert(await getV2<V2Group[]>("alerts/groups", {}, signal), fingerprint),
  );
  return (
    <>
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={ta().alerts.failed} error={error} />}
      <ul class="groups">
        {data?.map(({ labels, receiver, alerts }) => (
          <li key={`${receiver.name} ${JSON.stringify(labels)}`}>
            {Object.keys(labels).length > 0 ? <LabelSet labels={labels} limit={4} /> : text.byNothing}
            <p class="muted">{text.grouped(alerts.length)}</p>
            <p>
              → <strong>{receiver.name}</strong>
            </p>
            <Next explained={explained} receiver={receiver.name} />
          </li>
        ))}
      </ul>
      <Held instance={instance} />
    </>
  );
}

/** When the group is looked at next. */
function Next({ explained, receiver }: { explained: Explanation | null; receiver: string }) {
  const group = explained?.groups.find(group => group.receiver === receiver);
  const atMs = instant(group?.next_flush_at);
  if (atMs === null) return null;
  return (
    <p class="muted">
      {ta().alerts.explain.next} <Ago ms={atMs} />
    </p>
  );
}

function ofAlert(groups: V2Group[], fingerprint: string): V2Group[] {
  return groups.filter(({ alerts }) => alerts.some(alert => alert.fingerprint === fingerprint));
}

/** What holds it back, each by its name. */
function Held({ instance }: { instance: Instance }) {
  const text = ta().alerts.chain;
  const { silencedBy = [], inhibitedBy = [], mutedBy = [] } = instance.routed?.status ?? {};
  return (
    <>
      {silencedBy.map(id => (
        <SilencedBy key={id} id={id} />
      ))}
      {inhibitedBy.length > 0 && <p>{text.inhibitedBy(inhibitedBy.length)}</p>}
      {mutedBy.length > 0 && <p>{text.mutedBy(mutedBy.join(", "))}</p>}
    </>
  );
}

function SilencedBy({ id }: { id: string }) {
  const text = ta().alerts.chain;
  const { data } = useResource(`silence ${id}`, signal =>
    ifThere(() => getV2<V2Silence>(`silence/${encodeURIComponent(id)}`, {}, signal)),
  );
  return (
    <p>
      <a href={href("silences", { open: id })}>
        {data === null ? text.silencedByAny : text.silencedBy}{" "}
        {data !== null && <Ago ms={Date.parse(data.endsAt)} />}
      </a>
      {data !== null && data.comment !== "" && <span class="muted"> {cutMiddle(data.comment, 120)}</span>}
    </p>
  );
}

const nTold = 4;

function Told({ fingerprint }: { fingerprint: string }) {
  const text = ta().alerts.chain;
  const { data, error, loading } = useResource(`told ${fingerprint}`, async signal => {
    const answer = await ifThere(() => get<Delivery[]>("deliveries", { fingerprint, limit: 50 }, signal));
    if (answer === null) return "no record" as const;
    return answer.data.filter(({ alerts }) => alerts.some(alert => alert.fingerprint === fingerprint));
  });
  if (error !== null) return <Failure what={text.failed} error={error} />;
  if (data === null) return <Progress on={loading} />;
  if (data === "no record") return <p class="muted">{text.noRecord}</p>;
  if (data.length === 0) return <p class="muted">{text.nobody}</p>;
  return (
    <ul class="told">
      {data.slice(0, nTold).map(delivery => (
        <li key={delivery.id}>
          <DeliveryLine delivery={delivery} />
        </li>
      ))}
      {data.length > nTold && (
        <li>
          <a href={href("notifications", { fingerprint })}>{text.more(data.length)}</a>
        </li>
      )}
    </ul>
  );
}

/** Null where this server explains nothing. */
function useExplanation(fingerprint: string | null): Resource<Explanation | null> {
  return useResource(fingerprint === null ? null : `explain ${fingerprint}`, async signal => {
    if (fingerprint === null) return null;
    const answer = await ifThere(() => get<Explanation>("deliveries/explain", { fingerprint }, signal));
    return answer?.data ?? null;
  });
}
