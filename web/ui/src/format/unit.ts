// Values with their unit. A unit is what one sample counts (`s`, `B`, `ratio`, …) and whether it is per second. The same
// unit formats a single value (`350 ms`) and the ticks of an axis, which share one prefix.

import { brief, digits, join, percent, special } from "./number";

export interface Unit {
  /** `s` seconds, `B` bytes, `ratio` 0 to 1, `ts` a Unix time in seconds, `""` a plain number, else shown as it is. */
  of: string;
  perSecond: boolean;
}

export const plain: Unit = { of: "", perSecond: false };

const seconds: Scale[] = [
  { from: 172_800, size: 86_400, name: "d" },
  { from: 7200, size: 3600, name: "h" },
  { from: 120, size: 60, name: "min" },
  { from: 1, size: 1, name: "s" },
  { from: 1e-3, size: 1e-3, name: "ms" },
  { from: 1e-6, size: 1e-6, name: "µs" },
  { from: 0, size: 1e-9, name: "ns" },
];

const bytes: Scale[] = ["PiB", "TiB", "GiB", "MiB", "KiB", "B"].map((name, i) => {
  const size = 1024 ** (5 - i);
  return { from: size === 1 ? 0 : size, size, name };
});

const decimal: Scale[] = ["P", "T", "G", "M", "k", ""].map((name, i) => {
  const size = 1000 ** (5 - i);
  return { from: size === 1 ? 0 : size, size, name };
});

interface Scale {
  /** The least absolute value that is shown on this scale. */
  from: number;
  size: number;
  name: string;
}

/** One value for a person: at most three digits, its prefix and unit. */
export function formatValue(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return special(value);
  if (unit.of === "ratio" && !unit.perSecond) return percent(value);
  if (unit.of === "ts" && !unit.perSecond) return instant(value);
  const per = unit.perSecond ? "/s" : "";
  if (unit.of === "s" && unit.perSecond) return brief(value, "s/s");
  if (unit.of === "s" || unit.of === "B") {
    // What rounds up to the next scale is shown on it: 0.9996 s is 1 s.
    const scale = value === 0 ? base(unit) : scaleFor(scales(unit), Math.abs(value) * 1.0005);
    return join(digits(value / scale.size), scale.name + per);
  }
  return brief(value, (unit.of === "ratio" ? "" : unit.of) + per);
}

/** The tick labels of an axis whose ticks stand `step` apart: one prefix for all, decimals as the step needs them. */
export function formatTicks(ticks: number[], step: number, unit: Unit): string[] {
  const top = ticks.reduce((max, tick) => Math.max(max, Math.abs(tick)), 0);
  if (unit.of === "ts" && !unit.perSecond)
    return ticks.map(tick => instant(tick).slice(5, step < 60 ? 19 : 16));
  const { size, name } = axisScale(top, unit);
  const decimals = decimalsOf(step / size);
  return ticks.map(tick => {
    if (tick === 0) return "0";
    return join((tick / size).toFixed(decimals).replace("-", "−"), name);
  });
}

/** As many decimals as tell every multiple of `step` exactly: 0.025 needs three. */
function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < 12; decimals++) {
    const shifted = step * 10 ** decimals;
    if (shifted >= 1 - 1e-9 && Math.abs(shifted - Math.round(shifted)) < 1e-6 * shifted) return decimals;
  }
  return 12;
}

/** Distances that ticks may have on an axis up to `top`, so that their labels are round in the unit that is shown. */
export function tickSteps(top: number, unit: Unit): number[] {
  const { size, name } = axisScale(top, unit);
  const parts = unit.of === "s" && !unit.perSecond ? (clockParts[name] ?? []) : [];
  const decimals = Array.from({ length: 36 }, (_, e) => [1, 2, 5].map(n => n * 10 ** (e - 18))).flat();
  return (parts.length > 0 ? parts : decimals).map(step => step * size);
}

/** Minutes and hours are not divided by ten. */
const clockParts: Record<string, number[]> = {
  min: [1 / 60, 1 / 30, 1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 5, 10, 15, 30, 60],
  h: [1 / 60, 1 / 30, 1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 6, 12, 24],
};

function axisScale(top: number, unit: Unit): { size: number; name: string } {
  if (unit.of === "ratio" && !unit.perSecond) return { size: 0.01, name: "%" };
  const per = unit.perSecond ? "/s" : "";
  const own = unit.of === "s" && unit.perSecond ? "s" : unit.of === "ratio" ? "" : unit.of;
  const table = scales(unit);
  const scale = top === 0 ? base(unit) : scaleFor(table, top);
  return { size: scale.size, name: table === decimal ? scale.name + own + per : scale.name + per };
}

function scales(unit: Unit): Scale[] {
  if (unit.of === "s" && !unit.perSecond) return seconds;
  return unit.of === "B" ? bytes : decimal;
}

function scaleFor(table: Scale[], abs: number): Scale {
  return table.find(scale => abs >= scale.from) ?? table[table.length - 1]!;
}

function base(unit: Unit): Scale {
  return scales(unit).find(scale => scale.size === 1)!;
}

function instant(value: number): string {
  const date = new Date(value * 1000);
  if (Number.isNaN(date.getTime())) return brief(value, "s");
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
