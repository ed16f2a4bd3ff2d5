// What the disk holds, how fast that grows, and when it will be enough or too much.

import type { StorageReport } from "../../api/types";
import { brief, whole } from "../../format/number";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { State } from "../../parts/state";
import { t } from "../../texts";
import { Blocks } from "./blocks";

const bytes = (n: number) => formatValue(n, { of: "B", perSecond: false });
const span = (seconds: number) => formatValue(seconds, { of: "s", perSecond: false });

export function Disk({ report }: { report: StorageReport }) {
  return (
    <section class="disk">
      <h2>{t().status.onDisk}</h2>
      <Parts report={report} />
      <Forecast report={report} />
      <Blocks blocks={report.blocks} head={headOf(report)} />
      {report.blocks.length === 0 && <p class="muted">{t().status.noBlockYet}</p>}
    </section>
  );
}

/** What lies there, each part as wide as it is large, and in words beneath. */
function Parts({ report }: { report: StorageReport }) {
  const text = t().status;
  const parts: [name: string, key: string, size: number][] = [
    [
      text.partBlocks(report.blocks.length),
      "of-blocks",
      report.blocks.reduce((sum, block) => sum + block.bytes, 0),
    ],
    [text.partDownsampled, "of-downsampled", report.downsampled.bytes],
    [text.partLog, "of-log", report.wal.bytes],
    [text.partCheckpoint, "of-checkpoint", report.checkpoint?.bytes ?? 0],
  ];
  const total = parts.reduce((sum, [, , size]) => sum + size, 0);
  return (
    <>
      <div class="parts" aria-hidden="true">
        {parts.map(([, key, size]) => (
          <span key={key} class={key} style={{ flexGrow: size }} />
        ))}
      </div>
      <ul class="parts-named">
        {parts.map(([name, key, size]) => (
          <li key={key} class={key}>
            {name} <b>{bytes(size)}</b>
          </li>
        ))}
        <li>
          {text.inAll} <b>{bytes(total)}</b>
          {report.growth !== null && `, ${text.bytesPerSample(brief(report.growth.bytes_per_sample))}`}
        </li>
        {report.checkpoint !== null && (
          <li>
            {text.checkpointed} <Ago ms={Date.parse(report.checkpoint.at)} />
          </li>
        )}
      </ul>
    </>
  );
}

/** Where this leads, in one sentence. */
function Forecast({ report: { growth, forecast, retention, disk } }: { report: StorageReport }) {
  const text = t().status;
  const kept = retention.time_seconds === null ? null : span(retention.time_seconds);
  if (growth === null || forecast === null) return <p class="prose">{text.noForecast(kept)}</p>;
  const free = disk === null ? null : bytes(disk.free_bytes);
  return (
    <p class="prose">
      {text.grows(bytes(growth.bytes_per_day), whole(Math.round(growth.samples_per_day)))}{" "}
      {forecast.full_at !== null ? (
        <State name="critical" word={text.fullAt(new Date(forecast.full_at))} />
      ) : (
        text.settles(kept, forecast.bytes === null ? null : bytes(forecast.bytes), free)
      )}
    </p>
  );
}

function headOf(report: StorageReport): { startMs: number; endMs: number } | null {
  const { min_time, max_time } = report.head;
  if (min_time === null || max_time === null) return null;
  const sealedToMs = Math.max(-Infinity, ...report.blocks.map(block => Date.parse(block.max_time)));
  return { startMs: Math.max(Date.parse(min_time), sealedToMs), endMs: Date.parse(max_time) };
}
