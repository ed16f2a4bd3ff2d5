// A rule that fires, and its instances: what all of them share stands with the rule, what tells them apart with each.

import { useState } from "preact/hooks";
import { countsOf, type Fired, type Instance } from "../../alerting/instances";
import { ofLabels } from "../../alerting/matchers";
import { silence } from "../../alerting/silencing";
import { commonLabels, type Labels, without } from "../../format/labels";
import { LabelSet } from "../../parts/labels";
import { place } from "../../router";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { InstanceRow } from "./instance";
import { Tally } from "./tally";

const nAtOnce = 12;

interface Props {
  fired: Fired;
  /** The label that the heading above says already; empty for none. */
  said: string;
  routes: boolean;
}

export function FiredView({ fired, said, routes }: Props) {
  const { name, source, instances } = fired;
  const [all, setAll] = useState(false);
  const open = place.value.params.get("open");
  const folded =
    instances.length > nAtOnce + 2 && !all && !instances.slice(nAtOnce).some(({ key }) => key === open);
  const shown = folded ? instances.slice(0, nAtOnce) : instances;
  const common = sharedBy(instances);
  const { alertname: _, [said]: __, ...shared } = common;
  const text = ta().alerts;
  return (
    <article class="fired">
      <header>
        <h3>{name}</h3>
        <Tally counts={countsOf([fired])} />
        <span class="shared">
          {Object.keys(shared).length > 0 && <LabelSet labels={shared} limit={6} />}
          {source === null && <span class="muted"> {text.sent}</span>}
        </span>
        {routes && instances.length > 1 && (
          <button
            type="button"
            class="quiet small"
            onClick={() => silence(ofLabels(commonLabels(instances.map(known))))}
          >
            {text.silenceAll}
          </button>
        )}
      </header>
      <ul>
        {shown.map(instance => (
          <InstanceRow
            key={instance.key}
            instance={instance}
            labels={without(instance.labels, common)}
            source={source}
            routes={routes}
            open={instance.key === open}
          />
        ))}
      </ul>
      {folded && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(instances.length)}
        </button>
      )}
    </article>
  );
}

/** Of a single instance: its name, severity and product; the rest is what it is about. */
function sharedBy(instances: Instance[]): Labels {
  const [first, ...others] = instances;
  if (others.length > 0) return commonLabels(instances.map(({ labels }) => labels));
  const entries = Object.entries(first!.labels).filter(([name]) =>
    /^(alertname|severity|product)$/.test(name),
  );
  return Object.fromEntries(entries);
}

/** The labels by which routing knows it: a silence matches these. */
function known({ routed, labels }: Instance): Labels {
  return routed?.labels ?? labels;
}
