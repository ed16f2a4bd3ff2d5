// Instants as text, in the reader's zone or UTC. They are written `2026-11-24 10:31:05` in every language, with the
// zone named beside them. Relative times are words, and stand with the texts of each language.

export type Zone = "local" | "utc";

/** `2026-11-24 10:31:05`, milliseconds only where there are some. */
export function formatInstant(ms: number, zone: Zone): string {
  const text = shifted(ms, zone);
  const fraction = ms % 1000 === 0 ? "" : text.slice(19, 23);
  return `${text.slice(0, 10)} ${text.slice(11, 19)}${fraction}`;
}

/** `10:31:05`. */
export function formatClock(ms: number, zone: Zone): string {
  return shifted(ms, zone).slice(11, 19);
}

/** `11-24`, the month and the day. */
export function formatDay(ms: number, zone: Zone): string {
  return shifted(ms, zone).slice(5, 10);
}

/** `UTC+08:00` or `UTC`. */
export function zoneName(ms: number, zone: Zone): string {
  const minutes = zone === "utc" ? 0 : -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const abs = Math.abs(minutes);
  const pad = (n: number) => String(n).padStart(2, "0");
  return `UTC${minutes < 0 ? "−" : "+"}${pad(Math.floor(abs / 60))}:${pad(abs % 60)}`;
}

/** What the IANA database calls the zone, for the server. */
export function zoneId(zone: Zone): string {
  return zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Reads `2026-11-24 10:31`, RFC 3339 and Unix seconds; a text without a zone is in `zone`. Null where it is neither. */
export function parseInstant(text: string, zone: Zone): number | null {
  const trimmed = text.trim();
  if (/^\d{5,}(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  const found = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+-]\d{2}:\d{2})?$/.exec(
    trimmed,
  );
  if (found === null) return null;
  const [, day, clock = "00:00", given] = found;
  const ms = Date.parse(`${day}T${clock}${given ?? (zone === "utc" ? "Z" : "")}`);
  return Number.isNaN(ms) ? null : ms;
}

function shifted(ms: number, zone: Zone): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "?".repeat(24);
  const offset = zone === "utc" ? 0 : date.getTimezoneOffset() * 60_000;
  return new Date(ms - offset).toISOString();
}
