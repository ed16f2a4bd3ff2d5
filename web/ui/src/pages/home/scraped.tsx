// What is scraped: a line for each pool.

import { post } from "../../api/client";
import { useResource } from "../../api/resource";
import type { QueryResult } from "../../api/types";
import { cutMiddle } from "../../format/labels";
import { whole } from "../../format/number";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { State } from "../../parts/state";
import { href } from "../../router";
import { t } from "../../texts";
import { type Pool, scrapedAt } from "../targets/pools";

const nShown = 20;

export function Scraped({ pools }: { pools: Pool[] }) {
  const text = t().home;
  const samples = useResource("samples by job", samplesByJob).data;
  const shown = pools.slice(0, nShown);
  if (pools.length === 0) return null;
  return (
    <section>
      <h2>{text.scraped}</h2>
      <table class="scraped">
        <thead>
          <tr>
            <th>{text.pool}</th>
            <th>{text.state}</th>
            <th class="number">{text.samples}</th>
            <th class="number slowest">{text.slowest}</th>
            <th class="last">{text.lastScrape}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(pool => (
            <Row key={pool.name} pool={pool} samples={samples?.get(pool.name)} />
          ))}
        </tbody>
      </table>
      {shown.length < pools.length && (
        <p class="more">
          <a href={href("targets")}>{text.allPools(pools.length)}</a>
        </p>
      )}
    </section>
  );
}

function Row({ pool, samples }: { pool: Pool; samples: number | undefined }) {
  const text = t().targets;
  const { up, down, unknown } = pool.counts;
  const total = up + down + unknown;
  const slowest = Math.max(0, ...pool.targets.map(target => target.lastScrapeDuration));
  const last = Math.max(0, ...pool.targets.map(target => scrapedAt(target) ?? 0));
  return (
    <tr>
      <td>
        <a href={href("targets", { pool: pool.name })}>{cutMiddle(pool.name, 100)}</a>
      </td>
      <td>
        {down > 0 ? (
          <State name={down === total ? "critical" : "caution"} word={text.downOf(down, total)} />
        ) : unknown > 0 || total === 0 ? (
          <State name="nodata" word={total === 0 ? text.noneInPool : text.unknownOf(unknown, total)} />
        ) : (
          <State name="healthy" word={text.allUp(total)} />
        )}
      </td>
      <td class="number">{samples === undefined ? "–" : whole(samples)}</td>
      <td class="number slowest">{last === 0 ? "–" : formatValue(slowest, { of: "s", perSecond: false })}</td>
      <td class="last muted">{last === 0 ? text.never : <Ago ms={last} />}</td>
    </tr>
  );
}

/** Samples of the last scrape of all targets of a job; a pool is called like its job unless someone relabelled it. */
async function samplesByJob(signal: AbortSignal): Promise<Map<string, number>> {
  const { data } = await post<QueryResult>(
    "query",
    { query: "sum by (job) (scrape_samples_scraped)" },
    signal,
  );
  if (data.resultType !== "vector") return new Map();
  return new Map(data.result.map(({ metric, value }) => [metric.job ?? "", Number(value?.[1])]));
}
