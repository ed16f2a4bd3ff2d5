// How a picture becomes options and data of uPlot. uPlot keeps the least and the greatest value of each pixel column, so
// that no spike is lost where samples are denser than pixels.

import type uPlot from "uplot";
import type { Zone } from "../format/time";
import { formatTicks, tickSteps, type Unit } from "../format/unit";
import { type Line, lonely, type Picture, stack, yRange } from "./lines";
import type { Mark } from "./marks";
import { faint, type Paint, strokeOf } from "./paint";
import { timeLabels, timeSteps } from "./timeaxis";

export interface Drawing {
  picture: Picture;
  /** The lines that are drawn, and the colour slot of each. */
  lines: Line[];
  slots: number[];
  unit: Unit;
  stacked: boolean;
  fromZero: boolean;
  zone: Zone;
  /** What happened meanwhile. */
  marks?: Mark[];
  /** Two lines that are not drawn, but the area between them. */
  band?: { top: number; bottom: number };
  /** What lies lower is out of the picture. */
  floor?: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Events {
  /** The window that is shown now: a plot outlives the picture that it was made for. */
  window: () => { startS: number; endS: number };
  cursor: (index: number | null, left: number, top: number) => void;
  focus: (index: number | null) => void;
  zoom: (startS: number, endS: number) => void;
  back: () => void;
}

/** More lines than this are not told apart by pointing at them. */
const nFocusable = 60;

export function dataOf({ picture, lines, stacked }: Drawing): uPlot.AlignedData {
  return [picture.instants, ...(stacked ? stack(lines) : lines.map(line => line.values))];
}

export function optionsOf(
  drawing: Drawing,
  { width, height }: Size,
  paint: Paint,
  font: string,
  events: Events,
  uplot: typeof uPlot,
): uPlot.Options {
  const { lines, unit, zone } = drawing;
  return {
    width,
    height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.35 },
    tzDate: seconds =>
      zone === "utc" ? uplot.tzDate(new Date(seconds * 1000), "Etc/UTC") : new Date(seconds * 1000),
    cursor: {
      points: { show: lines.length <= nFocusable, size: 6, width: 2, fill: paint.surface },
      focus: { prox: lines.length > 1 && lines.length <= nFocusable ? 10 : -1 },
      drag: { x: true, y: false, setScale: false },
      // Only the crosshair is shared: a zoom is the page's, not each chart's.
      sync: {
        key: "page",
        setSeries: false,
        scales: ["x", null],
        filters: { pub: type => type.startsWith("mousem") || type === "mouseleave" },
      },
      bind: {
        dblclick: () => () => {
          events.back();
          return null;
        },
      },
    },
    scales: {
      x: { time: true, range: () => [events.window().startS, events.window().endS] },
      y: {
        range: (_, min, max) =>
          yRange(Math.max(min, drawing.floor ?? min), max, drawing.fromZero || drawing.stacked),
      },
    },
    axes: [timeAxis(paint, font, zone), valueAxis(paint, font, unit)],
    series: [{}, ...lines.map((line, i) => seriesOf(line, i, drawing, paint))],
    bands: bandsOf(drawing, paint),
    hooks: {
      setCursor: [u => events.cursor(u.cursor.idx ?? null, u.cursor.left ?? 0, u.cursor.top ?? 0)],
      setSeries: [
        (_, index, options) => "focus" in options && events.focus(index === null ? null : index - 1),
      ],
      setSelect: [
        u => {
          const { left, width } = u.select;
          if (width < 4) return;
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          events.zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
        },
      ],
    },
  };
}

function seriesOf(line: Line, i: number, drawing: Drawing, paint: Paint): uPlot.Series {
  const { band, slots } = drawing;
  if (i === band?.top || i === band?.bottom)
    return { stroke: "transparent", width: 0, points: { show: false } };
  const { colour, dash } = strokeOf(slots[i]!);
  const stroke = paint.series[colour]!;
  const alone = lonely(line.values);
  const series: uPlot.Series = {
    stroke,
    width: drawing.stacked ? 1 : 1.5,
    spanGaps: false,
    points: { show: alone.length > 0, filter: () => alone, size: 5, fill: stroke, width: 0 },
  };
  if (dash !== undefined) series.dash = dash;
  return series;
}

/** In a stack the area between each line and the one below it; the lowest stands on the axis. */
function bandsOf({ lines, slots, stacked, band }: Drawing, paint: Paint): uPlot.Band[] {
  const fillOf = (i: number, alpha: number) => faint(paint.series[strokeOf(slots[i]!).colour]!, alpha);
  if (stacked) return lines.slice(1).map((_, i) => ({ series: [i + 2, i + 1], fill: fillOf(i + 1, 0.28) }));
  if (band === undefined) return [];
  return [{ series: [band.top + 1, band.bottom + 1], fill: fillOf(band.top, 0.14) }];
}

/** The fill between the axis and the lowest line of a stack, which has no band, or a single line that begins at zero. */
export function groundFill({ stacked, fromZero, lines, slots }: Drawing, paint: Paint): string | undefined {
  if (lines.length === 0 || !(stacked || (fromZero && lines.length === 1))) return undefined;
  return faint(paint.series[strokeOf(slots[0]!).colour]!, stacked ? 0.28 : 0.08);
}

function timeAxis(paint: Paint, font: string, zone: Zone): uPlot.Axis {
  return {
    stroke: paint.muted,
    font,
    size: 32,
    gap: 6,
    space: 76,
    incrs: timeSteps,
    grid: { show: false },
    ticks: { stroke: paint.line, width: 1, size: 5 },
    border: { show: true, stroke: paint.line, width: 1 },
    values: (_, splits, __, ___, step) => timeLabels(splits, step, zone),
  };
}

function valueAxis(paint: Paint, font: string, unit: Unit): uPlot.Axis {
  return {
    stroke: paint.muted,
    font,
    gap: 8,
    space: 34,
    incrs: (_, __, min, max) => tickSteps(Math.max(Math.abs(min), Math.abs(max)), unit),
    grid: { stroke: paint.grid, width: 1 },
    ticks: { show: false },
    values: (_, splits, __, ___, step) => formatTicks(splits, step, unit),
    // The widest label decides, in steps, so that charts above each other mostly stand in line.
    size: (_, values) =>
      Math.max(
        56,
        Math.ceil(((values ?? []).reduce((n, text) => Math.max(n, text?.length ?? 0), 0) * 6.6 + 16) / 8) * 8,
      ),
  };
}
