// What the stored past says of an objective: in a sentence, window by window, along time, and whom it would have told.

import "./trial.css";
import { useSignal } from "@preact/signals";
import type { Trial, TrialAlert, TrialPeriod } from "../api/trials";
import { Chart } from "../chart/chart";
import type { Line, Picture } from "../chart/lines";
import { printDuration } from "../format/duration";
import { percent } from "../format/number";
import { formatInstant } from "../format/time";
import { formatValue } from "../format/unit";
import { TimeLine } from "../parts/timeline";
import { zone } from "../preferences";
import { tt } from "../texts/trials";
import { byPair, goodOf, heldOf, leftOf } from "./trial";
import { printShare, severityWord } from "./words";

const nListed = 8;
const dayMs = 86_400_000;

export function Past({ trial }: { trial: Trial }) {
  const text = tt();
  const { objective, periods, pages, tickets, coverage } = trial;
  const held = heldOf(trial);
  return (
    <>
      <p class="sentence">{text.sentence(objective, held.kept, held.periods, pages, tickets)}</p>
      <p class="muted">
        {text.since(...endsOf(trial))}. {coverage !== null && text.covered(percent(coverage))}{" "}
        {trial.evaluation === "sampled" && text.sampled}
      </p>
      {!periods.some(({ whole }) => whole) && <p class="caution">▲ {text.young}</p>}
      {periods.length > 0 && <Periods periods={periods} />}
      {trial.total === 0 ? <p class="caution">▲ {text.nothing}</p> : <Charts trial={trial} />}
      <Alerts trial={trial} />
    </>
  );
}

/** The windows, one mark for each: solid where the promise was kept, hatched where not; pale where it is not whole. */
function Periods({ periods }: { periods: TrialPeriod[] }) {
  const text = tt();
  return (
    <ol class="periods" aria-label={text.windows}>
      {periods.map(({ start, end, sli, kept, whole }) => {
        const [from, to] = endsOf({ start, end });
        const say = kept ? text.keptWindow : text.missedWindow;
        const words = say(from, to, printShare(sli)) + (whole ? "" : text.partly);
        return (
          <li key={start} class={`${kept ? "kept" : "missed"}${whole ? "" : " partly"}`} title={words}>
            <span class="unseen">{words}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Charts({ trial }: { trial: Trial }) {
  const text = tt();
  const good = goodOf(trial, { sli: text.sli, promised: text.promised });
  const left = leftOf(trial, text.leftChart);
  return (
    <div class="burndown">
      <h3>{text.sliChart}</h3>
      <Drawn picture={good} label={text.sliChart} fromZero={false} />
      <p class="legend muted">
        <span class="key left">{text.sli}</span>
        <span class="key even">
          {text.promised} {trial.objective} %
        </span>
      </p>
      <h3>{text.leftChart}</h3>
      <Drawn picture={left} label={text.leftChart} fromZero />
    </div>
  );
}

const nameOf = (line: Line) => line.labels.what ?? "";

function Drawn({ picture, label, fromZero }: { picture: Picture; label: string; fromZero: boolean }) {
  const cursor = useSignal<number | null>(null);
  const focus = useSignal<string | null>(null);
  const { lines } = picture;
  const slots = lines.map((_, i) => i);
  const unit = { of: "ratio", perSecond: false };
  return (
    <Chart
      drawing={{ picture, lines, slots, unit, stacked: false, fromZero }}
      height={160}
      label={label}
      nameOf={nameOf}
      cursor={cursor}
      focus={focus}
    />
  );
}

function Alerts({ trial }: { trial: Trial }) {
  const text = tt();
  const { alerts } = trial;
  const nAll = alerts.length + trial.n_alerts_left_out;
  const [startMs, endMs] = [Date.parse(trial.start), Date.parse(trial.end)];
  const untilMs = (one: TrialAlert) => (one.resolved_at === null ? endMs : Date.parse(one.resolved_at));
  const lastedOf = (one: TrialAlert) => long(untilMs(one) - Date.parse(one.fired_at));
  if (alerts.length === 0)
    return (
      <>
        <h3>{text.alerts}</h3>
        <p class="muted">{text.alertsNone}</p>
      </>
    );
  return (
    <>
      <h3>{text.alerts}</h3>
      <TimeLine
        startMs={startMs}
        endMs={endMs}
        rows={byPair(alerts).map(({ severity, long, short, alerts }) => ({
          of: (
            <>
              {severityWord(severity)} <span class="muted">{text.pair(long, short)}</span>
            </>
          ),
          label: text.row(severityWord(severity), text.pair(long, short), alerts.length),
          spans: alerts.map(one => ({
            kind: severity === "page" ? "firing" : "ticket",
            startMs: Date.parse(one.fired_at),
            endMs: untilMs(one),
            title: text.span(minuteOf(one.fired_at), lastedOf(one)),
          })),
        }))}
      />
      <table class="told">
        <thead>
          <tr>
            <th>{text.fired}</th>
            <th>{text.alert}</th>
            <th class="number">{text.lasted}</th>
            <th class="number">{text.delay}</th>
            <th class="number">{text.spent}</th>
          </tr>
        </thead>
        <tbody>
          {alerts
            .slice(-nListed)
            .reverse()
            .map((one, i) => (
              <tr key={i}>
                <td class="when">{minuteOf(one.fired_at)}</td>
                <td>
                  {severityWord(one.severity)} <span class="muted">{text.pair(one.long, one.short)}</span>
                </td>
                <td class="number">{one.resolved_at === null ? text.stillFires : lastedOf(one)}</td>
                <td class="number">{delayOf(one.detection_delay_seconds)}</td>
                <td class="number">{one.spent_ratio === null ? "–" : percent(one.spent_ratio)}</td>
              </tr>
            ))}
        </tbody>
      </table>
      {nAll > nListed && <p class="muted">{text.firstOf(nListed, nAll)}</p>}
    </>
  );
}

const long = (ms: number) => formatValue(ms / 1000, { of: "s", perSecond: false });
const dayOf = (at: string) => formatInstant(Date.parse(at), zone.value).slice(0, 10);
const minuteOf = (at: string) => formatInstant(Date.parse(at), zone.value).slice(0, 16);

/** From when to when, as exactly as it takes to tell them apart. */
function endsOf({ start, end }: Pick<Trial, "start" | "end">): [string, string] {
  const isShort = Date.parse(end) - Date.parse(start) < 2 * dayMs;
  return isShort ? [minuteOf(start), minuteOf(end)] : [dayOf(start), dayOf(end)];
}

/** How long a burn went on before somebody was told. */
export function delayOf(seconds: number | null): string {
  return seconds === null ? "–" : printDuration(Math.ceil(seconds) * 1000);
}
