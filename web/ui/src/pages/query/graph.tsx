// The graph of a panel, its legend, and how it is drawn.

import { useComputed, useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { Chart } from "../../chart/chart";
import { Colours, hash } from "../../chart/colours";
import type { Line } from "../../chart/lines";
import { parseDuration, printDuration } from "../../format/duration";
import { commonLabels, differingNames, type Labels, selectorOf, without } from "../../format/labels";
import { formatValue } from "../../format/unit";
import { Popover } from "../../parts/popover";
import { Choice } from "../../parts/tabs";
import type { Meaning } from "../../promql/unit";
import { t } from "../../texts";
import { range } from "../../time/range";
import { Legend } from "./legend";
import { Nothing } from "./nothing";
import { changePanel, type Panel, type Zero } from "./panels";
import type { GraphAnswer } from "./run";

interface Props {
  panel: Panel;
  answer: GraphAnswer | null;
  /** What is shown is not the answer to what is asked now. */
  stale: boolean;
  failed: boolean;
  meaning: Meaning;
}

/** More lines than this make no picture; the greatest are drawn, and it is said. */
const mostDrawn = 1000;

export function GraphTab({ panel, answer, stale, failed, meaning }: Props) {
  const colours = useRef(new Colours());
  const cursor = useSignal<number | null>(null);
  const focus = useSignal<string | null>(null);
  const tall = useComputed(() => innerHeight > 700 && innerWidth > 720);
  const text = t().query;
  const lines = useMemo(() => (answer === null ? [] : pick(answer.picture.lines)), [answer]);
  const slots = useMemo(() => colours.current.assign(lines.map(line => line.key)), [lines]);
  const common = useMemo(() => commonLabels(lines.map(line => line.labels)), [lines]);

  if (answer === null) return failed ? null : <div class="unseen-graph" />;
  const { picture } = answer;
  if (lines.length === 0) {
    if (picture.nHistograms > 0) return <p class="empty">{text.onlyHistograms(picture.nHistograms)}</p>;
    return <Nothing expr={panel.expr} stale={stale} />;
  }

  const isShown = (line: Line) => panel.only.length === 0 || panel.only.includes(mark(line));
  const shown = lines.filter(isShown);
  const some = shown.length > 0 ? shown : lines;
  const drawing = {
    picture,
    lines: some,
    slots: some.map(line => slots[lines.indexOf(line)]!),
    unit: meaning.unit,
    stacked: panel.stacked,
    fromZero: fromZero(panel.zero, meaning, some),
  };
  const telling = differingNames(
    lines.map(line => line.labels),
    common,
    1,
  );
  const nameOf = (line: Line) => nameLine(line, common, lines.length === 1, telling?.[0]);
  return (
    <div class={stale ? "graph stale" : "graph"}>
      <Chart
        drawing={drawing}
        height={tall.value ? 320 : 240}
        label={text.chart(panel.expr, some.length)}
        nameOf={nameOf}
        cursor={cursor}
        focus={focus}
      />
      {lines.length < picture.lines.length && (
        <p class="muted">{text.cut(lines.length, picture.lines.length)}</p>
      )}
      {picture.nHistograms > 0 && <p class="muted">{text.histogramsLeftOut(picture.nHistograms)}</p>}
      <Legend
        panel={panel}
        lines={lines}
        slots={slots}
        common={common}
        instants={picture.instants}
        unit={meaning.unit}
        isShown={line => some.includes(line)}
        cursor={cursor}
        focus={focus}
      />
    </div>
  );
}

/** A short name of a series for the address. */
export function mark(line: Line): string {
  return hash(line.key).toString(36);
}

function pick(lines: Line[]): Line[] {
  if (lines.length <= mostDrawn) return lines;
  const greatest = new Set([...lines].sort((a, b) => b.stats.max - a.stats.max).slice(0, mostDrawn));
  return lines.filter(line => greatest.has(line));
}

/** What tells a line from the others: the value of the one label in which they differ, or all it has of its own. */
function nameLine(line: Line, common: Labels, alone: boolean, telling: string | undefined): string {
  const own = without(line.labels, common);
  const { __name__: name } = line.labels;
  // The only one is called by its metric.
  if (alone && name !== undefined) return name;
  const value = telling === undefined ? undefined : line.labels[telling];
  if (value !== undefined) return value;
  return Object.keys(own).length > 0 ? selectorOf(own) : selectorOf(line.labels);
}

/** Counts and rates begin at zero, and so does what comes near it anyway: the distance then means something. */
function fromZero(zero: Zero, meaning: Meaning, lines: Line[]): boolean {
  if (zero !== "auto") return zero === "zero";
  if (meaning.counts) return true;
  if (meaning.unit.of === "ts") return false;
  const min = Math.min(...lines.map(line => (Number.isNaN(line.stats.min) ? 0 : line.stats.min)));
  const max = Math.max(...lines.map(line => (Number.isNaN(line.stats.max) ? 0 : line.stats.max)));
  return min >= 0 && (min <= max / 2 || min === max);
}

export function GraphControls({ panel, stepS }: { panel: Panel; stepS: number | null }) {
  const text = t().query;
  return (
    <span class="controls">
      <Choice
        label={text.drawAs}
        chosen={panel.stacked ? "stacked" : "lines"}
        options={[
          ["lines", text.lines],
          ["stacked", text.stacked],
        ]}
        onChoose={how => changePanel(panel.id, { stacked: how === "stacked" })}
      />
      <Popover
        label={text.axesLabel}
        buttonClass="quiet small"
        face={
          <>
            {text.axes}
            <span class="muted">
              {stepS === null ? "" : formatValue(stepS, { of: "s", perSecond: false })}
            </span>
          </>
        }
      >
        {close => <Axes panel={panel} close={close} />}
      </Popover>
    </span>
  );
}

function Axes({ panel, close }: { panel: Panel; close: () => void }) {
  const text = t().query;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get("step");
    changePanel(panel.id, { stepMs: parseDuration(String(given)) });
    close();
  };
  return (
    <form class="axes" onSubmit={submit}>
      <span class="muted">{text.yAxis}</span>
      <Choice<Zero>
        label={text.yAxis}
        chosen={panel.zero}
        options={[
          ["auto", text.yAuto],
          ["zero", text.yZero],
          ["fit", text.yFit],
        ]}
        onChoose={zero => changePanel(panel.id, { zero })}
      />
      <label class="muted" for={`step-${panel.id}`}>
        {text.step}
      </label>
      <span class="row">
        <input
          id={`step-${panel.id}`}
          name="step"
          class="mono"
          placeholder={text.stepAuto}
          value={panel.stepMs === null ? "" : printDuration(panel.stepMs)}
          spellcheck={false}
        />
        <button type="submit">{text.set}</button>
      </span>
      <p class="muted">{text.stepHint(t().time.span(range.value.lengthMs))}</p>
    </form>
  );
}
