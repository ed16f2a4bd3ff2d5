// One panel: the query, what came of it, and how it is shown.

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, post } from "../../api/client";
import { Cancelled, useResource } from "../../api/resource";
import { formatValue } from "../../format/unit";
import { Failure } from "../../parts/failure";
import { Notes } from "../../parts/notes";
import { Progress } from "../../parts/progress";
import { Tabs } from "../../parts/tabs";
import { advise, type Mistake } from "../../promql/mistake";
import { editing } from "../../shell/keys";
import { t } from "../../texts";
import { range } from "../../time/range";
import { ExplainTab } from "./explain";
import { Field } from "./field";
import { GraphControls, GraphTab } from "./graph";
import { remember } from "./history";
import { addPanel, changePanel, mostPanels, type Panel, panels, removePanel, type Tab } from "./panels";
import { type Came, runInstant, runRange, stepOf } from "./run";
import { TableTab } from "./table";
import { useMeaning } from "./usemeaning";
import { useMistake } from "./usemistake";

interface Props {
  panel: Panel;
  letter: string;
  alone: boolean;
}

export function PanelView({ panel, letter, alone }: Props) {
  const { id, expr, tab } = panel;
  const text = t().query;
  const [draft, setDraft] = useState(expr);
  // How often the same query was run by hand.
  const [nRuns, setRuns] = useState(0);
  // What is put into the field from outside. What is typed only comes out of it: it would be behind on its way back.
  const [given, setGiven] = useState({ text: expr });
  const give = (text: string) => {
    setDraft(text);
    setGiven({ text });
  };
  const field = useRef<{ focus: () => void }>(null);
  const root = useRef<HTMLElement>(null);
  useEffect(() => give(expr), [expr]);
  useEffect(() => {
    // `e` edits the first panel unless another was used last.
    if (letter === "A" || editing.focus === null) editing.focus = () => field.current?.focus();
  }, [letter]);

  const graph = useGraph(panel, nRuns, root);
  const table = useTable(panel, nRuns);
  const shown = tab === "table" ? table : graph;
  const loading = tab !== "explain" && shown.loading;
  const mistake = useMistake(draft, expr, shown.error);
  const meaning = useMeaning(expr);

  const run = (query = draft) => {
    remember(query);
    if (query !== draft) give(query);
    if (query === expr) setRuns(nRuns + 1);
    else changePanel(id, { expr: query, only: [] }, "push");
  };
  const format = async () => {
    const { data } = await post<string>("format_query", { query: draft });
    give(data);
  };

  return (
    <section class="panel" aria-label={text.panel(letter)} ref={root}>
      <span class="letter" aria-hidden="true">
        {alone ? "" : letter}
      </span>
      <div class="ask">
        <Field
          handle={field}
          given={given}
          mistake={mistake}
          label={text.label}
          onChange={setDraft}
          onRun={run}
          onFocus={() => {
            editing.focus = () => field.current?.focus();
          }}
        />
        <RunButton
          loading={loading}
          sinceMs={shown.sinceMs}
          changed={draft !== expr}
          onRun={() => run()}
          onCancel={shown.cancel}
        />
      </div>
      <div class="toolbar">
        <Tabs<Tab>
          label={text.views}
          panel={`result-${id}`}
          selected={tab}
          tabs={[
            ["graph", text.graph],
            ["table", text.table],
            ["explain", text.explain],
          ]}
          onSelect={next => changePanel(id, { tab: next })}
        />
        <Summary came={tab === "explain" ? null : shown.data} n={countOf(tab, graph.data, table.data)} />
        {tab === "graph" && expr !== "" && (
          <GraphControls panel={panel} stepS={graph.data?.picture.grid.stepS ?? null} />
        )}
        <span class="actions">
          <button
            type="button"
            class="quiet small"
            disabled={draft.trim() === ""}
            onClick={() => format().catch(() => run())}
          >
            {text.format}
          </button>
          {panels.value.length < mostPanels && (
            <button type="button" class="quiet small" onClick={() => addPanel(panel)}>
              {text.duplicate}
            </button>
          )}
          {!alone && (
            <button type="button" class="quiet small" onClick={() => removePanel(id)}>
              {text.remove}
            </button>
          )}
        </span>
      </div>
      <div class="result" id={`result-${id}`} role="tabpanel" aria-labelledby={`result-${id}-${tab}`}>
        <Progress on={loading} />
        {tab !== "explain" && <Refusal error={shown.error} mistake={mistake} onRetry={() => run()} />}
        {tab !== "explain" && shown.data !== null && <Notes {...shown.data} />}
        {expr !== "" && tab === "graph" && (
          <GraphTab
            panel={panel}
            answer={graph.data}
            stale={graph.loading || graph.error !== null}
            failed={graph.error !== null}
            meaning={meaning}
          />
        )}
        {expr !== "" && tab === "table" && (
          <TableTab
            panel={panel}
            answer={table.data}
            stale={table.loading || table.error !== null}
            failed={table.error !== null}
            meaning={meaning}
          />
        )}
        {expr !== "" && tab === "explain" && <ExplainTab expr={expr} />}
      </div>
    </section>
  );
}

function useGraph({ expr, tab, stepMs }: Panel, nRuns: number, root: { current: HTMLElement | null }) {
  const { lengthMs, endMs } = range.value;
  const question =
    tab === "graph" && expr !== "" ? JSON.stringify([expr, lengthMs, endMs, stepMs, nRuns]) : null;
  return useResource(question, (signal, first) => {
    const width = root.current?.clientWidth ?? 800;
    return runRange(expr, { lengthMs, endMs }, stepOf(stepMs, lengthMs, width), first, signal);
  });
}

function useTable({ expr, tab }: Panel, nRuns: number) {
  const { endMs, lengthMs } = range.value;
  const question = tab === "table" && expr !== "" ? JSON.stringify([expr, endMs, nRuns]) : null;
  return useResource(question, signal => runInstant(expr, { lengthMs, endMs }, signal));
}

/** Run, or Cancel while a query takes long enough to be noticed. The button keeps its width. */
function RunButton(props: {
  loading: boolean;
  sinceMs: number;
  changed: boolean;
  onRun: () => void;
  onCancel: () => void;
}) {
  const { loading, sinceMs, changed, onRun, onCancel } = props;
  const text = t().query;
  const waited = useWaited(loading, sinceMs);
  if (waited >= noticedMs) {
    return (
      <button type="button" class="run" onClick={onCancel}>
        {text.cancel}
        <span class="muted">{formatValue(Math.floor(waited / 100) / 10, { of: "s", perSecond: false })}</span>
      </button>
    );
  }
  return (
    <button type="button" class={changed ? "run primary changed" : "run primary"} onClick={onRun}>
      {text.run}
    </button>
  );
}

const noticedMs = 400;

/** Milliseconds that something has been on its way, in steps that the eye can follow. */
function useWaited(loading: boolean, sinceMs: number): number {
  const [waited, setWaited] = useState(0);
  useEffect(() => {
    setWaited(0);
    if (!loading) return;
    const timer = setInterval(() => setWaited(Date.now() - sinceMs), 100);
    return () => clearInterval(timer);
  }, [loading, sinceMs]);
  return loading ? waited : 0;
}

function Summary({ came, n }: { came: Came | null; n: number | null }) {
  if (came === null || n === null) return <span class="summary" />;
  const took = formatValue(came.tookMs / 1000, { of: "s", perSecond: false });
  return (
    <span class="summary muted">
      {t().query.series(n)} · {took}
    </span>
  );
}

function countOf(
  tab: Tab,
  graph: { picture: { lines: unknown[]; nHistograms: number } } | null,
  table: { result: { resultType: string; result: unknown[] } } | null,
): number | null {
  if (tab === "graph") return graph === null ? null : graph.picture.lines.length + graph.picture.nHistograms;
  if (tab === "explain" || table === null) return null;
  return table.result.resultType === "vector" || table.result.resultType === "matrix"
    ? table.result.result.length
    : 1;
}

/** A refusal that the editor does not show at its place in the query. */
function Refusal({
  error,
  mistake,
  onRetry,
}: {
  error: Error | null;
  mistake: Mistake | null;
  onRetry: () => void;
}) {
  const text = t().query;
  if (error === null || mistake !== null) return null;
  if (error instanceof Cancelled) return <p class="muted cancelled">{text.cancelled}</p>;
  const todo = error instanceof ApiError ? advise(error.message, t()) : "";
  return (
    <>
      <Failure what={text.failed} error={error} onRetry={onRetry} />
      {todo !== "" && <p class="muted">{todo}</p>}
    </>
  );
}
