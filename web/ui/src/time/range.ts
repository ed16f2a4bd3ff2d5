// The time range that every page shows, and how often it is read again. Both stand in the address.

import { computed, signal } from "@preact/signals";
import { now } from "../clock";
import { parseDuration, printDuration } from "../format/duration";
import { parseInstant } from "../format/time";
import { place, setParams } from "../router";

export interface Range {
  /** Width of the window. */
  lengthMs: number;
  /** Its end, or null where it follows the clock. */
  endMs: number | null;
}

const defaultRange: Range = { lengthMs: 3_600_000, endMs: null };
const defaultRefreshMs = 15_000;
const shortestMs = 1000;
const longestMs = 20 * 31_536_000_000;

export const range = computed<Range>(() => readRange(place.value.params));

/** How often to read again, or null for never. */
export const refreshMs = computed<number | null>(() => readRefresh(place.value.params.get("refresh")));

/** Grows by one whenever what is shown should be read again. */
export const refreshes = signal(0);

export function refresh(): void {
  refreshes.value += 1;
}

export function readRange(params: URLSearchParams): Range {
  const lengthMs = parseDuration(params.get("range") ?? "") ?? defaultRange.lengthMs;
  const end = params.get("end");
  return { lengthMs: clampLength(lengthMs), endMs: end === null ? null : parseInstant(end, "utc") };
}

export function readRefresh(text: string | null): number | null {
  if (text === "off") return null;
  const ms = text === null ? null : parseDuration(text);
  return ms === null ? defaultRefreshMs : Math.max(1000, ms);
}

/** Shows another range; what is the default leaves the address. */
export function showRange(next: Range, how: "push" | "replace" = "push"): void {
  const lengthMs = clampLength(Math.round(next.lengthMs));
  setParams(
    {
      range: lengthMs === defaultRange.lengthMs ? null : printDuration(lengthMs),
      end: next.endMs === null ? null : new Date(Math.round(next.endMs)).toISOString().replace(".000Z", "Z"),
    },
    how,
  );
}

export function setRefresh(ms: number | null): void {
  const text = ms === null ? "off" : printDuration(ms);
  setParams({ refresh: ms === defaultRefreshMs ? null : text }, "replace");
}

// The ranges that were zoomed away from, for the way back.
const zoomedFrom: Range[] = [];

export function zoomTo(startMs: number, endMs: number): void {
  if (endMs - startMs < shortestMs) return;
  zoomedFrom.push(range.peek());
  showRange({ lengthMs: endMs - startMs, endMs });
}

/** Back to the range before the last zoom; where there is none, as on a shared link, twice as wide. */
export function zoomBack(): void {
  const before = zoomedFrom.pop();
  if (before !== undefined) showRange(before);
  else zoomBy(2);
}

/** Widens (`factor` > 1) or narrows the window about its middle; one that follows the clock keeps its end. */
export function zoomBy(factor: number): void {
  const { lengthMs, endMs } = range.peek();
  const length = clampLength(lengthMs * factor);
  if (endMs === null) showRange({ lengthMs: length, endMs });
  else showRange({ lengthMs: length, endMs: Math.min(endMs + (length - lengthMs) / 2, Date.now()) });
}

/** Moves the window by half its width: -1 back, 1 forth. Forth beyond now follows the clock again. */
export function move(direction: -1 | 1): void {
  const { lengthMs, endMs } = range.peek();
  const end = (endMs ?? now.peek()) + (direction * lengthMs) / 2;
  showRange({ lengthMs, endMs: end >= Date.now() ? null : end });
}

function clampLength(ms: number): number {
  return Math.min(longestMs, Math.max(shortestMs, ms));
}
