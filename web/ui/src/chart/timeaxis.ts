// Labels of the time axis: the clock, and the day (or year) only where it begins.

import { formatClock, formatDay, formatInstant, type Zone } from "../format/time";

/** Labels for ticks in Unix seconds that stand `stepS` apart. */
export function timeLabels(ticks: number[], stepS: number, zone: Zone): string[] {
  let day = "";
  let year = "";
  return ticks.map((tick, i) => {
    const ms = tick * 1000;
    const thisYear = formatInstant(ms, zone).slice(0, 4);
    const thisDay = formatDay(ms, zone);
    const newYear = thisYear !== year;
    const newDay = thisDay !== day;
    [year, day] = [thisYear, thisDay];
    if (stepS >= 86_400) return newYear ? `${thisYear}-${thisDay}` : thisDay;
    const clock = formatClock(ms, zone).slice(0, stepS < 60 ? 8 : 5);
    // The first tick names the day only where another day follows.
    const names = newDay && (i > 0 || formatDay(ticks[ticks.length - 1]! * 1000, zone) !== thisDay);
    return names ? `${thisDay} ${clock}` : clock;
  });
}
