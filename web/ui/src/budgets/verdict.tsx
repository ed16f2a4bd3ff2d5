// What stands first on the page of an objective or a product: the one number, its sentence, the bar, the promise in words.

import type { Product, Slo } from "../api/budgets";
import { percent } from "../format/number";
import { State } from "../parts/state";
import { tb } from "../texts/budgets";
import { BudgetBar } from "./bar";
import { forecastOf } from "./words";

interface Props {
  of: Slo | Product;
  /** How it is measured. */
  method: string | undefined;
}

export function Verdict({ of: { budget, state, forecast, objective, unit, window }, method }: Props) {
  const text = tb().slo;
  const ratio = budget.remaining_ratio;
  return (
    <section class="verdict">
      <p class="figure-of-page">
        {ratio === null ? "–" : percent(ratio)}{" "}
        <small>{ratio !== null && ratio < 0 ? text.overdrawn : text.left}</small>
      </p>
      <p class="sentence">
        <State name={state} word={tb().state[state]} />{" "}
        <span class="muted">{forecastOf(forecast, state)}</span>
      </p>
      <BudgetBar ratio={ratio} state={state} size="card" />
      <p class="promise">
        {text.promise(objective, tb().unit[unit] ?? unit, window.length, window.rolling)}{" "}
        <span class="muted">{method}</span>
      </p>
    </section>
  );
}
