// The one clock of the page: `now` for relative times, and the rhythm of refreshes. Both rest while nobody looks.

import { effect, signal } from "@preact/signals";

export const now = signal(Date.now());

/** False while the tab is in the background. */
export const visible = signal(true);

export function startClock(): void {
  const follow = () => {
    visible.value = document.visibilityState === "visible";
  };
  follow();
  document.addEventListener("visibilitychange", follow);
  every(
    () => 1000,
    () => {
      now.value = Date.now();
    },
  );
}

/** Calls `act` each `period()` milliseconds while the page is looked at; null rests. On coming back it acts at once. */
export function every(period: () => number | null, act: () => void): () => void {
  let last = Date.now();
  return effect(() => {
    const ms = period();
    if (ms === null || !visible.value) return;
    const run = () => {
      last = Date.now();
      act();
    };
    const late = Date.now() - last >= ms ? setTimeout(run) : undefined;
    const timer = setInterval(run, ms);
    return () => {
      clearTimeout(late);
      clearInterval(timer);
    };
  });
}
