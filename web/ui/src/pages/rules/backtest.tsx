// When would this rule have fired? The rule is replayed over what is stored; its intervals are drawn on a time line.

import { useEffect, useRef, useState } from "preact/hooks";
import type { AlertingRule, BackTest, RuleGroup } from "../../api/alerting";
import { isMissing } from "../../api/alertmanager";
import { isAbort, post } from "../../api/client";
import { printDuration } from "../../format/duration";
import { cutMiddle, selectorOf } from "../../format/labels";
import { formatInstant } from "../../format/time";
import { formatValue } from "../../format/unit";
import { Failure } from "../../parts/failure";
import { LabelSet } from "../../parts/labels";
import { Progress } from "../../parts/progress";
import { State } from "../../parts/state";
import { Choice } from "../../parts/tabs";
import { TimeLine } from "../../parts/timeline";
import { zone } from "../../preferences";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { type Interval, type Replay, type Row, replayOf } from "./replay";

const dayMs = 86_400_000;
const ranges: Record<string, number> = { "1": dayMs, "7": 7 * dayMs, "30": 30 * dayMs };
const stepSeconds = 15;
const nRowsAtOnce = 20;

interface Tested {
  replay: Replay;
  startMs: number;
  endMs: number;
}

type Test = { state: "idle" | "running" } | { state: "failed"; error: Error } | ({ state: "done" } & Tested);

export function BackTestOf({ rule, group }: { rule: AlertingRule; group: RuleGroup }) {
  const text = ta().rules.test;
  const [days, setDays] = useState("7");
  const [test, setTest] = useState<Test>({ state: "idle" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const run = async () => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setTest({ state: "running" });
    const endMs = Math.floor(Date.now() / 1000) * 1000;
    const startMs = endMs - ranges[days]!;
    try {
      const replay = await replayRule(rule, group, startMs, endMs, abort.signal);
      setTest({ state: "done", replay, startMs, endMs });
    } catch (error) {
      if (isAbort(error)) return;
      setTest({ state: "failed", error: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  return (
    <section class="backtest" aria-label={text.title}>
      <h3>{text.title}</h3>
      <div class="asking">
        <span class="muted">{text.range}</span>
        <Choice
          label={text.range}
          chosen={days}
          options={Object.entries(ranges).map(([key, ms]) => [key, t().time.span(ms)])}
          onChoose={setDays}
        />
        <button type="button" class="primary" disabled={test.state === "running"} onClick={run}>
          {test.state === "done" ? text.again : text.run}
        </button>
      </div>
      <div role="status" class="result">
        <Progress on={test.state === "running"} />
        {test.state === "running" && <p class="muted">{text.running}</p>}
        {test.state === "done" && <Found {...test} />}
      </div>
      {test.state === "failed" &&
        (isMissing(test.error) ? (
          <p class="muted">{text.missing}</p>
        ) : (
          <Failure what={text.failed} error={test.error} onRetry={run} />
        ))}
    </section>
  );
}

/** The rule as it would stand in a file: what is JSON is YAML, too. */
function sourceOf({
  name,
  query,
  duration,
  keepFiringFor,
  labels = {},
  annotations = {},
}: AlertingRule): string {
  const [held, kept] = [printDuration(duration * 1000), printDuration(keepFiringFor * 1000)];
  return JSON.stringify({ alert: name, expr: query, for: held, keep_firing_for: kept, labels, annotations });
}

async function replayRule(
  rule: AlertingRule,
  { limit = 0, queryOffset = 0 }: RuleGroup,
  startMs: number,
  endMs: number,
  signal: AbortSignal,
): Promise<Replay> {
  const { data } = await post<BackTest>(
    "backtests",
    {
      rule: sourceOf(rule),
      start: startMs / 1000,
      end: endMs / 1000,
      step: stepSeconds,
      limit,
      query_offset: `${Math.round(queryOffset * 1000)}ms`,
    },
    signal,
  );
  return replayOf(data);
}

const long = (ms: number) => formatValue(ms / 1000, { of: "s", perSecond: false });

function Found({ replay, startMs, endMs }: Tested) {
  const text = ta().rules.test;
  const { rows, nFiring, nPending, firingMs, longestMs, nNotifications, tookSeconds } = replay;
  return (
    <>
      <p class="sentence">
        {nFiring > 0
          ? text.sentence(nFiring, long(firingMs), long(longestMs), nNotifications)
          : nPending > 0
            ? text.onlyPending(nPending)
            : text.never}
      </p>
      {nFiring === 0 && <p class="muted">{text.neverDo}</p>}
      {replay.nFailed > 0 && (
        <p>
          <State name="caution" word={text.incomplete(replay.nFailed, replay.nSteps)} />{" "}
          <span class="mono">{replay.failure}</span>
        </p>
      )}
      {rows.length > 0 && <Instances rows={rows} startMs={startMs} endMs={endMs} />}
      <p class="muted">
        {text.leftOut} {text.took(formatValue(tookSeconds, { of: "s", perSecond: false }))}
      </p>
    </>
  );
}

function Instances({ rows, startMs, endMs }: { rows: Row[]; startMs: number; endMs: number }) {
  const text = ta().rules.test;
  const shown = rows.slice(0, nRowsAtOnce);
  return (
    <>
      <TimeLine
        startMs={startMs}
        endMs={endMs}
        rows={shown.map(row => ({
          of: (
            <>
              <LabelSet labels={row.labels} limit={4} />
              <span class="muted">{row.firingMs > 0 ? ` ${long(row.firingMs)}` : ""}</span>
            </>
          ),
          label: text.row(cutMiddle(selectorOf(row.labels), 200), row.nFiring, long(row.firingMs)),
          spans: row.intervals.map(one => ({
            kind: one.state,
            startMs: one.startMs,
            endMs: one.endMs,
            title: titleOf(one),
          })),
        }))}
      >
        <span class="key pending" /> {text.pending} <span class="key firing" /> {text.firing}
      </TimeLine>
      {shown.length < rows.length && <p class="muted">{text.fewer(shown.length, rows.length)}</p>}
    </>
  );
}

function titleOf({ state, startMs, endMs }: Interval): string {
  const text = ta().rules.test;
  const instant = (ms: number) => formatInstant(ms, zone.value);
  return text.interval(text[state], instant(startMs), instant(endMs), long(endMs - startMs));
}
