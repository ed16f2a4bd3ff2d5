// What is left of a budget along its window, beside what would be left if it were spent evenly.

import { useSignal } from "@preact/signals";
import type { BurndownPoint, Slo } from "../api/budgets";
import { get } from "../api/client";
import { useResource } from "../api/resource";
import { Chart } from "../chart/chart";
import { type Line, type Picture, statsOf } from "../chart/lines";
import { Failure } from "../parts/failure";
import { Progress } from "../parts/progress";
import { tb } from "../texts/budgets";
import { refresh } from "../time/range";

const nPoints = 240;
/** Seconds; the API takes steps no finer. */
const leastStepS = 15;

export function Burndown({ slo }: { slo: Slo }) {
  const text = tb().slo;
  const cursor = useSignal<number | null>(null);
  const focus = useSignal<string | null>(null);
  const { data, error, loading } = useResource(`burndown ${slo.id}`, signal => readBurndown(slo, signal));
  const lines = data?.lines ?? [];
  return (
    <section class="burndown">
      <h2>{text.burndown}</h2>
      <Progress on={loading} />
      {error !== null && <Failure what={text.burndownFailed} error={error} onRetry={refresh} />}
      {data !== null && lines.every(line => Number.isNaN(line.stats.last)) && (
        <p class="muted">{text.burndownNone}</p>
      )}
      {data !== null && lines.some(line => !Number.isNaN(line.stats.last)) && (
        <>
          <Chart
            drawing={{
              picture: data,
              lines,
              slots: [0, 1],
              unit: { of: "%", perSecond: false },
              stacked: false,
              fromZero: true,
            }}
            height={220}
            label={text.burndown}
            nameOf={line => line.labels.what ?? ""}
            cursor={cursor}
            focus={focus}
          />
          <p class="legend muted">
            <span class="key left">{text.leftLine}</span>
            {lines.length > 1 && <span class="key even">{text.evenLine}</span>}
          </p>
        </>
      )}
    </section>
  );
}

async function readBurndown(slo: Slo, signal: AbortSignal): Promise<Picture> {
  const startS = Date.parse(slo.window.start) / 1000;
  const endS = Math.min(Date.parse(slo.window.end), Date.now()) / 1000;
  const stepS = Math.max(leastStepS, Math.ceil((endS - startS) / nPoints));
  const { data } = await get<BurndownPoint[]>(
    `slos/${encodeURIComponent(slo.id)}/burndown`,
    { start: startS, end: endS, step: stepS },
    signal,
  );
  return pictureOf(data, slo, stepS);
}

function pictureOf(points: BurndownPoint[], slo: Slo, stepS: number): Picture {
  const text = tb().slo;
  const instants = points.map(({ at }) => Date.parse(at) / 1000);
  const left = points.map(({ remaining_ratio }) => (remaining_ratio === null ? null : remaining_ratio * 100));
  const start = Date.parse(slo.window.start) / 1000;
  const length = Date.parse(slo.window.end) / 1000 - start;
  // A rolling window has no beginning to spend from: its even line is what a budget that is used up just in time has left.
  const even = instants.map(at => (slo.window.rolling ? null : 100 * (1 - (at - start) / length)));
  const line = (key: string, what: string, values: (number | null)[]): Line => ({
    key,
    labels: { what },
    values,
    stats: statsOf(values),
  });
  const lines = [line("left", text.leftLine, left)];
  if (!slo.window.rolling) lines.push(line("even", text.evenLine, even));
  const grid = { startS: instants[0] ?? start, endS: instants.at(-1) ?? start + stepS, stepS };
  return { grid, instants, lines, nHistograms: 0 };
}
