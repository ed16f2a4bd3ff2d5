// What the database holds in memory and on the disk, and which names and labels fill it.

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { StorageReport, TsdbStatus } from "../../api/types";
import { selectorOf } from "../../format/labels";
import { whole } from "../../format/number";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { href } from "../../router";
import { isNarthex } from "../../shell/health";
import { t } from "../../texts";
import { Disk } from "./disk";
import { Loaded } from "./loaded";
import { Top } from "./top";

const nTop = 20;

export function Storage() {
  const status = useResource(
    "storage",
    async signal => (await get<TsdbStatus>("status/tsdb", { limit: nTop }, signal)).data,
  );
  const report = useResource(
    isNarthex() ? "disk" : null,
    async signal => (await get<StorageReport>("status/storage", {}, signal)).data,
  );
  const text = t().status;
  return (
    <Loaded from={status}>
      {status => (
        <>
          <Head status={status} />
          {isNarthex() && <Loaded from={report}>{report => <Disk report={report} />}</Loaded>}
          <p class="prose">{text.cardinality}</p>
          <div class="two">
            <Top
              title={text.byMetric}
              counts={status.seriesCountByMetricName}
              total={status.headStats.numSeries}
              link={ofMetric}
            />
            {report.data !== null && (
              <Top
                title={text.byTarget}
                counts={report.data.series_by_target}
                total={status.headStats.numSeries}
              />
            )}
            <Top
              title={text.byPair}
              counts={status.seriesCountByLabelValuePair}
              total={status.headStats.numSeries}
              link={ofPair}
            />
            <Top title={text.byLabel} counts={status.labelValueCountByLabelName} />
            <Top title={text.byMemory} counts={status.memoryInBytesByLabelName} bytes />
          </div>
        </>
      )}
    </Loaded>
  );
}

function Head({ status }: { status: TsdbStatus }) {
  const { numSeries, numLabelPairs, chunkCount, minTime, maxTime } = status.headStats;
  const text = t().status;
  const isEmpty = numSeries === 0 || minTime > maxTime;
  return (
    <dl class="figures">
      <Figure name={text.series} value={whole(numSeries)} />
      <Figure name={text.labelPairs} value={whole(numLabelPairs)} />
      <Figure name={text.chunks} value={whole(chunkCount)} />
      <Figure
        name={text.span}
        value={isEmpty ? "–" : formatValue((maxTime - minTime) / 1000, { of: "s", perSecond: false })}
      >
        {!isEmpty && (
          <>
            {text.since} <Ago ms={minTime} />
          </>
        )}
      </Figure>
    </dl>
  );
}

function Figure({
  name,
  value,
  children,
}: {
  name: string;
  value: string;
  children?: preact.ComponentChildren;
}) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {value}
        <small>{children}</small>
      </dd>
    </div>
  );
}

function ofMetric(name: string): string {
  return href("query", { "g0.expr": selectorOf({ __name__: name }) });
}

/** Pairs come as `name=value`; the name has no `=`. */
function ofPair(pair: string): string {
  const at = pair.indexOf("=");
  const labels = { [pair.slice(0, at)]: pair.slice(at + 1) };
  return href("query", { "g0.expr": `count by (__name__) (${selectorOf(labels)})`, "g0.tab": "table" });
}
