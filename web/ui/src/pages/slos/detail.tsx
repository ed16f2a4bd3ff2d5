// All about one objective: the number, its sentence, the bar, the burn-down, who is told when, and what was not counted.

import type { Slo } from "../../api/budgets";
import { printAmount } from "../../budgets/amount";
import { Burndown } from "../../budgets/burndown";
import { LedgerTable } from "../../budgets/ledger";
import { costsOf, useSpending } from "../../budgets/spending";
import { Verdict } from "../../budgets/verdict";
import { printShare } from "../../budgets/words";
import { quote } from "../../format/labels";
import { percent } from "../../format/number";
import { formatInstant } from "../../format/time";
import { zone } from "../../preferences";
import { href } from "../../router";
import { tb } from "../../texts/budgets";
import { Burns } from "./burns";
import { Failing } from "./failing";
import { Uncounted } from "./uncounted";
import { WhatIf } from "./whatif";

/** Below this much of the time measured it is said aloud. */
const wellCovered = 0.99;

export function Detail({ slo }: { slo: Slo }) {
  const text = tb().slo;
  const { data: spending } = useSpending(slo.product, slo);
  const account = spending?.ledger.slos.find(one => one.slo === slo.id);
  const costs = account === undefined ? [] : costsOf(account);
  const isLow = slo.coverage !== null && slo.coverage < wellCovered;
  return (
    <>
      <Failing of={slo.sampling_error} />
      <Verdict of={slo} method={text.evaluation[slo.evaluation]} />
      <Tiles slo={slo} />
      {isLow && <p class="low">▲ {text.low(percent(slo.coverage!))}</p>}
      <Burndown of={slo} deployments={spending?.deployments ?? []} costs={costs} />
      <Burns slo={slo} />
      {account !== undefined && (
        <>
          <LedgerTable costs={costs} />
          {account.role === "upstream" && (
            <p class="muted">{tb().ledger.allUpstream(slo.product ?? "", slo.service)}</p>
          )}
        </>
      )}
      <WhatIf slo={slo} />
      <Uncounted values={slo.uncounted_first_values} nLeftOut={slo.uncounted_first_values_left_out} />
      <p class="ways">
        {slo.product !== null && <a href={href("products", { name: slo.product })}>{slo.product}</a>}
        <a href={href("alerts", { q: `slo=${quote(slo.id)}` })}>{text.alerts}</a>
        <a
          href={href("query", {
            "g0.expr": `{__name__=~"slo_.+",slo=${quote(slo.id)}}`,
            "g0.tab": "table",
          })}
        >
          {text.query}
        </a>
        {slo.review_by !== undefined && <span class="muted">{text.review(slo.review_by)}</span>}
      </p>
    </>
  );
}

function Tiles({ slo }: { slo: Slo }) {
  const text = tb().slo.tiles;
  const day = (at: string) => formatInstant(Date.parse(at), zone.value).slice(0, 16);
  const tiles: [string, string, (string | undefined)?][] = [
    [text.sli, printShare(slo.sli), `${tb().slos.target} ${slo.objective} %`],
    [text.spent, printAmount(slo.bad)],
    [text.allowed, printAmount(slo.budget.allowed)],
    [text.remaining, printAmount(slo.budget.remaining)],
    [text.total, printAmount(slo.total), tb().unit[slo.unit]],
    [text.coverage, slo.coverage === null ? "–" : percent(slo.coverage)],
    [text.window, slo.window.length, `${day(slo.window.start)} – ${day(slo.window.end)}`],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value, below]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {below !== undefined && <small class="muted">{below}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
