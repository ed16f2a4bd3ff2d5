// The rules page: files, groups and rules; how each is evaluated, and what it would have done.

import "./rules.css";
import { useState } from "preact/hooks";
import { Frame } from "../../alerting/frame";
import { instant } from "../../alerting/instances";
import type { RuleGroups } from "../../api/alerting";
import { get, post } from "../../api/client";
import { useResource } from "../../api/resource";
import type { QueryResult } from "../../api/types";
import { printDuration } from "../../format/duration";
import { cutMiddle } from "../../format/labels";
import { percent } from "../../format/number";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { Source } from "../../parts/copy";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { State } from "../../parts/state";
import { Choice } from "../../parts/tabs";
import { place, setParams } from "../../router";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { refresh } from "../../time/range";
import { type Group, groupsOf, isShown, type Kind, keyOf, kinds, shareOf } from "./groups";
import { RuleRow } from "./row";

const nGroupsAtOnce = 60;
const nRulesAtOnce = 40;

export default function RulesPage() {
  const { data, error, loading } = useResource("rules", async signal =>
    groupsOf((await get<RuleGroups>("rules", {}, signal)).data.groups),
  );
  const missed = useResource("missed", readMissed).data;
  const text = ta().rules;
  const { params } = place.value;
  const kind = kinds.find(one => one === params.get("kind")) ?? "all";
  const q = params.get("q") ?? "";
  const rules = data?.flatMap(group => group.rules) ?? [];
  const nFailing = rules.filter(({ health }) => health === "err").length;
  return (
    <Frame
      page="rules"
      sentence={data === null || data.length === 0 ? "" : text.sentence(rules.length, data.length, nFailing)}
    >
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.failed} error={error} onRetry={refresh} />}
      {data !== null && data.length > 0 && (
        <div class="filters">
          <input
            type="search"
            value={q}
            placeholder={text.filter}
            aria-label={text.filter}
            spellcheck={false}
            onInput={event => setParams({ q: event.currentTarget.value }, "replace")}
          />
          <Choice
            label={text.kindLabel}
            chosen={kind}
            options={kinds.map((one): [Kind, string] => [
              one,
              one === "failing" ? `${text.kinds[one]} ${nFailing}` : text.kinds[one],
            ])}
            onChoose={one => setParams({ kind: one === "all" ? null : one }, "replace")}
          />
        </div>
      )}
      {data !== null && (
        <div class={error === null ? "" : "stale"}>
          <Groups groups={data} kind={kind} q={q} missed={missed ?? new Map()} />
        </div>
      )}
    </Frame>
  );
}

/** Slots missed in the last hour, by group. narthex and Prometheus both count them in a series of their own. */
async function readMissed(signal: AbortSignal): Promise<Map<string, number>> {
  const query = "max by (rule_group) (increase(prometheus_rule_group_iterations_missed_total[1h]))";
  const { data } = await post<QueryResult>("query", { query }, signal);
  if (data.resultType !== "vector") return new Map();
  return new Map(
    data.result.map(({ metric, value }) => [metric.rule_group ?? "", Math.round(Number(value?.[1]))]),
  );
}

interface GroupsProps {
  groups: Group[];
  kind: Kind;
  q: string;
  missed: Map<string, number>;
}

function Groups({ groups, kind, q, missed }: GroupsProps) {
  const [all, setAll] = useState(false);
  const text = ta().rules;
  const open = place.value.params.get("open");
  if (groups.length === 0) return <Nothing />;
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = groups
    .map(group => ({ group, rules: group.rules.filter(rule => isShown(rule, group, kind, words)) }))
    .filter(({ rules }) => rules.length > 0);
  if (shown.length === 0) {
    return (
      <div class="empty">
        <p class="why">{text.noneMatch}</p>
        <p>
          <button type="button" class="link" onClick={() => setParams({ q: null, kind: null }, "replace")}>
            {ta().showAll}
          </button>
        </p>
      </div>
    );
  }
  // What a link opens is shown, however far down it stands.
  const opened = shown.findIndex(({ group, rules }) => rules.some(rule => keyOf(group, rule) === open));
  const part = all ? shown : shown.slice(0, Math.max(nGroupsAtOnce, opened + 1));
  return (
    <>
      {part.map(({ group, rules }) => (
        <GroupView
          key={group.id}
          group={group}
          rules={rules}
          missed={missed.get(group.id) ?? 0}
          open={open}
        />
      ))}
      {part.length < shown.length && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(shown.length)}
        </button>
      )}
    </>
  );
}

interface GroupProps {
  group: Group;
  rules: Group["rules"];
  missed: number;
  open: string | null;
}

function GroupView({ group, rules, missed, open }: GroupProps) {
  const [all, setAll] = useState(false);
  const text = ta().rules;
  const opened = rules.findIndex(rule => keyOf(group, rule) === open);
  const shown = all ? rules : rules.slice(0, Math.max(nRulesAtOnce, opened + 1));
  const slowest = Math.max(...group.rules.map(({ evaluationTime }) => evaluationTime), 1e-9);
  const share = shareOf(group);
  const lastMs = instant(group.lastEvaluation);
  return (
    <section class="rule-group">
      <header>
        <h2>{cutMiddle(group.name, 80)}</h2>
        <State
          name={group.nFailing > 0 ? "critical" : lastMs === null ? "nodata" : "healthy"}
          word={text.healthOfGroup(group.nFailing, group.rules.length)}
        />
        <span class="muted file" title={group.file}>
          {cutMiddle(group.file, 60)}
        </span>
        <span class="muted timing">
          {text.every(printDuration(group.interval * 1000))}
          {lastMs !== null && (
            <>
              {" "}
              · {text.took(formatValue(group.evaluationTime, { of: "s", perSecond: false }), percent(share))}{" "}
              · {text.evaluated} <Ago ms={lastMs} />
            </>
          )}
          <span class={share > 0.8 ? "interval-bar tight" : "interval-bar"} aria-hidden="true">
            <span style={{ width: `${Math.min(100, share * 100)}%` }} />
          </span>
        </span>
        {missed > 0 && (
          <span title={text.missedWhy}>
            <State name="caution" word={text.missed(missed)} />
          </span>
        )}
      </header>
      <ul>
        {shown.map((rule, i) => {
          const key = keyOf(group, rule);
          return (
            <RuleRow
              key={`${key} ${i}`}
              id={key}
              rule={rule}
              group={group}
              slowest={slowest}
              open={key === open}
            />
          );
        })}
      </ul>
      {shown.length < rules.length && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(rules.length)}
        </button>
      )}
    </section>
  );
}

const example = `rule_files:
  - rules.yml

# rules.yml
groups:
  - name: requests
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: TargetDown
        expr: up == 0
        for: 5m
        labels: {severity: page}
`;

function Nothing() {
  const text = ta().rules;
  return (
    <div class="empty">
      <p class="why">{text.none}</p>
      <p>{text.noneDo}</p>
      <Source label={text.noneDo} text={example} />
    </div>
  );
}
