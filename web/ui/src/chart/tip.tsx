// What all series are at the instant under the crosshair, beside the pointer: the greatest first, and of many those
// nearest to the pointer.

import type { ReadonlySignal } from "@preact/signals";
import { cutMiddle } from "../format/labels";
import { formatInstant, zoneName } from "../format/time";
import { formatValue } from "../format/unit";
import { t } from "../texts";
import type { Pointer } from "./chart";
import type { Line } from "./lines";
import { marksAt } from "./marks";
import type { Drawing } from "./options";
import { Swatch } from "./swatch";

interface Props {
  drawing: Drawing;
  pointer: ReadonlySignal<Pointer | null>;
  cursor: ReadonlySignal<number | null>;
  nameOf: (line: Line) => string;
  focus: ReadonlySignal<string | null>;
  width: number;
}

const nRows = 10;
const nMarks = 6;

interface Row {
  line: Line;
  slot: number;
  value: number;
}

export function Tip({ drawing, pointer, cursor, nameOf, focus, width }: Props) {
  const at = pointer.value;
  const index = cursor.value;
  const instant = index === null ? undefined : drawing.picture.instants[index];
  if (at === null || index === null || instant === undefined) return null;
  const all = rowsAt(drawing, index);
  const rows = nearest(all, at.value, drawing.stacked);
  const marks = marksAt(drawing.marks ?? [], drawing.picture.grid, instant);
  const style = at.left > width / 2 ? { right: `${width - at.left + 16}px` } : { left: `${at.left + 16}px` };
  return (
    <div class="tip" style={style} aria-hidden="true">
      <div class="when">
        {formatInstant(instant * 1000, drawing.zone)} <span>{zoneName(instant * 1000, drawing.zone)}</span>
      </div>
      {rows.map(({ line, slot, value }) => (
        <div key={line.key} class={line.key === focus.value ? "row near" : "row"}>
          <Swatch slot={slot} />
          <span class="name">{cutMiddle(nameOf(line), 60)}</span>
          <span class="value">{formatValue(value, drawing.unit)}</span>
        </div>
      ))}
      {rows.length === 0 && <div class="muted">{t().chart.gap}</div>}
      {rows.length < all.length && <div class="muted">{t().chart.others(all.length - rows.length)}</div>}
      {marks.slice(0, nMarks).map(({ kind, fromS, text }) => (
        <div key={`${kind} ${fromS} ${text}`} class={`happened ${kind}`}>
          {cutMiddle(text, 90)}
        </div>
      ))}
      {marks.length > nMarks && <div class="muted">{t().chart.others(marks.length - nMarks)}</div>}
    </div>
  );
}

function rowsAt({ lines, slots }: Drawing, index: number): Row[] {
  const rows: Row[] = [];
  for (const [i, line] of lines.entries()) {
    const value = line.values[index] ?? null;
    if (value !== null) rows.push({ line, slot: slots[i]!, value });
  }
  return rows.sort((a, b) => b.value - a.value);
}

function nearest(rows: Row[], value: number, stacked: boolean): Row[] {
  if (rows.length <= nRows || stacked || Number.isNaN(value)) return rows.slice(0, nRows);
  const near = [...rows]
    .sort((a, b) => Math.abs(a.value - value) - Math.abs(b.value - value))
    .slice(0, nRows);
  return near.sort((a, b) => b.value - a.value);
}
