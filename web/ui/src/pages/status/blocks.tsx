// What lies on the disk along time: each block a bar on the row of its level, and the head, not yet sealed, at the end.

import type { StorageBlock } from "../../api/types";
import { timeLabels, timeSteps } from "../../chart/timeaxis";
import { brief, whole } from "../../format/number";
import { formatInstant } from "../../format/time";
import { formatValue } from "../../format/unit";
import { zone } from "../../preferences";
import { t } from "../../texts";

const bytes = (n: number) => formatValue(n, { of: "B", perSecond: false });

interface Props {
  blocks: StorageBlock[];
  /** What is in memory alone; null while there is nothing. */
  head: { startMs: number; endMs: number } | null;
}

export function Blocks({ blocks, head }: Props) {
  const text = t().status;
  const startMs = Math.min(...blocks.map(block => Date.parse(block.min_time)), head?.startMs ?? Infinity);
  const endMs = Math.max(...blocks.map(block => Date.parse(block.max_time)), head?.endMs ?? -Infinity);
  if (!(startMs < endMs)) return null;
  const levels = [...new Set(blocks.map(block => block.level))].sort((a, b) => b - a);
  const across = (ms: number) => ((ms - startMs) / (endMs - startMs)) * 100;
  // What is too short to be seen is drawn as wide as a hair.
  const place = (fromMs: number, toMs: number) => ({
    left: `${across(fromMs)}%`,
    width: `${Math.max(0.15, across(toMs) - across(fromMs))}%`,
  });
  return (
    <figure class="blocks" aria-label={text.blocksDrawn(blocks.length)}>
      {levels.map(level => (
        <div class="level" key={level}>
          {blocks
            .filter(block => block.level === level)
            .map(block => (
              <span
                key={block.id}
                class={block.resolution_seconds > 0 ? "block thinned" : "block"}
                style={place(Date.parse(block.min_time), Date.parse(block.max_time))}
                title={describe(block)}
              />
            ))}
        </div>
      ))}
      {head !== null && (
        <div class="level">
          <span class="block head" style={place(head.startMs, head.endMs)} title={text.headDrawn} />
        </div>
      )}
      <div class="ticks" aria-hidden="true">
        {ticks(startMs, endMs).map(([ms, label]) => (
          <span key={ms} style={{ left: `${across(ms)}%` }}>
            {label}
          </span>
        ))}
      </div>
    </figure>
  );
}

/** Four to eight times on the axis, with their labels; none so near the right end that it would not fit. */
export function ticks(startMs: number, endMs: number): [ms: number, label: string][] {
  const spanS = (endMs - startMs) / 1000;
  const stepS = timeSteps.find(step => spanS / step <= 6) ?? timeSteps[timeSteps.length - 1]!;
  const offsetS = zone.value === "utc" ? 0 : new Date(endMs).getTimezoneOffset() * 60;
  const all: number[] = [];
  for (
    let at = Math.ceil((startMs / 1000 - offsetS) / stepS) * stepS + offsetS;
    at <= endMs / 1000;
    at += stepS
  )
    all.push(at);
  const labels = timeLabels(all, stepS, zone.value);
  return all
    .map((at, i): [number, string] => [at * 1000, labels[i]!])
    .filter(([ms]) => (ms - startMs) / (endMs - startMs) < 0.92);
}

function describe(block: StorageBlock): string {
  const text = t().status;
  const between = [block.min_time, block.max_time].map(time => formatInstant(Date.parse(time), zone.value));
  const lines = [
    `${between[0]} – ${between[1]}`,
    text.blockHolds(whole(block.series), brief(block.samples)),
    `${bytes(block.bytes)}, ${text.bytesPerSample(brief(block.bytes / Math.max(1, block.samples)))}`,
    block.id,
  ];
  if (block.resolution_seconds > 0)
    lines.splice(2, 0, text.thinned(formatValue(block.resolution_seconds, { of: "s", perSecond: false })));
  return lines.join("\n");
}
