// The budget bar: a stalk that burns down from the right. What is left is solid, what was spent is a pale ember; below zero
// it grows past its left end, hatched.

import type { BudgetState } from "../api/budgets";
import { percent } from "../format/number";
import { tb } from "../texts/budgets";

interface Props {
  /** The share that is left; null where nothing was measured. */
  ratio: number | null;
  state: BudgetState;
  /** In a row of a table, or alone. */
  size?: "row" | "card";
}

/** An overdraft of a whole budget fills the room at the left end. */
const mostOver = 1;

export function BudgetBar({ ratio, state, size = "row" }: Props) {
  const text = tb();
  const word = ratio === null ? text.state.nodata : `${text.slos.left}: ${percent(ratio)}`;
  const left = Math.max(0, Math.min(1, ratio ?? 0));
  const over = Math.min(mostOver, Math.max(0, -(ratio ?? 0))) / mostOver;
  return (
    <span class={`budget-bar ${size} ${state}`} role="img" aria-label={word} title={word}>
      <span class="overdraft">{over > 0 && <i style={{ width: `${Math.max(15, over * 100)}%` }} />}</span>
      <span class="whole">{left > 0 && <i style={{ width: `${left * 100}%` }} />}</span>
    </span>
  );
}
