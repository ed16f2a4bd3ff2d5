// What happened along a chart: ticks and shaded times over its plot. They lie in the plot's own box and are placed by
// shares of it, so that they follow its size; pointing at them is the crosshair's matter.

import { render } from "preact";
import type { Grid } from "./lines";

export interface Mark {
  kind: "deployment" | "incident" | "exclusion" | "objective";
  fromS: number;
  toS: number;
  /** What the tip says of it. */
  text: string;
}

/** What is marked at an instant, as exactly as a finger points. */
export function marksAt(marks: Mark[], { startS, endS }: Grid, instantS: number): Mark[] {
  const slack = (endS - startS) / 120;
  return marks.filter(({ fromS, toS }) => fromS - slack <= instantS && instantS <= toS + slack);
}

export function drawMarks(over: HTMLElement, marks: Mark[], grid: Grid): void {
  let layer = over.querySelector(".marks");
  if (layer === null) {
    layer = document.createElement("div");
    layer.className = "marks";
    over.append(layer);
  }
  render(<Marks marks={marks} grid={grid} />, layer);
}

function Marks({ marks, grid: { startS, endS } }: { marks: Mark[]; grid: Grid }) {
  const share = (seconds: number) => ((seconds - startS) / (endS - startS)) * 100;
  return (
    <>
      {marks.map(({ kind, fromS, toS }) => {
        const left = Math.max(0, share(fromS));
        const width = Math.min(100, share(toS)) - left;
        if (left > 100 || width < 0) return null;
        return <i key={`${kind} ${fromS}`} class={kind} style={{ left: `${left}%`, width: `${width}%` }} />;
      })}
    </>
  );
}
