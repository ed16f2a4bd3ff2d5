// A chart of lines over time: drag zooms, a double click goes back, pointing reads all series at that instant, and the
// crosshair is the same on every chart of the page. The arrow keys move it too.

import "uplot/dist/uPlot.min.css";
import "./chart.css";
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { formatInstant, zoneName } from "../format/time";
import { formatValue } from "../format/unit";
import { zone } from "../preferences";
import { zoomBack, zoomTo } from "../time/range";
import type { Line } from "./lines";
import { drawMarks, marksAt } from "./marks";
import { type Drawing, dataOf, groundFill, optionsOf } from "./options";
import { paint } from "./paint";
import { Tip } from "./tip";

interface Props {
  drawing: Omit<Drawing, "zone">;
  height: number;
  /** What the chart shows, in a sentence. */
  label: string;
  /** How a series is called in the tip. */
  nameOf: (line: Line) => string;
  /** Index of the instant under the crosshair, for whoever shows values beside the chart. */
  cursor: Signal<number | null>;
  /** Key of the series that is pointed at, here or in a legend. */
  focus: Signal<string | null>;
}

export interface Pointer {
  /** Pixels from the chart's left edge. */
  left: number;
  /** The value at the pointer's height. */
  value: number;
}

export function Chart({ drawing: given, height, label, nameOf, cursor, focus }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const width = useWidth(box);
  const pointer = useSignal<Pointer | null>(null);
  const spoken = useSignal("");
  const drawing: Drawing = { ...given, zone: zone.value };
  // The hooks of a living plot read what is shown now, not what was when it was made.
  const latest = useRef(drawing);
  // Other charts move this one's crosshair too; the tip is only where the pointer is.
  const pointed = useRef(false);
  latest.current = drawing;

  const colours = paint.value;
  const { picture, lines, unit, stacked, fromZero } = drawing;
  const shape = JSON.stringify([
    lines.map(line => line.key),
    drawing.slots,
    unit,
    stacked,
    drawing.band,
    drawing.zone,
  ]);
  const made = useRef("");

  useLayoutEffect(() => {
    if (box.current === null || width === 0) return;
    const now = `${shape} ${fromZero} ${drawing.floor} ${colours.text}`;
    const lonely = lines.some((_, i) => plot.current?.series[i + 1]?.points?.show);
    if (plot.current !== null && made.current === now && !lonely) {
      plot.current.setData(dataOf(drawing));
      return;
    }
    plot.current?.destroy();
    const font = `11px ${getComputedStyle(box.current).fontFamily}`;
    const options = optionsOf(
      drawing,
      { width, height },
      colours,
      font,
      {
        cursor(index, left, top) {
          const inside = index !== null && left >= 0;
          cursor.value = inside ? index : null;
          pointer.value =
            inside && pointed.current
              ? { left: left + plot.current!.over.offsetLeft, value: plot.current!.posToVal(top, "y") }
              : null;
        },
        window: () => latest.current.picture.grid,
        focus(index) {
          focus.value = index === null ? null : (latest.current.lines[index]?.key ?? null);
        },
        zoom: (startS, endS) => zoomTo(startS * 1000, endS * 1000),
        back: zoomBack,
      },
      uPlot,
    );
    const ground = groundFill(drawing, colours);
    if (ground !== undefined) options.series[1]!.fill = ground;
    plot.current = new uPlot(options, dataOf(drawing), box.current);
    made.current = now;
  }, [picture, shape, fromZero, drawing.floor, colours, width === 0]);

  useLayoutEffect(() => {
    if (plot.current !== null && drawing.marks !== undefined)
      drawMarks(plot.current.over, drawing.marks, picture.grid);
  });

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);

  useEffect(() => {
    const index = lines.findIndex(line => line.key === focus.value);
    plot.current?.setSeries(index < 0 ? null : index + 1, { focus: true });
  }, [focus.value]);

  useEffect(() => {
    const elsewhere = (event: PointerEvent) => {
      if (event.target instanceof Node && box.current?.contains(event.target)) return;
      pointed.current = false;
      pointer.value = null;
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [pointer]);

  useEffect(
    () => () => {
      plot.current?.destroy();
      plot.current = null;
    },
    [],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0 || plot.current === null) return;
    event.preventDefault();
    const { instants } = picture;
    const from = cursor.peek() ?? (step > 0 ? -1 : instants.length);
    const index = Math.max(0, Math.min(instants.length - 1, from + step * (event.shiftKey ? 10 : 1)));
    const left = plot.current.valToPos(instants[index]!, "x");
    plot.current.setCursor({ left, top: plot.current.over.clientHeight / 2 });
    cursor.value = index;
    spoken.value = speak(drawing, index, nameOf);
  };

  // A finger reads the chart as a mouse does; dragging up and down still scrolls the page.
  const onTouch = (event: PointerEvent) => {
    if (event.pointerType !== "touch" || plot.current === null) return;
    const { left, top } = plot.current.over.getBoundingClientRect();
    pointed.current = true;
    plot.current.setCursor({ left: event.clientX - left, top: event.clientY - top });
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no figure.
    <div
      class="chart"
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the crosshair.
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerEnter={() => {
        pointed.current = true;
      }}
      onPointerLeave={event => {
        // A finger that is lifted has left, but what it read is still being looked at.
        if (event.pointerType !== "touch") pointed.current = false;
      }}
      onPointerDown={onTouch}
      onPointerMove={onTouch}
      style={{ height: `${height}px` }}
    >
      <div ref={box} class="plot" />
      <Tip drawing={drawing} pointer={pointer} cursor={cursor} nameOf={nameOf} focus={focus} width={width} />
      <span class="unseen" aria-live="polite">
        {spoken}
      </span>
    </div>
  );
}

function speak(
  { picture, lines, unit, marks = [] }: Drawing,
  index: number,
  nameOf: (line: Line) => string,
): string {
  const ms = picture.instants[index]! * 1000;
  const values = lines.slice(0, 5).map(line => {
    const value = line.values[index] ?? null;
    return value === null ? "" : `${nameOf(line)} ${formatValue(value, unit)}`;
  });
  const happened = marksAt(marks, picture.grid, ms / 1000).map(({ text }) => text);
  return [`${formatInstant(ms, zone.peek())} ${zoneName(ms, zone.peek())}`, ...values, ...happened]
    .filter(Boolean)
    .join(", ");
}

function useWidth(box: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (box.current === null) return;
    setWidth(box.current.clientWidth);
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
