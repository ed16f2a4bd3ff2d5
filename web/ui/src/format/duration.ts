// Durations in Prometheus's grammar (`1h30m`, `15s`, `100ms`): units from the largest to the smallest, each once, whole
// numbers. All durations of the page are milliseconds.

const units: [name: string, ms: number][] = [
  ["y", 31_536_000_000],
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

const grammar = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Milliseconds, or null where the text is no duration or none at all. A bare number is seconds. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000 || null;
  const found = grammar.exec(trimmed);
  if (trimmed === "" || found === null) return null;
  const ms = units.reduce((sum, [, size], i) => sum + Number(found[i + 1] ?? 0) * size, 0);
  return ms > 0 ? ms : null;
}

/** The shortest text that `parseDuration` reads back; weeks and years only where nothing is left over. */
export function printDuration(ms: number): string {
  let rest = Math.round(ms);
  if (rest <= 0) return "0s";
  let text = "";
  for (const [name, size] of units) {
    const whole = name === "y" || name === "w" ? rest % size === 0 : true;
    const n = whole ? Math.floor(rest / size) : 0;
    if (n > 0) text += `${n}${name}`;
    rest -= n * size;
  }
  return text;
}
