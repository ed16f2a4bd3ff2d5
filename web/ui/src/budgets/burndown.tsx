// What is left of a budget along its window, beside what would be left if it were spent evenly, with what happened on the
// way: deployments, incidents, time that did not count, other promises, and where it goes at this pace.

import { useSignal } from "@preact/signals";
import type { BurndownPoint, Cost, Deployment, Expected, Marks, Product, Slo } from "../api/budgets";
import { get, type Query } from "../api/client";
import { useResource } from "../api/resource";
import { Chart } from "../chart/chart";
import { nColours } from "../chart/colours";
import { type Line, type Picture, statsOf } from "../chart/lines";
import type { Mark } from "../chart/marks";
import { percent } from "../format/number";
import { formatInstant } from "../format/time";
import { Failure } from "../parts/failure";
import { Progress } from "../parts/progress";
import { zone } from "../preferences";
import { tb } from "../texts/budgets";
import { refresh } from "../time/range";
import { aheadOf, floorOf } from "./forecast";
import { soFar } from "./spending";

const nPoints = 240;
/** Seconds; the API takes steps no finer. */
const leastStepS = 15;

interface Props {
  of: Slo | Product;
  deployments: Deployment[];
  costs: Cost[];
}

export function Burndown({ of, deployments, costs }: Props) {
  const text = tb().slo;
  const cursor = useSignal<number | null>(null);
  const focus = useSignal<string | null>(null);
  const { data, error, loading } = useResource(`burndown ${"id" in of ? of.id : of.name}`, signal =>
    readBurndown(of, signal),
  );
  const picture = data === null ? null : pictureOf(data, of);
  const lines = picture?.lines ?? [];
  const [top, bottom] = ["high", "low"].map(name => lines.findIndex(({ key }) => key === name)) as [
    number,
    number,
  ];
  const isEmpty = Number.isNaN(lines[0]?.stats.last ?? Number.NaN);
  const marks = data === null ? [] : marksOf(data.marks, deployments, costs);
  return (
    <section class="burndown">
      <h2>{text.burndown}</h2>
      <Progress on={loading} />
      {error !== null && <Failure what={text.burndownFailed} error={error} onRetry={refresh} />}
      {picture !== null && isEmpty && <p class="muted">{text.burndownNone}</p>}
      {picture !== null && !isEmpty && (
        <>
          <Chart
            drawing={{
              picture,
              lines,
              slots: lines.map(({ key }) => slots[key]!),
              unit: { of: "%", perSecond: false },
              stacked: false,
              fromZero: true,
              marks,
              ...(top >= 0 && { band: { top, bottom }, floor: floorOf(remainingOf(data!.points)) * 100 }),
            }}
            height={240}
            label={text.burndown}
            nameOf={line => line.labels.what ?? ""}
            cursor={cursor}
            focus={focus}
          />
          <p class="legend muted">
            {lines
              .filter(({ key }) => key !== "high" && key !== "low")
              .map(({ key, labels }) => (
                <span key={key} class={`key ${key}`}>
                  {labels.what}
                </span>
              ))}
            {top >= 0 && <span class="sign between">{text.between}</span>}
            {(["deployment", "incident", "exclusion", "objective"] as const)
              .filter(kind => marks.some(mark => mark.kind === kind))
              .map(kind => (
                <span key={kind} class={`sign ${kind}`}>
                  {text.marks[kind]}
                </span>
              ))}
          </p>
          <AsTable points={data!.points} marks={marks} />
        </>
      )}
    </section>
  );
}

/** The line that goes on where the first ends is its colour, dashed. */
const slots: Record<string, number> = { left: 0, even: 1, forecast: nColours, high: 0, low: 0 };

interface Read {
  points: BurndownPoint[];
  marks: Marks;
  expected: Expected[];
  stepS: number;
}

const remainingOf = (points: BurndownPoint[]) => points.map(({ remaining_ratio }) => remaining_ratio);

async function readBurndown(of: Slo | Product, signal: AbortSignal): Promise<Read> {
  // Whole seconds: nobody reads the rest.
  const start = Math.floor(Date.parse(of.window.start) / 1000);
  const end = Math.ceil(Date.parse(soFar(of.window)) / 1000);
  const stepS = Math.max(leastStepS, Math.ceil((end - start) / nPoints));
  const query: Query = { start, end, step: stepS };
  if ("id" in of) {
    const { data, marks, expected } = await get<BurndownPoint[]>(
      `slos/${encodeURIComponent(of.id)}/burndown`,
      query,
      signal,
    );
    return {
      points: data,
      marks: (marks ?? { exclusions: [], objectives: [] }) as Marks,
      expected: (expected ?? []) as Expected[],
      stepS,
    };
  }
  const path = `products/${encodeURIComponent(of.name)}/budget`;
  const { data } = await get<Pick<Read, "marks" | "expected"> & { burndown: BurndownPoint[] }>(
    path,
    query,
    signal,
  );
  return { points: data.burndown, marks: data.marks, expected: data.expected ?? [], stepS };
}

function pictureOf({ points, expected, stepS }: Read, of: Slo | Product): Picture {
  const text = tb().slo;
  const { window } = of;
  const start = Date.parse(window.start) / 1000;
  const length = Date.parse(window.end) / 1000 - start;
  const past = points.map(({ at }) => Date.parse(at) / 1000);
  const ratios = remainingOf(points);
  const ahead = aheadOf(ratios, expected);
  const instants = [...past, ...(ahead === null ? [] : expected.map(({ at }) => Date.parse(at) / 1000))];
  const shares = (values: (number | null)[]) => values.map(value => (value === null ? null : value * 100));
  const line = (key: string, what: string, values: (number | null)[]): Line => ({
    key,
    labels: { what },
    values: shares(values),
    stats: statsOf(shares(values)),
  });
  const lines = [line("left", text.leftLine, [...ratios, ...instants.slice(past.length).map(() => null)])];
  // A rolling window has no beginning to spend from: its even line is what a budget that is used up just in time has left.
  if (!window.rolling)
    lines.push(
      line(
        "even",
        text.evenLine,
        instants.map(at => 1 - (at - start) / length),
      ),
    );
  if (ahead !== null)
    lines.push(
      line("forecast", text.forecastLine, ahead.expected),
      line("high", text.bestLine, ahead.high),
      line("low", text.worstLine, ahead.low),
    );
  const grid = { startS: instants[0] ?? start, endS: instants.at(-1) ?? start + stepS, stepS };
  return { grid, instants, lines, nHistograms: 0 };
}

function marksOf({ exclusions, objectives }: Marks, deployments: Deployment[], costs: Cost[]): Mark[] {
  const text = tb().slo;
  const seconds = (at: string) => Date.parse(at) / 1000;
  const mark = (kind: Mark["kind"], from: string, to: string, words: string): Mark => ({
    kind,
    fromS: seconds(from),
    toS: seconds(to),
    text: words,
  });
  return [
    ...exclusions.map(({ start, end, name, reason }) =>
      mark("exclusion", start, end, `${text.marks.exclusion}: ${reason || name}`),
    ),
    ...costs
      .filter(({ kind }) => kind === "incident")
      .map(({ name, start, end, budget_share }) =>
        mark(
          "incident",
          start,
          end,
          text.incident(name ?? "", budget_share === null ? "–" : percent(budget_share)),
        ),
      ),
    ...objectives.map(({ at, from, to }) => mark("objective", at, at, text.promised(from, to))),
    ...deployments.map(({ service, version, actor, state, started_at: at }) =>
      mark(
        "deployment",
        at,
        at,
        [`${service} ${version}`, actor, tb().result[state]].filter(Boolean).join(" · "),
      ),
    ),
  ];
}

const nRows = 28;

/** The same for those who do not see it, or want the figures. */
function AsTable({ points, marks }: { points: BurndownPoint[]; marks: Mark[] }) {
  const text = tb().slo;
  const every = Math.max(1, Math.floor(points.length / nRows));
  const shown = points.filter((_, i) => (points.length - 1 - i) % every === 0);
  const when = (ms: number) => formatInstant(ms, zone.value).slice(0, 16);
  const happened = [...marks].sort((a, b) => a.fromS - b.fromS);
  return (
    <details class="as-table">
      <summary>{text.asTable}</summary>
      <table>
        <thead>
          <tr>
            <th>{text.when}</th>
            <th class="number">{tb().slos.left}</th>
            <th>{text.happened}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ at, remaining_ratio }, i) => {
            const until = Date.parse(at) / 1000;
            const since = i === 0 ? 0 : Date.parse(shown[i - 1]!.at) / 1000;
            const then = happened.filter(({ fromS }) => fromS > since && fromS <= until);
            return (
              <tr key={at}>
                <td>{when(Date.parse(at))}</td>
                <td class="number">{remaining_ratio === null ? "–" : percent(remaining_ratio)}</td>
                <td class="name">{then.map(mark => mark.text).join("; ")}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </details>
  );
}
