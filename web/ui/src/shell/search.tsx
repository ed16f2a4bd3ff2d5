// One list for everything that has a name: pages, metrics, targets. What is no name can be run as a query.

import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../api/client";
import type { MetricMetadata, Targets } from "../api/types";
import { selectorOf } from "../format/labels";
import { pages } from "../links";
import { go, place } from "../router";
import { t } from "../texts";
import { best } from "./find";

export const searching = signal(false);

interface Found {
  key: string;
  kind: string;
  what: string;
  more: string;
  open: () => void;
}

interface Names {
  metrics: string[];
  metadata: Record<string, MetricMetadata[]>;
  targets: { name: string; pool: string; url: string }[];
}

const nothing: Names = { metrics: [], metadata: {}, targets: [] };
const nMetrics = 12;
const nTargets = 6;

export function Search() {
  return searching.value ? <SearchDialog /> : null;
}

function SearchDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const names = useNames();
  const found = useMemo(() => search(typed, names ?? nothing), [typed, names]);
  const text = t().search;

  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    document.getElementById(`found-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  const open = (one: Found | undefined) => {
    if (one === undefined) return;
    dialog.current?.close();
    one.open();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setChosen((chosen + step + found.length) % Math.max(1, found.length));
    }
    if (event.key === "Enter") open(found[chosen]);
  };

  return (
    <dialog
      class="finder"
      ref={dialog}
      aria-label={text.title}
      onClose={() => {
        searching.value = false;
      }}
      onClick={event => event.target === dialog.current && dialog.current?.close()}
    >
      <input
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={found.length > 0 ? `found-${chosen}` : undefined}
        aria-label={text.title}
        placeholder={text.placeholder}
        value={typed}
        spellcheck={false}
        autocomplete="off"
        onInput={event => {
          setTyped(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      {found.length === 0 && <p class="none">{names === null ? t().loading : text.none(typed)}</p>}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, as the pattern wants it. */}
      {/* biome-ignore lint/a11y/useSemanticElements: a select cannot hold two lines per option. */}
      <ul id="found" role="listbox" aria-label={text.title}>
        {found.map((one, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above handles the keys.
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field.
          <li
            key={one.key}
            id={`found-${i}`}
            role="option"
            aria-selected={i === chosen}
            onPointerMove={() => i !== chosen && setChosen(i)}
            onClick={() => open(one)}
          >
            <span class="kind">{one.kind}</span>
            <span class="what">{one.what}</span>
            {one.more !== "" && <span class="more">{one.more}</span>}
          </li>
        ))}
      </ul>
    </dialog>
  );
}

function search(typed: string, names: Names): Found[] {
  const text = t().search;
  const found: Found[] = [];
  const pageNames = pages.map(page => ({ page, name: t().pages[page] }));
  const query = typed.trim();
  if (/[({\s+*/<>=[]/.test(query)) {
    found.push({ key: "run", kind: text.query, what: query, more: text.run, open: () => openQuery(query) });
  }
  for (const { page, name } of best(typed, pageNames, one => `${one.name} ${one.page}`, 4)) {
    found.push({ key: `page ${page}`, kind: text.page, what: name, more: "", open: () => go(page) });
  }
  for (const target of best(typed, names.targets, one => `${one.name} ${one.pool}`, nTargets)) {
    const open = () => go("targets", { q: target.name, pool: target.pool });
    found.push({ key: `target ${target.pool} ${target.url}`, kind: text.target, what: target.name, more: target.pool, open });
  }
  for (const metric of best(typed, names.metrics, one => one, nMetrics)) {
    const about = names.metadata[metric]?.[0];
    const open = () => openQuery(selectorOf({ __name__: metric }));
    found.push({ key: `metric ${metric}`, kind: about?.type || text.metric, what: metric, more: about?.help ?? "", open });
  }
  return found;
}

/** In the first panel if it is empty, else in one after the others. */
function openQuery(expr: string): void {
  const { page, params } = place.peek();
  if (page !== "query") return go("query", { "g0.expr": expr });
  let n = 0;
  while (params.get(`g${n}.expr`) ?? "") n += 1;
  go("query", { ...Object.fromEntries(params), [`g${n}.expr`]: expr });
}

/** What can be found, read when the dialog opens; null while it is on its way. Each list may fail by itself. */
function useNames(): Names | null {
  const [names, setNames] = useState<Names | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const metrics = get<string[]>("label/__name__/values", {}, abort.signal);
    const metadata = get<Record<string, MetricMetadata[]>>("metadata", { limit_per_metric: 1 }, abort.signal);
    const targets = get<Targets>("targets", { state: "active" }, abort.signal);
    Promise.allSettled([metrics, metadata, targets]).then(([metrics, metadata, targets]) => {
      if (abort.signal.aborted) return;
      setNames({
        metrics: metrics.status === "fulfilled" ? metrics.value.data : [],
        metadata: metadata.status === "fulfilled" ? metadata.value.data : {},
        targets: targets.status === "fulfilled" ? targets.value.data.activeTargets.map(nameTarget) : [],
      });
    });
    return () => abort.abort();
  }, []);
  return names;
}

function nameTarget(target: Targets["activeTargets"][number]) {
  return { name: target.labels.instance ?? target.scrapeUrl, pool: target.scrapePool, url: target.scrapeUrl };
}
