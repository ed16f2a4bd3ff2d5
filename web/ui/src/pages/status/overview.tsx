// What runs: build, process, clock.

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { BuildInfo, RuntimeInfo } from "../../api/types";
import { brief } from "../../format/number";
import { formatValue } from "../../format/unit";
import { Ago } from "../../parts/ago";
import { State } from "../../parts/state";
import { isNarthex } from "../../shell/health";
import { t } from "../../texts";
import { Facts } from "./facts";
import { Loaded } from "./loaded";

export function Overview() {
  const both = useResource("overview", async signal => {
    const [build, runtime] = await Promise.all([
      get<BuildInfo>("status/buildinfo", {}, signal),
      get<RuntimeInfo>("status/runtimeinfo", {}, signal),
    ]);
    return { build: build.data, runtime: runtime.data };
  });
  return (
    <Loaded from={both}>
      {({ build, runtime }) => (
        <div class="two">
          <Runtime info={runtime} />
          <Build info={build} />
        </div>
      )}
    </Loaded>
  );
}

function Runtime({ info }: { info: RuntimeInfo }) {
  const text = t().status;
  const facts: [string, preact.ComponentChildren][] = [
    [text.started, <Ago key="started" ms={Date.parse(info.startTime)} />],
    [
      text.reload,
      info.reloadConfigSuccess ? (
        <>
          <State name="healthy" word={text.reloadGood} /> · <Ago ms={Date.parse(info.lastConfigTime)} />
        </>
      ) : (
        <State name="critical" word={text.reloadBad} />
      ),
    ],
    [text.retention, info.storageRetention === "unlimited" ? text.noLimit : info.storageRetention],
    [
      text.corruptions,
      info.corruptionCount === 0 ? (
        text.noCorruption
      ) : (
        <State name="caution" word={String(info.corruptionCount)} />
      ),
    ],
    [text.clock, <Skew key="clock" serverTime={info.serverTime} />],
    [text.host, info.hostname || "–"],
    [
      text.directory,
      <span key="directory" class="mono">
        {info.CWD}
      </span>,
    ],
  ];
  if (info.authentication !== undefined) {
    facts.push([text.authentication, text.authenticationOf[info.authentication] ?? info.authentication]);
  }
  // narthex answers under Go's names, but they are not what its readers know.
  const own = isNarthex();
  if (info.goroutineCount !== undefined)
    facts.push([own ? text.tasks : "Goroutines", String(info.goroutineCount)]);
  if (info.GOMAXPROCS !== undefined) facts.push([own ? text.threads : "GOMAXPROCS", String(info.GOMAXPROCS)]);
  // The greatest number there is stands for no limit.
  if (info.GOMEMLIMIT !== undefined && info.GOMEMLIMIT < 2 ** 62)
    facts.push(["GOMEMLIMIT", formatValue(info.GOMEMLIMIT, { of: "B", perSecond: false })]);
  return (
    <section>
      <h2>{text.runtime}</h2>
      <Facts facts={facts} />
    </section>
  );
}

/** Both clocks enter every graph: where they differ, the newest points seem late or missing. */
function Skew({ serverTime }: { serverTime: string }) {
  const text = t().status;
  const skewS = (Date.parse(serverTime) - Date.now()) / 1000;
  if (Number.isNaN(skewS)) return <>–</>;
  if (Math.abs(skewS) < 2) return <>{text.clockGood}</>;
  return <State name="caution" word={text.clockOff(`${brief(Math.abs(skewS))} s`, skewS > 0)} />;
}

function Build({ info }: { info: BuildInfo }) {
  const text = t().status;
  const own = info.application === "narthex";
  const names: Record<string, string> = own ? { ...text.build, version: text.prometheusApi } : text.build;
  const facts = Object.entries(info)
    .filter((fact): fact is [string, string] => typeof fact[1] === "string" && fact[1] !== "")
    .sort(([a], [b]) => rank(a) - rank(b));
  return (
    <section>
      <h2>{text.buildTitle}</h2>
      <Facts
        facts={facts.map(([name, value]) => [
          names[name] ?? name,
          <span key={name} class="mono">
            {value}
          </span>,
        ])}
      />
    </section>
  );
}

/** What runs comes before how it was made. */
function rank(name: string): number {
  return name === "application" ? 0 : name === "applicationVersion" ? 1 : 2;
}
