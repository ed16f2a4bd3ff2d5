// The configuration that is in force, as narthex reads it, with a search.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import { Copy } from "../../parts/copy";
import { place, setParams } from "../../router";
import { t } from "../../texts";
import { Loaded } from "./loaded";

export function Configuration() {
  const config = useResource(
    "config",
    async signal => (await get<{ yaml: string }>("status/config", {}, signal)).data.yaml,
  );
  return <Loaded from={config}>{yaml => <Yaml yaml={yaml} />}</Loaded>;
}

function Yaml({ yaml }: { yaml: string }) {
  const text = t().status;
  const needle = place.value.params.get("q") ?? "";
  const lines = useMemo(() => yaml.replace(/\n$/, "").split("\n"), [yaml]);
  const hits = useMemo(() => findLines(lines, needle), [lines, needle]);
  const [at, setAt] = useState(0);
  const box = useRef<HTMLOListElement>(null);
  useEffect(() => setAt(0), [needle]);
  useEffect(() => {
    const line = box.current?.children[hits[at] ?? -1];
    // Only the text scrolls, not the page around it.
    if (line instanceof HTMLElement) box.current!.scrollTop = line.offsetTop - box.current!.clientHeight / 2;
  }, [hits, at]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || hits.length === 0) return;
    event.preventDefault();
    setAt((at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length);
  };
  const chosen = hits[at];
  return (
    <>
      <div class="find-in">
        <input
          type="search"
          class="filter"
          placeholder={text.searchConfig}
          aria-label={text.searchConfig}
          value={needle}
          onInput={event => setParams({ q: event.currentTarget.value }, "replace")}
          onKeyDown={onKeyDown}
        />
        <span class="muted" role="status">
          {needle === "" ? text.lines(lines.length) : text.hits(hits.length === 0 ? 0 : at + 1, hits.length)}
        </span>
        <Copy text={yaml} class="small" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard too. */}
      <ol class="yaml source" ref={box} tabIndex={0} aria-label={text.sections.configuration}>
        {lines.map((line, i) => (
          <li key={i} class={i === chosen ? "chosen" : undefined}>
            <Line line={line} needle={needle} />
          </li>
        ))}
      </ol>
    </>
  );
}

function findLines(lines: string[], needle: string): number[] {
  const lower = needle.toLowerCase();
  if (lower === "") return [];
  return lines.flatMap((line, i) => (line.toLowerCase().includes(lower) ? [i] : []));
}

/** A key, its value, a comment; and what was searched for, marked. */
function Line({ line, needle }: { line: string; needle: string }) {
  const found = /^(\s*(?:- )*)([^\s#:][^:]*:)(?=\s|$)(.*)$/.exec(line);
  if (found === null) return <Marked text={line} needle={needle} />;
  const [, indent, key, value] = found;
  return (
    <>
      {indent}
      <span class="key">
        <Marked text={key!} needle={needle} />
      </span>
      <Marked text={value!} needle={needle} />
    </>
  );
}

function Marked({ text, needle }: { text: string; needle: string }) {
  const at = needle === "" ? -1 : text.toLowerCase().indexOf(needle.toLowerCase());
  if (at < 0) return <>{text === "" ? "\u200b" : text}</>;
  const end = at + needle.length;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, end)}</mark>
      {end < text.length && <Marked text={text.slice(end)} needle={needle} />}
    </>
  );
}
