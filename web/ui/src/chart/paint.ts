// The page's colours as a canvas needs them: resolved, and again whenever the theme changes.

import { effect, signal } from "@preact/signals";
import { theme } from "../preferences";
import { nColours } from "./colours";

export interface Paint {
  series: string[];
  text: string;
  muted: string;
  line: string;
  grid: string;
  surface: string;
}

export const paint = signal<Paint>(resolve());

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  paint.value = resolve();
});
effect(() => {
  theme.value;
  paint.value = resolve();
});

function resolve(): Paint {
  const probe = document.createElement("i");
  document.body.append(probe);
  const colour = (token: string) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const paint = {
    series: Array.from({ length: nColours }, (_, i) => colour(`series-${i}`)),
    text: colour("text"),
    muted: colour("muted"),
    line: colour("line"),
    grid: colour("line-faint"),
    surface: colour("bg"),
  };
  probe.remove();
  return paint;
}

/** `colour` as the canvas has it (`rgb(…)`), made translucent. */
export function faint(colour: string, alpha: number): string {
  return colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
}

const dashes: (number[] | undefined)[] = [undefined, [7, 3], [2, 3]];

export function strokeOf(slot: number): { colour: number; dash: number[] | undefined } {
  return { colour: slot % nColours, dash: dashes[Math.floor(slot / nColours)] };
}
