// The first page: what does not answer, what comes in, what is scraped, and what to do next.

import "./home.css";
import { countsOf } from "../../alerting/instances";
import { type Alerting, readAlerting } from "../../alerting/read";
import { get } from "../../api/client";
import { type Resource, useResource } from "../../api/resource";
import type { Target, Targets, TsdbStatus } from "../../api/types";
import { whole } from "../../format/number";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { State } from "../../parts/state";
import { href } from "../../router";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { refresh } from "../../time/range";
import { type Pool, poolsOf } from "../targets/pools";
import { Budgets } from "./budgets";
import { Firing } from "./firing";
import { Ingest } from "./ingest";
import { Scraped } from "./scraped";
import { NextSteps } from "./steps";

export default function HomePage() {
  const pools = useResource("home targets", async signal =>
    poolsOf((await get<Targets>("targets", { state: "active" }, signal)).data),
  );
  const firing = useResource("firing", readAlerting);
  const head = useResource(
    "home head",
    async signal => (await get<TsdbStatus>("status/tsdb", { limit: 1 }, signal)).data.headStats,
  );
  return (
    <div class="home">
      <Progress on={pools.loading && pools.data === null} />
      {pools.error !== null && <Failure what={t().home.failed} error={pools.error} onRetry={refresh} />}
      {pools.data !== null && (firing.data !== null || firing.error !== null) && (
        <Sheet pools={pools.data} firing={firing} head={head} stale={pools.error !== null} />
      )}
    </div>
  );
}

function Sheet({
  pools,
  firing,
  head,
  stale,
}: {
  pools: Pool[];
  firing: Resource<Alerting>;
  head: Resource<TsdbStatus["headStats"]>;
  stale: boolean;
}) {
  const text = t().home;
  const targets = pools.flatMap(pool => pool.targets);
  const down = targets.filter(target => target.health === "down");
  const nFiring = countsOf(firing.data?.fired ?? []).firing;
  const nUp = targets.filter(target => target.health === "up").length;
  return (
    <div class={stale ? "stale" : ""}>
      <div class="title">
        <h1>{nFiring > 0 ? ta().home.firing(nFiring) : text.headline(targets.length, down.length)}</h1>
        {nFiring > 0 && <p>{text.headline(targets.length, down.length)}</p>}
      </div>
      <Firing {...firing} />
      <Budgets />
      <div class="top">
        <dl class="figures">
          <div class="figure one">
            <dt>{text.answering}</dt>
            <dd>
              {nUp}
              <small> / {targets.length}</small>
            </dd>
          </div>
          <div class="figure">
            <dt>{text.series}</dt>
            <dd>{head.data === null ? "–" : whole(head.data.numSeries)}</dd>
          </div>
        </dl>
        <Ingest pools={pools} />
      </div>
      {down.length > 0 && <Down targets={down} />}
      <Scraped pools={pools} />
      <NextSteps first={targets.length <= 1} />
    </div>
  );
}

const nDownShown = 8;

function Down({ targets }: { targets: Target[] }) {
  const text = t().home;
  return (
    <section class="not-answering">
      <h2>{text.down}</h2>
      <ul>
        {targets.slice(0, nDownShown).map(target => (
          <li key={`${target.scrapePool} ${target.scrapeUrl}`}>
            <State name="critical" word={t().targets.health.down} />
            <a
              href={href("targets", {
                q: target.labels.instance ?? target.scrapeUrl,
                pool: target.scrapePool,
              })}
            >
              {target.scrapePool} {target.labels.instance ?? target.scrapeUrl}
            </a>
            <span class="said mono">{target.lastError}</span>
          </li>
        ))}
      </ul>
      {targets.length > nDownShown && (
        <p>
          <a href={href("targets", { health: "down" })}>{text.allDown(targets.length)}</a>
        </p>
      )}
    </section>
  );
}
