// Matchers of labels: as they are typed into a filter, as they stand in a silence, and whether they match.

import type { V2Matcher } from "../api/alerting";
import { type Labels, quote, quoteName } from "../format/labels";

export const operators = ["=", "!=", "=~", "!~"] as const;
export type Operator = (typeof operators)[number];

export interface Matcher {
  name: string;
  op: Operator;
  value: string;
}

export interface Filter {
  matchers: Matcher[];
  /** Words that stand anywhere in a label, in lower case. */
  words: string[];
}

const token = /([^\s,{}"=!~]+|"(?:[^"\\]|\\.)*")\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"?|[^\s,{}]*)|[^\s,{}]+/g;

/** Reads `severity="page", team=~"a|b" node-7`: matchers, and words between them. Quotes may be left out. */
export function parseFilter(text: string): Filter {
  const filter: Filter = { matchers: [], words: [] };
  for (const [whole, name, op, value] of text.matchAll(token)) {
    if (name === undefined) filter.words.push(whole.toLowerCase());
    else filter.matchers.push({ name: unquote(name), op: op as Operator, value: unquote(value ?? "") });
  }
  return filter;
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const inner = text.length > 1 && text.endsWith('"') ? text.slice(1, -1) : text.slice(1);
  return inner.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}

export function passes({ matchers, words }: Filter, labels: Labels, more = ""): boolean {
  if (!matchers.every(matcher => holds(matcher, labels))) return false;
  if (words.length === 0) return true;
  const all = `${Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ")} ${more}`.toLowerCase();
  return words.every(word => all.includes(word));
}

/** A label that is missing is empty. What is no regular expression here matches nothing. */
export function holds({ name, op, value }: Matcher, labels: Labels): boolean {
  const given = Object.hasOwn(labels, name) ? labels[name]! : "";
  if (op === "=" || op === "!=") return (given === value) === (op === "=");
  const found = regex(value)?.test(given);
  return found !== undefined && found === (op === "=~");
}

const known = new Map<string, RegExp | null>();
const mostKnown = 200;

function regex(text: string): RegExp | null {
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size >= mostKnown) known.clear();
  const made = compile(text);
  known.set(text, made);
  return made;
}

function compile(text: string): RegExp | null {
  try {
    return new RegExp(`^(?:${text})$`, "su");
  } catch {
    return null;
  }
}

export function printMatcher({ name, op, value }: Matcher): string {
  return `${quoteName(name)}${op}${quote(value)}`;
}

/** Whether it says nothing: it holds of a label that is not there. */
export function isEmpty(matcher: Matcher): boolean {
  return holds(matcher, {});
}

export function ofLabels(labels: Labels): Matcher[] {
  return Object.entries(labels).map(([name, value]) => ({ name, op: "=", value }));
}

export function fromV2({ name, value, isRegex, isEqual = true }: V2Matcher): Matcher {
  const op = isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=";
  return { name, op, value };
}

export function toV2({ name, op, value }: Matcher): V2Matcher {
  return { name, value, isRegex: op === "=~" || op === "!~", isEqual: op === "=" || op === "=~" };
}
