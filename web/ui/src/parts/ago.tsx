// An instant: relative while it is younger than a day, with the absolute time on hover; absolute after that.

import { now } from "../clock";
import { formatInstant, zoneName } from "../format/time";
import { zone } from "../preferences";
import { t } from "../texts";

const dayMs = 86_400_000;

export function Ago({ ms }: { ms: number }) {
  const absolute = `${formatInstant(Math.floor(ms / 1000) * 1000, zone.value)} ${zoneName(ms, zone.value)}`;
  const young = Math.abs(now.value - ms) < dayMs;
  return (
    <time dateTime={new Date(ms).toISOString()} title={absolute}>
      {young ? t().relative(Math.round((ms - now.value) / 1000)) : absolute}
    </time>
  );
}
