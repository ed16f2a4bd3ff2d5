// The legend: a table of the series with what they were. A click isolates one, Ctrl and a click adds another; under the
// crosshair the first column reads the values at that instant.

import type { ReadonlySignal, Signal } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import type { Line } from "../../chart/lines";
import { Swatch } from "../../chart/swatch";
import { differingNames, type Labels, without } from "../../format/labels";
import { formatClock } from "../../format/time";
import { formatValue, type Unit } from "../../format/unit";
import { LabelCell, LabelSet } from "../../parts/labels";
import { isNarrow } from "../../parts/narrow";
import { zone } from "../../preferences";
import { t } from "../../texts";
import { mark } from "./graph";
import { changePanel, type Panel, type SortKey } from "./panels";
import { select } from "./select";

interface Props {
  panel: Panel;
  lines: Line[];
  slots: number[];
  common: Labels;
  instants: number[];
  unit: Unit;
  isShown: (line: Line) => boolean;
  cursor: ReadonlySignal<number | null>;
  focus: Signal<string | null>;
}

const nAtOnce = 24;
/** Series that differ in more labels than this are shown as sets, not in columns. */
const mostColumns = 4;
const columns: SortKey[] = ["last", "min", "mean", "max"];

export function Legend(props: Props) {
  const { panel, lines, slots, common, cursor, instants, focus } = props;
  const [all, setAll] = useState(false);
  const text = t().query;
  const rows = sorted(
    lines.map((line, i) => ({ line, slot: slots[i]! })),
    panel,
  );
  const visible = all || rows.length <= nAtOnce + 6 ? rows : rows.slice(0, nAtOnce);
  const nCommon = Object.keys(common).length;
  const names = useMemo(() => columnNames(lines, common), [lines, common]);
  const point = (key: string | null) => {
    focus.value = key;
  };
  return (
    <div class="legend">
      {nCommon > 0 && (
        <p class="common">
          <span class="muted">{text.common}</span> <LabelSet labels={common} limit={6} />
        </p>
      )}
      <table onPointerLeave={() => point(null)}>
        <colgroup>
          <col class="swatches" />
          <col span={names?.length ?? 1} />
        </colgroup>
        <thead>
          <tr>
            {names === null ? (
              <th colSpan={2}>{text.seriesColumn}</th>
            ) : (
              names.map((name, i) => (
                <th key={name} colSpan={i === 0 ? 2 : 1}>
                  {name === "__name__" ? text.metricColumn : name}
                </th>
              ))
            )}
            {columns.map(column => (
              <SortHead key={column} column={column} panel={panel}>
                {column === "last" ? <LastHead cursor={cursor} instants={instants} /> : text.columns[column]}
              </SortHead>
            ))}
          </tr>
        </thead>
        <tbody>
          {visible.map(row => (
            <Row key={row.line.key} {...props} {...row} names={names} />
          ))}
        </tbody>
      </table>
      {visible.length < rows.length && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {text.showAll(rows.length)}
        </button>
      )}
      {panel.only.length > 0 && lines.length > 1 && (
        <button type="button" class="link more" onClick={() => changePanel(panel.id, { only: [] })}>
          {text.unisolate}
        </button>
      )}
    </div>
  );
}

/** The labels that get a column each; null shows the sets, as a single series does. */
function columnNames(lines: Line[], common: Labels): string[] | null {
  if (lines.length === 1) return null;
  const sets = lines.map(line => line.labels);
  return differingNames(sets, common, isNarrow() ? 1 : mostColumns);
}

function sorted(rows: { line: Line; slot: number }[], { sort }: Panel) {
  if (sort === null) return rows;
  const sign = sort.down ? -1 : 1;
  const value = ({ line }: { line: Line }) => line.stats[sort.by];
  // What has no value stands last, whichever way it goes.
  return [...rows].sort((a, b) =>
    Number.isNaN(value(a)) ? 1 : Number.isNaN(value(b)) ? -1 : sign * (value(a) - value(b)),
  );
}

function SortHead({
  column,
  panel,
  children,
}: {
  column: SortKey;
  panel: Panel;
  children: preact.ComponentChildren;
}) {
  const active = panel.sort?.by === column ? panel.sort : null;
  // Greatest first, least first, as it came.
  const next =
    active === null ? { by: column, down: true } : active.down ? { by: column, down: false } : null;
  return (
    <th
      class={`number ${column}`}
      aria-sort={active === null ? "none" : active.down ? "descending" : "ascending"}
    >
      <button type="button" class="head" onClick={() => changePanel(panel.id, { sort: next })}>
        {children}
        {active !== null && <span aria-hidden="true">{active.down ? "↓" : "↑"}</span>}
      </button>
    </th>
  );
}

function LastHead({ cursor, instants }: { cursor: ReadonlySignal<number | null>; instants: number[] }) {
  const instant = cursor.value === null ? undefined : instants[cursor.value];
  if (instant === undefined) return <>{t().query.columns.last}</>;
  return <>{formatClock(instant * 1000, zone.value)}</>;
}

function Row({
  line,
  slot,
  names,
  panel,
  common,
  unit,
  lines,
  isShown,
  cursor,
  focus,
}: Props & { line: Line; slot: number; names: string[] | null }) {
  const text = t().query;
  const { last, min, mean, max } = line.stats;
  const on = isShown(line);
  const own = without(line.labels, common);
  const nothingOwn = Object.keys(own).length === 0;
  const click = (event: MouseEvent) => {
    if (getSelection()?.isCollapsed === false) return;
    changePanel(panel.id, {
      only: select(panel.only, mark(line), event.ctrlKey || event.metaKey, lines.length),
    });
  };
  return (
    <tr
      class={on ? (focus.value === line.key ? "pointed" : "") : "off"}
      onPointerEnter={() => {
        if (on) focus.value = line.key;
      }}
      onClick={click}
    >
      <td class="swatches">
        <button
          type="button"
          class="pick"
          aria-pressed={panel.only.includes(mark(line))}
          aria-label={text.isolate}
        >
          <Swatch slot={slot} />
        </button>
      </td>
      {names === null ? (
        <td class="series">
          <LabelSet labels={nothingOwn ? line.labels : own} />
        </td>
      ) : (
        names.map(name => <LabelCell key={name} value={line.labels[name]} />)
      )}
      <td class="number last">
        <Reading line={line} cursor={cursor} last={last} unit={unit} />
      </td>
      <td class="number min">{show(min, unit)}</td>
      <td class="number mean">{show(mean, unit)}</td>
      <td class="number max">{show(max, unit)}</td>
    </tr>
  );
}

function Reading({
  line,
  cursor,
  last,
  unit,
}: {
  line: Line;
  cursor: ReadonlySignal<number | null>;
  last: number;
  unit: Unit;
}) {
  const index = cursor.value;
  const value = index === null ? last : (line.values[index] ?? Number.NaN);
  return <>{show(value, unit)}</>;
}

function show(value: number, unit: Unit): string {
  return Number.isNaN(value) ? "–" : formatValue(value, unit);
}
