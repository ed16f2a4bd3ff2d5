// Where a budget goes: a line from what is left now to what is foreseen, no longer than a quarter of what is behind it.

import type { Forecast, Slo } from "../api/budgets";

export interface Ahead {
  atS: number;
  ratio: number;
}

const nAhead = 24;

export function forecastPoints(
  { forecast, window }: { forecast: Forecast; window: Slo["window"] },
  nowS: number,
  left: number | null,
  stepS: number,
): Ahead[] {
  if (left === null) return [];
  const end = window.rolling ? exhausted(forecast, left) : ofPeriod(forecast, window);
  if (end === null || end.atS <= nowS + stepS) return [];
  const behindS = nowS - Date.parse(window.start) / 1000;
  const lastS = window.rolling ? Math.min(end.atS, nowS + behindS / 4) : end.atS;
  return Array.from({ length: nAhead }, (_, i) => {
    const atS = nowS + ((i + 1) * (lastS - nowS)) / nAhead;
    return { atS, ratio: left + ((end.ratio - left) * (atS - nowS)) / (end.atS - nowS) };
  });
}

function exhausted({ exhausted_at }: Forecast, left: number): Ahead | null {
  return exhausted_at === null || left <= 0 ? null : { atS: Date.parse(exhausted_at) / 1000, ratio: 0 };
}

function ofPeriod({ remaining_ratio_at_end: ratio }: Forecast, { end }: Slo["window"]): Ahead | null {
  return ratio === null ? null : { atS: Date.parse(end) / 1000, ratio };
}
