// Pairs of windows: how fast the budget burns over each, and from when on somebody is told.

import type { BurnPair, Slo } from "../../api/budgets";
import { printBurn, severityWord } from "../../budgets/words";
import { printDuration } from "../../format/duration";
import { State } from "../../parts/state";
import { tb } from "../../texts/budgets";

export function Burns({ slo }: { slo: Slo }) {
  const text = tb().slo;
  return (
    <section>
      <h2>{text.burns}</h2>
      {slo.burn.length === 0 ? (
        <p class="muted">{text.burnsNone}</p>
      ) : (
        <table class="burns">
          <thead>
            <tr>
              <th>{text.severity}</th>
              <th class="number">{text.long}</th>
              <th class="number">{text.short}</th>
              <th class="number">{text.factor}</th>
              <th class="fires">{tb().stateLabel}</th>
              <th class="detects">{text.detects}</th>
            </tr>
          </thead>
          <tbody>
            {slo.burn.map(pair => (
              <Pair key={`${pair.severity} ${pair.long} ${pair.short}`} pair={pair} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Pair({ pair }: { pair: BurnPair }) {
  const text = tb().slo;
  const seconds = pair.detects_after_seconds;
  return (
    <tr>
      <td>{severityWord(pair.severity)}</td>
      <td class="number">
        <Burn window={pair.long} rate={pair.long_burn} factor={pair.factor} />
      </td>
      <td class="number">
        <Burn window={pair.short} rate={pair.short_burn} factor={pair.factor} />
      </td>
      <td class="number">{printBurn(pair.factor)}</td>
      <td class="fires">
        <State name={pair.firing ? "critical" : "healthy"} word={pair.firing ? text.firing : text.quiet} />
        {pair.firing && pair.told_as !== undefined && (
          <small class="muted"> {text.toldAs(severityWord(pair.told_as))}</small>
        )}
      </td>
      <td class="detects muted">
        {seconds === null ? text.never : printDuration(Math.ceil(seconds) * 1000)}
      </td>
    </tr>
  );
}

function Burn({ window, rate, factor }: { window: string; rate: number | null; factor: number }) {
  const isAbove = rate === null || rate > factor;
  return (
    <>
      <span class="window muted">{window}</span> <span class={isAbove ? "hot" : ""}>{printBurn(rate)}</span>
    </>
  );
}
