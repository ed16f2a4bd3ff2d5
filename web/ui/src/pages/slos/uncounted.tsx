// First values that were not counted, each with its series: the reader can say whether they should have been.

import type { Slo } from "../../api/budgets";
import { whole } from "../../format/number";
import { Ago } from "../../parts/ago";
import { tb } from "../../texts/budgets";

const nShown = 20;

interface Props {
  values: Slo["uncounted_first_values"];
  /** How many more there were than come one by one. */
  nLeftOut: number;
}

export function Uncounted({ values, nLeftOut }: Props) {
  const text = tb().slo;
  const n = values.length + nLeftOut;
  if (n === 0) return null;
  return (
    <details class="uncounted">
      <summary>
        {text.uncounted} <span class="muted">{whole(n)}</span>
      </summary>
      <p class="muted">{text.uncountedWhy}</p>
      <table>
        <thead>
          <tr>
            <th>{text.series}</th>
            <th class="number">{text.value}</th>
            <th>{text.seen}</th>
          </tr>
        </thead>
        <tbody>
          {values.slice(0, nShown).map(one => (
            <tr key={`${one.series} ${one.at}`}>
              <td class="mono">{one.series}</td>
              <td class="number">{whole(one.value)}</td>
              <td>
                <Ago ms={Date.parse(one.at)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {n > nShown && <p class="muted">{text.uncountedMore(whole(n - Math.min(values.length, nShown)))}</p>}
    </details>
  );
}
