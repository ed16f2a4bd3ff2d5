// Spans of time: a row for each of what they belong to, above one axis. However short a span is, it is seen.

import "./timeline.css";
import type { ComponentChildren } from "preact";
import { ticksOf, timeLabels } from "../chart/timeaxis";
import { zone } from "../preferences";
import { isNarrow } from "./narrow";

export interface Span {
  /** How it is drawn: a class of the style sheet. */
  kind: string;
  startMs: number;
  endMs: number;
  /** All about it, on hover. */
  title: string;
}

export interface TimeRow {
  of: ComponentChildren;
  /** The row in a sentence, for those who hear it. */
  label: string;
  spans: Span[];
}

interface Props {
  rows: TimeRow[];
  startMs: number;
  endMs: number;
  /** What the kinds mean, beside the axis. */
  children?: ComponentChildren;
}

export function TimeLine({ rows, startMs, endMs, children }: Props) {
  const { ticks, stepMs } = ticksOf(startMs, endMs, isNarrow() ? 4 : 8);
  const labels = timeLabels(
    ticks.map(ms => ms / 1000),
    stepMs / 1000,
    zone.value,
  );
  // What would not fit at its right stands at its left.
  const lateMs = endMs - (endMs - startMs) / (isNarrow() ? 6 : 12);
  const at = (ms: number) => `${(((ms - startMs) / (endMs - startMs)) * 100).toFixed(3)}%`;
  return (
    <div class="timeline">
      {rows.map((row, i) => (
        <div class="row" key={i}>
          <div class="of">{row.of}</div>
          <div class="track" role="img" aria-label={row.label}>
            {row.spans.map((span, n) => (
              <span
                key={n}
                class={span.kind}
                style={{
                  // However short, it is seen, at the end of the range, too.
                  left: `min(${at(span.startMs)}, 100% - 2px)`,
                  width: `max(${at(startMs + span.endMs - span.startMs)}, 2px)`,
                }}
                title={span.title}
              />
            ))}
          </div>
        </div>
      ))}
      <div class="row axis" aria-hidden="true">
        <div class="of">{children}</div>
        <div class="track">
          {ticks.map((tick, i) => (
            <span key={tick} class={tick > lateMs ? "tick late" : "tick"} style={{ left: at(tick) }}>
              {labels[i]}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}
