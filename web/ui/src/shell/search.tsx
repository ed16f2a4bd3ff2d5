// One list for everything that has a name: pages, metrics, targets, objectives, products, gates. What is no name can be run as a query.

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
  budgets: { kind: "slo" | "product" | "gate"; name: string; more: string }[];
}

const nothing: Names = { metrics: [], metadata: {}, targets: [], budgets: [] };
const nPages = pages.length;
const nMetrics = 12;
const nTargets = 6;
const nBudgets = 8;

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
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
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
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a select cannot hold two lines per option. */}
      <ul id="found" role="listbox" aria-label={text.title}>
        {found.map((one, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above handles the keys.
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field.
          <li
            key={one.key}
            id={`found-${i}`}
            // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: an option of the list above.
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
  const query = typed.trim();
  const pageNames = pages.map(page => ({ page, name: t().pages[page] }));
  const found = [
    ...best(typed, pageNames, one => one.name, nPages).map(({ item: { page, name }, rank }) => ({
      rank,
      found: { key: `page ${page}`, kind: text.page, what: name, more: "", open: () => go(page) },
    })),
    ...best(typed, names.targets, one => `${one.name} ${one.pool}`, nTargets).map(({ item, rank }) => ({
      rank,
      found: ofTarget(item),
    })),
    ...best(typed, names.budgets, one => `${one.name} ${one.more}`, nBudgets).map(({ item, rank }) => ({
      rank,
      found: ofBudget(item),
    })),
    ...best(typed, names.metrics, one => one, nMetrics).map(({ item, rank }) => ({
      rank,
      found: ofMetric(item, names),
    })),
  ];
  const ranked = found.sort((a, b) => a.rank - b.rank).map(one => one.found);
  if (!/[({+*/<>=[]/.test(query)) return ranked;
  return [
    { key: "run", kind: text.query, what: query, more: text.run, open: () => openQuery(query) },
    ...ranked,
  ];
}

function ofTarget({ name, pool, url }: Names["targets"][number]): Found {
  const open = () => go("targets", { q: name, pool });
  return { key: `target ${pool} ${url}`, kind: t().search.target, what: name, more: pool, open };
}

function ofBudget({ kind, name, more }: Names["budgets"][number]): Found {
  const open = () => (kind === "product" ? go("products", { name }) : go(`${kind}s`, { id: name }));
  return { key: `${kind} ${name}`, kind: t().search[kind], what: name, more, open };
}

function ofMetric(name: string, { metadata }: Names): Found {
  const about = metadata[name]?.[0];
  const open = () => openQuery(selectorOf({ __name__: name }));
  return {
    key: `metric ${name}`,
    kind: about?.type || t().search.metric,
    what: name,
    more: about?.help ?? "",
    open,
  };
}

/** In the first panel if it is empty, else in one after the others. */
function openQuery(expr: string): void {
  const { page, params } = place.peek();
  const others = page === "query" ? Object.fromEntries(params) : {};
  let n = 0;
  while (others[`g${n}.expr`]) n += 1;
  go("query", { ...others, [`g${n}.expr`]: expr });
}

/** What can be found, read when the dialog opens; null while it is on its way. Each list may fail by itself. */
function useNames(): Names | null {
  const [names, setNames] = useState<Names | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const metrics = get<string[]>("label/__name__/values", {}, abort.signal);
    const metadata = get<Record<string, MetricMetadata[]>>("metadata", { limit_per_metric: 1 }, abort.signal);
    const targets = get<Targets>("targets", { state: "active" }, abort.signal);
    // The series of objectives name them all; their list would be measured first.
    const slos = get<string[]>("label/slo/values", { "match[]": "slo_objective_ratio" }, abort.signal);
    const products = get<{ name: string; title: string }[]>("products", {}, abort.signal);
    const gates = get<{ name: string; product: string }[]>("gates", {}, abort.signal);
    const asked = [metrics, metadata, targets, slos, products, gates] as const;
    Promise.allSettled(asked).then(([metrics, metadata, targets, slos, products, gates]) => {
      if (abort.signal.aborted) return;
      const budgets: Names["budgets"] = [
        ...known(slos).map(name => ({ kind: "slo" as const, name, more: "" })),
        ...known(products).map(({ name, title }) => ({ kind: "product" as const, name, more: title })),
        ...known(gates).map(({ name, product }) => ({ kind: "gate" as const, name, more: product })),
      ];
      setNames({
        budgets,
        metrics: known(metrics),
        metadata: metadata.status === "fulfilled" ? metadata.value.data : {},
        targets: targets.status === "fulfilled" ? targets.value.data.activeTargets.map(nameTarget) : [],
      });
    });
    return () => abort.abort();
  }, []);
  return names;
}

function known<T>(list: PromiseSettledResult<{ data: T[] }>): T[] {
  return list.status === "fulfilled" ? list.value.data : [];
}

function nameTarget(target: Targets["activeTargets"][number]) {
  return { name: target.labels.instance ?? target.scrapeUrl, pool: target.scrapePool, url: target.scrapeUrl };
}
