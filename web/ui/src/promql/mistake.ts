// Where in a query narthex found a mistake, and what may have been meant. The message is narthex's own; line and column
// in it count from one, and the column counts bytes.

import { nearest } from "../shell/find";
import type { Texts } from "../texts";
import { aggregationNames, functionNames, keywords } from "./names";

export interface Mistake {
  /** Offsets in the query text, in UTF-16 units; equal where the mistake is a place, not a word. */
  from: number;
  to: number;
  message: string;
  suggestion: Suggestion | null;
}

export interface Suggestion {
  text: string;
  /** The query with the suggestion taken, where it is a text to put in. */
  fixed?: string;
}

/** The mistake that `error` speaks of, or null where it names no place in the query. */
export function mistakeIn(query: string, error: string, texts: Texts): Mistake | null {
  const found = /(?:^|: )(\d+):(\d+): (?:parse error: )?([\s\S]+)$/.exec(error);
  if (found === null) return null;
  const from = offsetOf(query, Number(found[1]), Number(found[2]));
  const message = found[3]!;
  const to = endOfToken(query, from);
  return { from, to, message, suggestion: suggest(query, from, to, message, texts) };
}

/** What to do about an error that names no place. */
export function advise(error: string, texts: Texts): string {
  const kind = /invalid expression type "([a-z ]+)" for range query/.exec(error)?.[1];
  if (kind === "range vector") return texts.mistake.rangeInGraph;
  return kind === "string" ? texts.mistake.stringInGraph : "";
}

function offsetOf(query: string, line: number, column: number): number {
  const lines = query.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const text = lines[line - 1] ?? "";
  let bytes = column - 1;
  let at = 0;
  for (const character of text) {
    if (bytes <= 0) break;
    bytes -= new TextEncoder().encode(character).length;
    at += character.length;
  }
  return Math.min(query.length, before + at);
}

function endOfToken(query: string, from: number): number {
  const token = /^(?:[a-zA-Z_:][\w:.]*|[\d.]+\w*|"[^"\n]*"?|'[^'\n]*'?|[=!<>~]+|\S)/.exec(query.slice(from));
  return from + (token?.[0].length ?? 0);
}

function suggest(query: string, from: number, to: number, message: string, texts: Texts): Suggestion | null {
  const put = (text: string, at = from, until = to) => query.slice(0, at) + text + query.slice(until);
  const say = texts.mistake;

  const unknown = /unknown function with name "([^"]+)"/.exec(message)?.[1];
  if (unknown !== undefined)
    return orWord(
      unknown,
      [...functionNames, ...aggregationNames],
      name => put(name, from, from + unknown.length),
      say,
    );

  const stray = /unexpected identifier "([^"]+)"/.exec(message)?.[1];
  if (stray !== undefined) return orWord(stray, [...keywords, ...aggregationNames], word => put(word), say);

  const call = /expected type range vector in call to function "(\w+)"/.exec(message)?.[1];
  if (call !== undefined) {
    const end = endOfSelector(query, from);
    return { text: say.needsRange(call), fixed: put("[5m]", end, end) };
  }
  if (/unclosed left parenthesis/.test(message))
    return { text: say.close(")"), fixed: `${query.trimEnd()})` };
  if (/unexpected end of input/.test(message) && /\[[^\]]*$/.test(query))
    return { text: say.close("]"), fixed: `${query}]` };
  if (/unterminated quoted string/.test(message)) {
    const quote = query[from] ?? '"';
    return { text: say.close(quote) };
  }
  if (/at least one non-empty matcher/.test(message)) return { text: say.needsMatcher };
  if (/in label matching, expected string/.test(message)) return { text: say.needsQuotes };
  if (/unexpected "="/.test(message)) return { text: say.useEquals, fixed: put("==") };
  if (/bad number or duration syntax/.test(message)) return { text: say.durations };
  return null;
}

function orWord(
  typed: string,
  known: string[],
  fix: (word: string) => string,
  say: Texts["mistake"],
): Suggestion | null {
  const meant = nearest(typed, known);
  return meant === null ? null : { text: say.meant(meant), fixed: fix(meant) };
}

/** The end of the selector that begins at `from`: its name and its braces, if any. */
function endOfSelector(query: string, from: number): number {
  const found = /^[\w:.]*\s*(?:\{(?:[^{}"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\})?/.exec(
    query.slice(from),
  );
  return from + (found?.[0].trimEnd().length ?? 0);
}
