// A query that is only read, in the editor's colours and without the editor: its tokens by their looks. A mistake in it is
// underlined, with a caret below.

import "./promql.css";
import type { ComponentChildren } from "preact";
import type { Mistake } from "./mistake";
import { aggregationNames, keywords } from "./names";

export interface Token {
  text: string;
  /** `function`, `keyword`, `label`, `string`, `number`, `comment`, `operator` or nothing. */
  kind: string;
}

const looks =
  /(?<comment>#[^\n]*)|(?<string>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`[^`]*`?)|(?<number>(?:0x[\da-f]+|\d[\d.]*(?:e[+-]?\d+)?)(?:ms|[smhdwy])?(?:\d+(?:ms|[smhdwy]))*)|(?<word>[a-z_:][\w:.]*)|(?<operator>[=!<>~+\-*/%^@]+)|(?<space>\s+)|(?<other>[\s\S])/giy;

const words = new Set(keywords);
const aggregations = new Set(aggregationNames);
const modifiers = new Set(["offset", "bool", "start", "end"]);
/** After these a list of label names stands in parentheses. */
const listing = new Set("by without on ignoring group_left group_right".split(" "));

/** All of `text`, cut into tokens. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let braces = 0;
  let lists = 0;
  let last = "";
  for (const { 0: found, index, groups } of text.matchAll(looks)) {
    const kind = Object.entries(groups!).find(([, value]) => value !== undefined)![0];
    if (found === "{") braces += 1;
    if (found === "}") braces = Math.max(0, braces - 1);
    if (found === "(" && (lists > 0 || listing.has(last))) lists += 1;
    if (found === ")") lists = Math.max(0, lists - 1);
    const inLabels = braces > 0 || lists > 0;
    const called = /^\s*(?:\(|(?:by|without)\b)/i.test(text.slice(index + found.length));
    tokens.push({ text: found, kind: kind === "word" ? kindOfWord(found, inLabels, called) : plain(kind) });
    if (kind !== "space" && kind !== "comment") last = found.toLowerCase();
  }
  return tokens;
}

function plain(kind: string): string {
  return kind === "space" || kind === "other" ? "" : kind;
}

function kindOfWord(word: string, inLabels: boolean, called: boolean): string {
  const lower = word.toLowerCase();
  if (inLabels) return "label";
  if (words.has(lower) || (modifiers.has(lower) && !called)) return "keyword";
  return called || aggregations.has(lower) ? "function" : "";
}

export function Promql({ text, mistake = null }: { text: string; mistake?: Mistake | null }) {
  if (mistake === null) return <code class="promql">{draw(tokensOf(text))}</code>;
  const { from, to, message } = mistake;
  const lineEnd = text.indexOf("\n", from) < 0 ? text.length : text.indexOf("\n", from);
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  const end = Math.max(from, Math.min(to, lineEnd));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it may scroll sideways, and must do so by keyboard too.
    <div class="promql marked" tabIndex={0}>
      {draw(tokensOf(text.slice(0, from)))}
      <span class="mistake">{text.slice(from, end)}</span>
      {draw(tokensOf(text.slice(end, lineEnd)))}
      <div class="caret-line">
        <span class="place" aria-hidden="true">
          {text.slice(lineStart, from)}
        </span>
        <i aria-hidden="true">▲</i> {message}
      </div>
      {lineEnd < text.length && draw(tokensOf(text.slice(lineEnd + 1)))}
    </div>
  );
}

function draw(tokens: Token[]): ComponentChildren {
  return tokens.map(({ text, kind }, i) =>
    kind === "" ? (
      text
    ) : (
      <span key={i} class={`ql-${kind}`}>
        {text}
      </span>
    ),
  );
}
