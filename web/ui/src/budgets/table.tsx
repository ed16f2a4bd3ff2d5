// A table of budgets, the worst first: of objectives, or of products.

import { useState } from "preact/hooks";
import type { BudgetState, Product, Slo } from "../api/budgets";
import { cutMiddle } from "../format/labels";
import { percent } from "../format/number";
import { State } from "../parts/state";
import { t } from "../texts";
import { tb } from "../texts/budgets";
import { BudgetBar } from "./bar";
import { byWorst, forecastOf, printBurn, printShare } from "./words";

/** What a row says that objectives and products say each in a way of their own. */
export interface Row {
  of: Slo | Product;
  /** Its id or name. */
  name: string;
  /** Its page. */
  href: string;
  /** Whose it is, below its name. */
  where?: string;
  /** How fast it burns; null where that has no end. */
  burn: number | null | undefined;
  isHot: boolean;
}

interface Props {
  /** What is listed. */
  heading: string;
  rows: Row[];
  /** At first, so many. */
  limit: number;
}

export function BudgetTable({ heading, rows, limit }: Props) {
  const [all, setAll] = useState(false);
  const text = tb().slos;
  const sorted = [...rows].sort((a, b) => byWorst(a.of, b.of));
  return (
    <>
      <table class="objectives">
        <thead>
          <tr>
            <th>{tb().stateLabel}</th>
            <th>{heading}</th>
            <th class="left">{text.left}</th>
            <th class="number">{text.sli}</th>
            <th class="number">{text.target}</th>
            <th class="number" title={text.burnHint}>
              {text.burn}
            </th>
            <th class="forecast">{text.forecast}</th>
          </tr>
        </thead>
        <tbody>
          {(all ? sorted : sorted.slice(0, limit)).map(row => (
            <tr key={row.name} class="objective">
              <NameCells
                name={row.name}
                title={row.of.title}
                href={row.href}
                state={row.of.state}
                where={row.where}
              />
              <LeftCell ratio={row.of.budget.remaining_ratio} state={row.of.state} />
              <td class="number">
                <Narrow>{text.sli}</Narrow>
                {printShare(row.of.sli)}
              </td>
              <td class="number">
                <Narrow>{text.target}</Narrow>
                {row.of.objective} %
              </td>
              <td class={row.isHot ? "number hot" : "number"}>
                <Narrow>{text.burn}</Narrow>
                {printBurn(row.burn)}
              </td>
              <td class="forecast muted">{forecastOf(row.of.forecast, row.of.state)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && sorted.length > limit && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(sorted.length)}
        </button>
      )}
    </>
  );
}

/** What a column is called, where a phone shows no heads. */
export function Narrow({ children }: { children: string }) {
  return <span class="narrow muted">{children}</span>;
}

interface NameProps {
  name: string;
  title: string;
  href: string;
  state: BudgetState;
  where?: string | undefined;
}

/** The state, and the name with whose it is. */
export function NameCells({ name, title, href, state, where }: NameProps) {
  return (
    <>
      <td>
        <State name={state} word={tb().state[state]} />
      </td>
      <td class="name">
        <a href={href} title={name}>
          {cutMiddle(title || name, 80)}
        </a>
        {where !== undefined && <span class="muted">{cutMiddle(where, 80)}</span>}
      </td>
    </>
  );
}

/** What is left, drawn and in figures. */
export function LeftCell({ ratio, state }: { ratio: number | null; state: BudgetState }) {
  return (
    <td class="left">
      <BudgetBar ratio={ratio} state={state} />
      <b>{ratio === null ? "–" : percent(ratio)}</b>
    </td>
  );
}
