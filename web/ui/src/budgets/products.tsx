// A line for each product, the one with the least budget left first.

import { useState } from "preact/hooks";
import type { Product } from "../api/budgets";
import { cutMiddle } from "../format/labels";
import { percent } from "../format/number";
import { State } from "../parts/state";
import { href } from "../router";
import { t } from "../texts";
import { tb } from "../texts/budgets";
import { BudgetBar } from "./bar";
import { byWorst, forecastOf, printBurn, printShare } from "./words";

const nAtOnce = 100;

export function Products({ products, limit = nAtOnce }: { products: Product[]; limit?: number }) {
  const [all, setAll] = useState(false);
  const text = tb().slos;
  const sorted = [...products].sort(byWorst);
  return (
    <>
      <table class="objectives">
        <thead>
          <tr>
            <th>{tb().stateLabel}</th>
            <th>{tb().slo.product}</th>
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
          {(all ? sorted : sorted.slice(0, limit)).map(product => (
            <Row key={product.name} product={product} />
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

function Row({ product }: { product: Product }) {
  const ratio = product.budget.remaining_ratio;
  return (
    <tr class="objective">
      <td>
        <State name={product.state} word={tb().state[product.state]} />
      </td>
      <td class="name">
        <a href={href("products", { name: product.name })} title={product.name}>
          {cutMiddle(product.title || product.name, 80)}
        </a>
      </td>
      <td class="left">
        <BudgetBar ratio={ratio} state={product.state} />
        <b>{ratio === null ? "–" : percent(ratio)}</b>
      </td>
      <td class="number">{printShare(product.sli)}</td>
      <td class="number">{product.objective} %</td>
      <td class={product.firing.length > 0 ? "number hot" : "number"}>{printBurn(product.burn[0]?.rate)}</td>
      <td class="forecast muted">{forecastOf(product.forecast, product.state)}</td>
    </tr>
  );
}
