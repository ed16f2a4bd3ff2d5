// How many samples per second are scraped, from the series that every scrape leaves behind: samples of a scrape by the
// interval of its pool. It is true of any server from the first scrape on.

import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useResource } from "../../api/resource";
import type { Chart } from "../../chart/chart";
import { Colours } from "../../chart/colours";
import { formatValue } from "../../format/unit";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { href } from "../../router";
import { t } from "../../texts";
import { range } from "../../time/range";
import { runRange, stepOf } from "../query/run";
import type { Pool } from "../targets/pools";
import { ingestQuery } from "./ingestquery";

const perSecond = { of: "", perSecond: true };

type ChartComponent = ComponentType<Parameters<typeof Chart>[0]>;
let loaded: ChartComponent | null = null;

export function Ingest({ pools }: { pools: Pool[] }) {
  const text = t().home;
  const query = ingestQuery(pools);
  const { lengthMs, endMs } = range.value;
  const answer = useResource(JSON.stringify([query, lengthMs, endMs]), (signal, first) =>
    runRange(query, { lengthMs, endMs }, stepOf(null, lengthMs, 640), first, signal),
  );
  const Drawn = useChart();
  const cursor = useSignal<number | null>(null);
  const focus = useSignal<string | null>(null);
  const colours = useRef(new Colours());
  const { data, error, loading } = answer;
  const line = data?.picture.lines[0];
  return (
    <section class="ingest">
      <h2>
        <a href={href("query", { "g0.expr": query })}>{text.ingest}</a>
        <span class="now">{line === undefined ? "" : formatValue(line.stats.last, perSecond)}</span>
      </h2>
      <div class={loading || error !== null ? "picture stale" : "picture"}>
        <Progress on={loading && data !== null} />
        {error !== null && <Failure what={text.ingestFailed} error={error} />}
        {data !== null && line === undefined && <p class="muted">{text.ingestNone}</p>}
        {data !== null && line !== undefined && Drawn !== null && (
          <Drawn
            drawing={{
              picture: data.picture,
              lines: [line],
              slots: colours.current.assign([line.key]),
              unit: perSecond,
              stacked: false,
              fromZero: true,
            }}
            height={140}
            label={text.ingest}
            nameOf={() => text.ingestName}
            cursor={cursor}
            focus={focus}
          />
        )}
      </div>
    </section>
  );
}

/** The chart is not needed for the first paint. */
function useChart(): ChartComponent | null {
  const [found, setFound] = useState<ChartComponent | null>(() => loaded);
  useEffect(() => {
    let left = false;
    import("../../chart/chart").then(
      module => {
        loaded = module.Chart;
        if (!left) setFound(() => module.Chart);
      },
      () => {},
    );
    return () => {
      left = true;
    };
  }, []);
  return found;
}
