// The targets page: pools as groups, worst first.

import "./targets.css";
import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Health, Targets } from "../../api/types";
import { labelsKey } from "../../format/labels";
import { Source } from "../../parts/copy";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { State } from "../../parts/state";
import { Choice } from "../../parts/tabs";
import { place, setParams } from "../../router";
import { t } from "../../texts";
import { refresh } from "../../time/range";
import { Dropped } from "./dropped";
import { type Filter, matches, type Pool, poolsOf } from "./pools";
import { Row } from "./row";

/** A healthy pool with more targets than this is folded until it is opened or searched. */
const foldedFrom = 30;
const nAtOnce = 100;

export default function TargetsPage() {
  const { data, error, loading } = useResource("targets", async signal =>
    poolsOf((await get<Targets>("targets", {}, signal)).data),
  );
  const text = t().targets;
  const filter = readFilter();
  return (
    <>
      <Progress on={loading && data === null} />
      <div class="title">
        <h1>{t().pages.targets}</h1>
        <p>
          {data !== null &&
            data.length > 0 &&
            text.sentence(sumOf(data, "up"), sumOf(data, "down"), sumOf(data, "unknown"))}
        </p>
      </div>
      {error !== null && <Failure what={text.failed} error={error} onRetry={refresh} />}
      {data !== null && data.length > 0 && <Filters filter={filter} pools={data} />}
      {data !== null && (
        <div class={error === null ? "" : "stale"}>
          <Pools pools={data} filter={filter} />
        </div>
      )}
    </>
  );
}

function sumOf(pools: Pool[], health: Health): number {
  return pools.reduce((sum, pool) => sum + pool.counts[health], 0);
}

function readFilter(): Filter {
  const { params } = place.value;
  const health = params.get("health");
  return {
    text: params.get("q") ?? "",
    health: health === "up" || health === "down" || health === "unknown" ? health : "all",
    pool: params.get("pool") ?? "",
  };
}

function Filters({ filter, pools }: { filter: Filter; pools: Pool[] }) {
  const text = t().targets;
  const count = (health: Health) => ` ${sumOf(pools, health)}`;
  return (
    <div class="filters">
      <input
        type="search"
        value={filter.text}
        placeholder={text.filter}
        aria-label={text.filter}
        onInput={event => setParams({ q: event.currentTarget.value }, "replace")}
      />
      <Choice
        label={text.healthLabel}
        chosen={filter.health}
        options={[
          ["all", text.all],
          ["down", text.health.down + count("down")],
          ["unknown", text.health.unknown + count("unknown")],
          ["up", text.health.up + count("up")],
        ]}
        onChoose={health => setParams({ health: health === "all" ? null : health }, "replace")}
      />
      {filter.pool !== "" && (
        <button type="button" class="small" onClick={() => setParams({ pool: null }, "replace")}>
          {filter.pool} ✕
        </button>
      )}
    </div>
  );
}

function Pools({ pools, filter }: { pools: Pool[]; filter: Filter }) {
  const text = t().targets;
  if (pools.length === 0) {
    return (
      <div class="empty">
        <p class="why">{text.none}</p>
        <p>{text.noneDo}</p>
        <Source
          label={text.none}
          text={
            "scrape_configs:\n  - job_name: node\n    static_configs:\n      - targets: [localhost:9100]\n"
          }
        />
      </div>
    );
  }
  const filtered = filter.text !== "" || filter.health !== "all" || filter.pool !== "";
  const shown = pools
    .map(pool => ({ pool, targets: pool.targets.filter(target => matches(target, filter)) }))
    .filter(
      ({ pool, targets }) =>
        targets.length > 0 || !filtered || (filter.pool === pool.name && filter.health === "all"),
    );
  if (shown.length === 0) {
    return (
      <div class="empty">
        <p class="why">{text.noneMatch}</p>
        <p>
          <button
            type="button"
            class="link"
            onClick={() => setParams({ q: null, health: null, pool: null }, "replace")}
          >
            {text.showAll}
          </button>
        </p>
      </div>
    );
  }
  return (
    <>
      {shown.map(({ pool, targets }) => (
        <PoolView key={pool.name} pool={pool} targets={targets} open={filtered} />
      ))}
    </>
  );
}

function PoolView({ pool, targets, open }: { pool: Pool; targets: Pool["targets"]; open: boolean }) {
  const [all, setAll] = useState(false);
  const text = t().targets;
  const shown = all ? targets : targets.slice(0, nAtOnce);
  const { up, down, unknown } = pool.counts;
  const total = up + down + unknown;
  const healthy = down === 0 && unknown === 0;
  return (
    <details class="pool" open={open || !healthy || total <= foldedFrom}>
      <summary>
        <h2>{pool.name}</h2>
        {total === 0 ? (
          <span class="muted">{text.noneInPool}</span>
        ) : down > 0 ? (
          <State name={down === total ? "critical" : "caution"} word={text.downOf(down, total)} />
        ) : unknown > 0 ? (
          <State name="nodata" word={text.unknownOf(unknown, total)} />
        ) : (
          <State name="healthy" word={text.allUp(total)} />
        )}
      </summary>
      <ul class="targets">
        {shown.map(target => (
          <Row key={`${target.scrapeUrl} ${labelsKey(target.labels)}`} target={target} />
        ))}
      </ul>
      {shown.length < targets.length && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(targets.length)}
        </button>
      )}
      <Dropped pool={pool} />
    </details>
  );
}
