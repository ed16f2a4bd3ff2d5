// An instant: relative while it is younger than a day, with the absolute time on hover; absolute after that.

import { now } from "../clock";
import { formatInstant, formatRelative, zoneName } from "../format/time";
import { language, zone } from "../preferences";

const dayMs = 86_400_000;

export function Ago({ ms }: { ms: number }) {
  const absolute = `${formatInstant(Math.floor(ms / 1000) * 1000, zone.value)} ${zoneName(ms, zone.value)}`;
  const young = Math.abs(now.value - ms) < dayMs;
  return (
    <time dateTime={new Date(ms).toISOString()} title={absolute}>
      {young ? formatRelative(ms, now.value, language.value) : absolute}
    </time>
  );
}
