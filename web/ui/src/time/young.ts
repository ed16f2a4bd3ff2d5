// A server that has just been started has minutes of data, which an hour's window would show as a speck at its edge. Such
// a server is shown with a shorter window, written into the address like any other choice.

import { get } from "../api/client";
import type { RuntimeInfo, TsdbStatus } from "../api/types";
import { place } from "../router";
import { showRange } from "./range";

const minute = 60_000;
const windowsMs = [5 * minute, 15 * minute, 30 * minute];

export async function fitToYoungServer(): Promise<void> {
  if (hasChosen()) return;
  const { startTime, serverTime } = (await get<RuntimeInfo>("status/runtimeinfo")).data;
  const now = Date.parse(serverTime);
  // The statistics cost a large server more than they are worth here.
  if (now - Date.parse(startTime) > windowsMs[windowsMs.length - 1]!) return;
  const { headStats } = (await get<TsdbStatus>("status/tsdb", { limit: 1 })).data;
  const window = windowFor(now - headStats.minTime, headStats.minTime > headStats.maxTime);
  if (window !== null && !hasChosen()) showRange({ lengthMs: window, endMs: null }, "replace");
}

/** The shortest window that holds data of this age; null where none of the short ones does. */
export function windowFor(ageMs: number, isEmpty: boolean): number | null {
  return windowsMs.find(ms => isEmpty || ageMs < ms) ?? null;
}

function hasChosen(): boolean {
  const { params } = place.peek();
  return params.has("range") || params.has("end");
}
