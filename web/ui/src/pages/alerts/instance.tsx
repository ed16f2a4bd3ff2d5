// One alert: its state, what it is about, its value and since when; unfolded, where it came from and where it went.

import { type Instance, type RuleSource, stateNameOf } from "../../alerting/instances";
import { Linked } from "../../alerting/linked";
import { ofLabels } from "../../alerting/matchers";
import { silence } from "../../alerting/silencing";
import { cutMiddle, type Labels } from "../../format/labels";
import { digits } from "../../format/number";
import { Ago } from "../../parts/ago";
import { LabelSet } from "../../parts/labels";
import { State } from "../../parts/state";
import { setParams } from "../../router";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { Chain } from "./chain";

interface Props {
  instance: Instance;
  /** What tells it from the others of its rule. */
  labels: Labels;
  source: RuleSource | null;
  routes: boolean;
  open: boolean;
}

export function InstanceRow({ instance, labels, source, routes, open }: Props) {
  const text = ta().alerts;
  const { state, value, sinceMs, key } = instance;
  const summary = instance.annotations.summary ?? instance.annotations.title ?? "";
  return (
    <li class={`instance ${state}`}>
      <div class="line">
        <State name={stateNameOf(instance)} word={text.state[state]} />
        <div class="who">
          <button
            type="button"
            class="name"
            aria-expanded={open}
            onClick={() => setParams({ open: open ? null : key }, "replace")}
          >
            {cutMiddle(summary, 140) ||
              (Object.keys(labels).length > 0 ? <Told labels={labels} /> : text.noLabels)}
          </button>
          <Quieted instance={instance} />
          {summary !== "" && Object.keys(labels).length > 0 && (
            <span class="labels-below">
              <LabelSet labels={labels} limit={6} />
            </span>
          )}
        </div>
        <span class="value mono">{value === null ? "" : digits(Number(value), 4)}</span>
        <span class="when muted">{sinceMs !== null && <Ago ms={sinceMs} />}</span>
        {routes && (
          <button
            type="button"
            class="small"
            disabled={instance.routed !== null && instance.routed.status.silencedBy.length > 0}
            onClick={() => silence(ofLabels(instance.routed?.labels ?? instance.labels))}
          >
            {text.silence}
          </button>
        )}
      </div>
      {open && (
        <div class="opened">
          <Annotations annotations={instance.annotations} without={summary} />
          <LabelSet labels={instance.routed?.labels ?? instance.labels} limit={30} />
          <Chain instance={instance} source={source} />
        </div>
      )}
    </li>
  );
}

/** Labels as the text of a button, which may hold nothing that can be pressed. */
function Told({ labels }: { labels: Labels }) {
  const entries = Object.entries(labels);
  const shown = entries.slice(0, 6);
  return (
    <span class="labels">
      {shown.map(([name, value]) => (
        <span key={name} title={value.length > 64 ? value : undefined}>
          <span class="k">{name}</span>
          {cutMiddle(value, 64) || '""'}
        </span>
      ))}
      {shown.length < entries.length && (
        <span class="muted">{t().labels.more(entries.length - shown.length)}</span>
      )}
    </span>
  );
}

/** Why it tells nobody, or fires on. */
function Quieted({ instance }: { instance: Instance }) {
  const text = ta().alerts;
  const { silencedBy = [], inhibitedBy = [], mutedBy = [] } = instance.routed?.status ?? {};
  const why = [
    silencedBy.length > 0 ? text.silenced : "",
    inhibitedBy.length > 0 ? text.inhibited : "",
    mutedBy.length > 0 ? text.muted : "",
  ].filter(Boolean);
  return (
    <>
      {why.map(word => (
        <span key={word} class="mark-of">
          {word}
        </span>
      ))}
      {instance.keepsFiring && (
        <span class="mark-of" title={text.keepsFiringWhy}>
          {text.keepsFiring}
        </span>
      )}
    </>
  );
}

/** More than this of an annotation is cut off: it is for people to read. */
const annotationLimit = 4000;

function Annotations({ annotations, without }: { annotations: Labels; without: string }) {
  const entries = Object.entries(annotations).filter(
    ([name, value]) => value !== "" && !(name === "summary" && value === without && value.length <= 140),
  );
  if (entries.length === 0) return null;
  return (
    <dl class="annotations">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt class="muted">{name}</dt>
          <dd>
            <Linked text={value.slice(0, annotationLimit)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
