// Speed next to safety: DORA's four keys, for how long releases were frozen, and who let one go all the same.

import type { Ledger } from "../../api/budgets";
import { printDuration } from "../../format/duration";
import { cutMiddle } from "../../format/labels";
import { digits, percent } from "../../format/number";
import { Ago } from "../../parts/ago";
import { tb } from "../../texts/budgets";

export function Dora({ dora }: { dora: Ledger["dora"] }) {
  const text = tb().dora;
  const failed = dora.change_failure_ratio;
  const tiles: [string, string, string?][] = [
    [text.frequency, text.perDay(digits(dora.deployments_per_day)), text.number(dora.deployments)],
    [text.lead, inWords(dora.lead_time_seconds)],
    [text.failures, failed === null ? "–" : percent(failed), text.number(dora.failed)],
    [text.recovery, inWords(dora.recovery_seconds)],
    [text.frozen, inWords(dora.frozen_seconds)],
  ];
  return (
    <section>
      <h2>{text.title}</h2>
      <dl class="tiles flat">
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
      {dora.overrides.length > 0 && (
        <ul class="overrides">
          {dora.overrides.map(({ gate, by, role, reason, at }) => (
            <li key={at}>
              <Ago ms={Date.parse(at)} /> {text.override(cutMiddle(gate, 40), cutMiddle(by || role, 40))}{" "}
              <q>{cutMiddle(reason, 160)}</q>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Whole minutes from an hour on, whole hours from a day on. */
function inWords(seconds: number | null): string {
  if (seconds === null) return "–";
  const stepS = seconds >= 86_400 ? 3600 : seconds >= 3600 ? 60 : 1;
  return printDuration(Math.round(seconds / stepS) * stepS * 1000);
}
