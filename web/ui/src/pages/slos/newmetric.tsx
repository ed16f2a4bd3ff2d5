// The first question: which metric. All the names that the server has, those likeliest to tell of users first.

import { useMemo, useState } from "preact/hooks";
import { get } from "../../api/client";
import { useOnce } from "../../api/once";
import type { MetricMetadata } from "../../api/types";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { best } from "../../shell/find";
import { tt } from "../../texts/trials";
import { refresh } from "../../time/range";

const nShown = 10;

interface Names {
  metrics: string[];
  metadata: Record<string, MetricMetadata[]>;
}

export function MetricPicker({ onPick }: { onPick: (metric: string) => void }) {
  const text = tt().making;
  const { data, error, loading } = useOnce("metrics", readNames);
  return (
    <div class="finder picker">
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.metricsFailed} error={error} onRetry={refresh} />}
      {data !== null && data.metrics.length === 0 && <p class="muted">{text.noMetrics}</p>}
      {data !== null && data.metrics.length > 0 && <Finder names={data} onPick={onPick} />}
    </div>
  );
}

async function readNames(signal: AbortSignal): Promise<Names> {
  const metadata = get<Names["metadata"]>("metadata", { limit_per_metric: 1 }, signal).then(
    ({ data }) => data,
    // Without types and help, a name is a name.
    () => ({}),
  );
  const { data } = await get<string[]>("label/__name__/values", {}, signal);
  return { metrics: likeliest(data), metadata: await metadata };
}

/** What is counted of requests, and then what is timed; of a histogram its buckets stand for it. */
function likeliest(metrics: string[]): string[] {
  const rank = (name: string) =>
    (/request|response|call|message|job|order|http|grpc|rpc/.test(name) ? 0 : 2) +
    (/_total$/.test(name) ? 0 : /_bucket$/.test(name) ? 1 : 4) +
    (/^(go|process|promhttp|prometheus|narthex|scrape)_/.test(name) ? 10 : 0);
  const known = new Set(metrics);
  const isPart = (name: string) => known.has(name.replace(/_(?:count|sum)$/, "_bucket"));
  return metrics
    .filter(name => !(/_(?:count|sum)$/.test(name) && isPart(name)))
    .map(name => ({ name, rank: rank(name) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => name);
}

function Finder({ names, onPick }: { names: Names; onPick: (metric: string) => void }) {
  const text = tt().making;
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = useMemo(() => best(typed, names.metrics, name => name, names.metrics.length), [typed, names]);
  const shown = found.slice(0, nShown);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || shown.length === 0) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 && event.key !== "Enter") return;
    event.preventDefault();
    if (step !== 0) setAt((at + step + shown.length) % shown.length);
    else onPick(shown[at]!.item);
  };
  return (
    <>
      <input
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls="metrics"
        aria-activedescendant={shown.length > 0 ? `metric-${at}` : undefined}
        aria-label={text.metric}
        placeholder={text.metricHint}
        value={typed}
        spellcheck={false}
        autocomplete="off"
        onInput={event => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      {shown.length === 0 && <p class="none">{text.noMetric(typed)}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a select cannot hold two lines per option. */}
      <ul id="metrics" role="listbox" aria-label={text.metric}>
        {shown.map(({ item: name }, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above handles the keys.
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field.
          <li
            key={name}
            id={`metric-${i}`}
            // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: an option of the list above.
            role="option"
            aria-selected={i === at}
            onPointerMove={() => i !== at && setAt(i)}
            onClick={() => onPick(name)}
          >
            <span class="kind">{aboutOf(names, name)?.type}</span>
            <span class="what">{name}</span>
            <span class="more">{aboutOf(names, name)?.help}</span>
          </li>
        ))}
      </ul>
      {found.length > shown.length && <p class="none">{text.others(found.length - shown.length)}</p>}
    </>
  );
}

/** A histogram's type and help stand with its own name. */
function aboutOf({ metadata }: Names, name: string): MetricMetadata | undefined {
  return (metadata[name] ?? metadata[name.replace(/_bucket$/, "")])?.[0];
}
