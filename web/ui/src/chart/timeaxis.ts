// Labels of the time axis: the clock, and the day (or year) only where it begins.

import { formatClock, formatDay, formatInstant, type Zone } from "../format/time";

const [minute, hour, day] = [60, 3600, 86_400];

/** Distances of ticks that people count in, in seconds. */
export const timeSteps = [
  ...[1, 2, 5, 10, 15, 20, 30],
  ...[1, 2, 5, 10, 15, 20, 30].map(n => n * minute),
  ...[1, 2, 3, 6, 12].map(n => n * hour),
  ...[1, 2, 7, 14, 30, 90, 365].map(n => n * day),
];

/** Labels for ticks in Unix seconds that stand `stepS` apart. */
export function timeLabels(ticks: number[], stepS: number, zone: Zone): string[] {
  let lastDay = "";
  let lastYear = "";
  return ticks.map((tick, i) => {
    const ms = tick * 1000;
    const thisYear = formatInstant(ms, zone).slice(0, 4);
    const thisDay = formatDay(ms, zone);
    const newYear = thisYear !== lastYear;
    const newDay = thisDay !== lastDay;
    [lastYear, lastDay] = [thisYear, thisDay];
    if (stepS >= day) return newYear ? `${thisYear}-${thisDay}` : thisDay;
    const clock = formatClock(ms, zone).slice(0, stepS < minute ? 8 : 5);
    // The first tick names the day only where another day follows.
    const names = newDay && (i > 0 || formatDay(ticks[ticks.length - 1]! * 1000, zone) !== thisDay);
    return names ? `${thisDay} ${clock}` : clock;
  });
}

/** Ticks of a time line, in milliseconds: at most `most`, a round distance apart. */
export function ticksOf(startMs: number, endMs: number, most: number): { ticks: number[]; stepMs: number } {
  const stepMs =
    (timeSteps.find(step => (endMs - startMs) / (step * 1000) <= most) ?? timeSteps[timeSteps.length - 1]!) *
    1000;
  const ticks: number[] = [];
  for (let at = Math.ceil(startMs / stepMs) * stepMs; at <= endMs; at += stepMs) ticks.push(at);
  return { ticks, stepMs };
}
