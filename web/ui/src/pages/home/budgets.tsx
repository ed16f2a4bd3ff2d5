// Products by the budget that they have left. Nothing where there are none.

import "../../budgets/budgets.css";
import type { Product } from "../../api/budgets";
import { get, orMissing } from "../../api/client";
import { useResource } from "../../api/resource";
import { Products } from "../../budgets/products";
import { Failure } from "../../parts/failure";
import { tb } from "../../texts/budgets";
import { refresh } from "../../time/range";

/** So that it fits a wall screen. */
const nShown = 20;

export function Budgets() {
  const { data, error } = useResource("home products", readProducts);
  if (error !== null && data === null)
    return <Failure what={tb().products.failed} error={error} onRetry={refresh} />;
  if (data === null || data.length === 0) return null;
  return (
    <section class={error === null ? "budgets" : "budgets stale"}>
      <h2>{tb().home.title}</h2>
      <Products products={data} limit={nShown} />
    </section>
  );
}

/** A Prometheus has none. */
async function readProducts(signal: AbortSignal): Promise<Product[]> {
  const answer = await orMissing(get<Product[]>("products", {}, signal));
  return answer === "missing" ? [] : answer.data;
}
