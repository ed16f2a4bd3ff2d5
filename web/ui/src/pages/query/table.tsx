// The values of a query at one instant, exactly as narthex has them.

import { useMemo, useState } from "preact/hooks";
import type { HistogramValue, MatrixSeries, Point, VectorSample } from "../../api/types";
import {
  commonLabels,
  differingNames,
  type Labels,
  labelsKey,
  selectorOf,
  without,
} from "../../format/labels";
import { formatInstant, zoneName } from "../../format/time";
import { formatValue } from "../../format/unit";
import { LabelCell, LabelSet } from "../../parts/labels";
import { isNarrow } from "../../parts/narrow";
import { zone } from "../../preferences";
import type { Meaning } from "../../promql/unit";
import { t } from "../../texts";
import { Nothing } from "./nothing";
import type { Panel } from "./panels";
import type { TableAnswer } from "./run";

interface Props {
  panel: Panel;
  answer: TableAnswer | null;
  stale: boolean;
  failed: boolean;
  meaning: Meaning;
}

const nAtOnce = 100;
const filteredFrom = 20;
/** Series that differ in more labels than this are shown as sets, not in columns. */
const mostColumns = 5;

export function TableTab({ panel, answer, stale, failed, meaning }: Props) {
  if (answer === null) return failed ? null : <div class="unseen-table" />;
  const { result, atMs } = answer;
  const at = `${formatInstant(Math.floor(atMs / 1000) * 1000, zone.value)} ${zoneName(atMs, zone.value)}`;
  const isEmpty =
    (result.resultType === "vector" || result.resultType === "matrix") && result.result.length === 0;
  if (isEmpty) return <Nothing expr={panel.expr} stale={stale} />;
  return (
    <div class={stale ? "values stale" : "values"}>
      <p class="muted at">{t().query.at(at)}</p>
      {result.resultType === "vector" || result.resultType === "matrix" ? (
        <Series rows={result.result.map(rowOf)} meaning={meaning} />
      ) : (
        <p class="single mono">{result.result[1]}</p>
      )}
    </div>
  );
}

interface Row {
  labels: Labels;
  value: string;
  points: Point[];
  histogram: HistogramValue | null;
}

function rowOf(sample: VectorSample & MatrixSeries): Row {
  return {
    labels: sample.metric,
    value: sample.value?.[1] ?? "",
    points: sample.values ?? [],
    histogram: sample.histogram?.[1] ?? sample.histograms?.at(-1)?.[1] ?? null,
  };
}

function Series({ rows, meaning }: { rows: Row[]; meaning: Meaning }) {
  const [all, setAll] = useState(false);
  const [filter, setFilter] = useState("");
  const [down, setDown] = useState<boolean | null>(null);
  const text = t().query;
  const common = useMemo(() => commonLabels(rows.map(row => row.labels)), [rows]);
  const names = useMemo(
    () =>
      differingNames(
        rows.map(row => row.labels),
        common,
        isNarrow() ? 1 : mostColumns,
      ),
    [rows, common],
  );
  const found = useMemo(() => sorted(filtered(rows, filter), down), [rows, filter, down]);
  const shown = all ? found : found.slice(0, nAtOnce);
  return (
    <>
      {rows.length > filteredFrom && (
        <input
          type="search"
          class="filter"
          placeholder={text.filter}
          aria-label={text.filter}
          value={filter}
          onInput={event => setFilter(event.currentTarget.value)}
        />
      )}
      {Object.keys(common).length > 0 && (
        <p class="common">
          <span class="muted">{text.common}</span> <LabelSet labels={common} limit={8} />
        </p>
      )}
      <table class={names === null ? "sets" : "columns"}>
        <thead>
          <tr>
            {names === null ? (
              <th>{text.seriesColumn}</th>
            ) : (
              names.map(name => <th key={name}>{name === "__name__" ? text.metricColumn : name}</th>)
            )}
            <th class="number" aria-sort={down === null ? "none" : down ? "descending" : "ascending"}>
              <button
                type="button"
                class="head"
                onClick={() => setDown(down === null ? true : down ? false : null)}
              >
                {text.value}
                {down !== null && <span aria-hidden="true">{down ? "↓" : "↑"}</span>}
              </button>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(row => (
            <tr key={labelsKey(row.labels)}>
              {names === null ? (
                <td>
                  <LabelSet labels={without(row.labels, common)} />
                </td>
              ) : (
                names.map(name => <LabelCell key={name} value={row.labels[name]} />)
              )}
              <td class="number mono">
                <Value row={row} meaning={meaning} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length === 0 && <p class="muted none">{text.noneFiltered(filter)}</p>}
      {shown.length < found.length && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {text.showAll(found.length)}
        </button>
      )}
    </>
  );
}

function Value({ row, meaning }: { row: Row; meaning: Meaning }) {
  if (row.histogram !== null) return <Histogram value={row.histogram} />;
  if (row.points.length > 0) {
    return (
      <>
        {row.points.map(([seconds, value]) => (
          <div key={seconds} title={formatInstant(seconds * 1000, zone.value)}>
            {value} <span class="muted">@{seconds}</span>
          </div>
        ))}
      </>
    );
  }
  const human = formatValue(Number(row.value), meaning.unit);
  return <span title={human === row.value ? undefined : human}>{row.value}</span>;
}

function Histogram({ value }: { value: HistogramValue }) {
  const text = t().query;
  return (
    <details>
      <summary>{text.histogram(value.count, value.sum)}</summary>
      {value.buckets?.map(([, lower, upper, count]) => (
        <div key={lower}>
          {lower} … {upper}: {count}
        </div>
      ))}
    </details>
  );
}

function filtered(rows: Row[], filter: string): Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter(row => {
    const text = selectorOf(row.labels).toLowerCase();
    return words.every(word => text.includes(word));
  });
}

function sorted(rows: Row[], down: boolean | null): Row[] {
  if (down === null) return rows;
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => sign * (Number(a.value) - Number(b.value)) || 0);
}
