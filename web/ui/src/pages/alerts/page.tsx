// The alerts page: what fires, the loudest first; each opens into its rule, its group, and who was told.

import { useState } from "preact/hooks";
import { Frame } from "../../alerting/frame";
import {
  countsOf,
  type Fired,
  filtered,
  type InstanceState,
  type Section,
  sectionsOf,
} from "../../alerting/instances";
import { parseFilter } from "../../alerting/matchers";
import { readAlerting } from "../../alerting/read";
import type { RuleGroups } from "../../api/alerting";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import { cutMiddle } from "../../format/labels";
import { Source } from "../../parts/copy";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { Choice } from "../../parts/tabs";
import { href, place, setParams } from "../../router";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { refresh } from "../../time/range";
import { FiredView } from "./fired";
import { Tally } from "./tally";

const states = ["firing", "pending", "quiet"] as const;
const nAtOnce = 60;

export default function AlertsPage() {
  const { data, error, loading } = useResource("alerts", readAlerting);
  const text = ta().alerts;
  const { q, state } = readFilter();
  const fired = data?.fired ?? [];
  const counts = countsOf(fired);
  const trouble = error ?? data?.error ?? null;
  return (
    <Frame
      page="alerts"
      sentence={data === null ? "" : text.sentence(counts.firing, counts.pending, counts.quiet)}
    >
      <Progress on={loading && data === null} />
      {trouble !== null && <Failure what={text.failed} error={trouble} onRetry={refresh} />}
      {fired.length > 0 && (
        <div class="filters">
          <input
            type="search"
            value={q}
            placeholder={ta().filter}
            aria-label={ta().filterLabel}
            spellcheck={false}
            onInput={event => setParams({ q: event.currentTarget.value }, "replace")}
          />
          <Choice
            label={ta().stateLabel}
            chosen={state}
            options={[
              ["all", ta().all],
              ...states.map((one): [InstanceState, string] => [one, `${text.state[one]} ${counts[one]}`]),
            ]}
            onChoose={one => setParams({ state: one === "all" ? null : one }, "replace")}
          />
        </div>
      )}
      {data !== null && (
        <div class={error === null ? "" : "stale"}>
          {fired.length === 0 && data.error === null ? (
            <Nothing />
          ) : (
            <Sections
              sections={sectionsOf(filtered(fired, parseFilter(q), state))}
              routes={data.routed !== null}
            />
          )}
        </div>
      )}
    </Frame>
  );
}

function readFilter(): { q: string; state: InstanceState | "all" } {
  const { params } = place.value;
  const given = params.get("state");
  return { q: params.get("q") ?? "", state: states.find(one => one === given) ?? "all" };
}

function Sections({ sections, routes }: { sections: Section[]; routes: boolean }) {
  if (sections.length === 0) {
    return (
      <div class="empty">
        <p class="why">{ta().alerts.noneMatch}</p>
        <p>
          <button type="button" class="link" onClick={() => setParams({ q: null, state: null }, "replace")}>
            {ta().showAll}
          </button>
        </p>
      </div>
    );
  }
  return (
    <>
      {sections.map(section => (
        <SectionView key={`${section.by} ${section.value}`} section={section} routes={routes} />
      ))}
    </>
  );
}

function SectionView({ section, routes }: { section: Section; routes: boolean }) {
  const { by, value, fired } = section;
  const [all, setAll] = useState(false);
  const shown = all ? fired : fired.slice(0, nAtOnce);
  return (
    <section class="section-of-alerts">
      {by !== "" && (
        <h2>
          {cutMiddle(value, 80) || ta()[by].none} {fired.length > 1 && <Tally counts={countsOf(fired)} />}
        </h2>
      )}
      {shown.map((one: Fired) => (
        <FiredView key={one.key} fired={one} said={by} routes={routes} />
      ))}
      {shown.length < fired.length && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(fired.length)}
        </button>
      )}
    </section>
  );
}

const example = `rule_files:
  - rules.yml

# rules.yml
groups:
  - name: targets
    rules:
      - alert: TargetDown
        expr: up == 0
        for: 5m
        labels: {severity: page}
        annotations:
          summary: '{{ $labels.instance }} does not answer'
`;

/** How many alerting rules there are tells a quiet server from one that watches nothing. */
function Nothing() {
  const { data } = useResource("n alerting rules", async signal => {
    const { groups } = (await get<RuleGroups>("rules", { type: "alert", exclude_alerts: "true" }, signal))
      .data;
    return groups.reduce((sum, { rules }) => sum + rules.length, 0);
  });
  const text = ta().alerts;
  if (data === null) return null;
  return (
    <div class="empty">
      <p class="why">{data === 0 ? text.noRules : text.nothing}</p>
      <p>{data === 0 ? text.noRulesDo : text.nothingWhy(data)}</p>
      {data === 0 ? (
        <Source label={text.noRulesDo} text={example} />
      ) : (
        <p>
          <a href={href("rules", { kind: "alerting" })}>{t().pages.rules}</a>
        </p>
      )}
    </div>
  );
}
