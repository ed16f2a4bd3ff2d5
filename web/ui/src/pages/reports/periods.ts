// Which time a report is about, in the words of the API: `28d`, `2026-W47`, `2026-11`, `2026-Q4`, `2026`. Days are the
// reader's; where a product has a zone of its own, the server counts by that.

export type Kind = "days" | "week" | "month" | "quarter" | "year";

export const kinds: readonly Kind[] = ["days", "week", "month", "quarter", "year"];
export const usual = "28d";

const forms: [Kind, RegExp][] = [
  ["days", /^\d{1,3}d$/],
  ["week", /^\d{4}-W\d{2}$/],
  ["quarter", /^\d{4}-Q[1-4]$/],
  ["month", /^\d{4}-(?:0[1-9]|1[0-2])$/],
  ["year", /^\d{4}$/],
];

const dayMs = 86_400_000;

/** Null where a text is no period. */
export function kindOf(period: string): Kind | null {
  return forms.find(([, form]) => form.test(period))?.[0] ?? null;
}

/** The period of a kind that holds a day. A day is one of UTC, at midnight. */
export function periodAt(kind: Kind, day: Date): string {
  const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()];
  if (kind === "days") return usual;
  if (kind === "year") return `${year}`;
  if (kind === "quarter") return `${year}-Q${Math.floor(month / 3) + 1}`;
  if (kind === "month") return `${year}-${pad(month + 1)}`;
  // A week belongs to the year of its Thursday.
  const thursday = new Date(mondayOf(day).getTime() + 3 * dayMs);
  const nth = Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (7 * dayMs)) + 1;
  return `${thursday.getUTCFullYear()}-W${pad(nth)}`;
}

/** The first day of a calendar's period. */
export function beginOf(period: string): Date {
  const [year, rest = ""] = period.split("-") as [string, string?];
  if (rest.startsWith("W")) {
    const first = mondayOf(new Date(Date.UTC(Number(year), 0, 4)));
    return new Date(first.getTime() + (Number(rest.slice(1)) - 1) * 7 * dayMs);
  }
  const month = rest.startsWith("Q") ? (Number(rest.slice(1)) - 1) * 3 : rest === "" ? 0 : Number(rest) - 1;
  return new Date(Date.UTC(Number(year), month, 1));
}

/** The period `n` after this one; the last so many days have none before or after them. */
export function stepped(period: string, n: number): string {
  const kind = kindOf(period);
  if (kind === null || kind === "days") return period;
  const begin = beginOf(period);
  if (kind === "week") return periodAt(kind, new Date(begin.getTime() + n * 7 * dayMs));
  const months = { month: 1, quarter: 3, year: 12 }[kind];
  return periodAt(kind, new Date(Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + n * months, 1)));
}

/** The day of an instant, by the reader's calendar or that of UTC. */
export function dayOf(ms: number, zone: "local" | "utc"): Date {
  const date = new Date(ms);
  return zone === "utc"
    ? new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()))
    : new Date(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()));
}

function mondayOf(day: Date): Date {
  return new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * dayMs);
}

function pad(n: number): string {
  return String(n).padStart(2, "0");
}
