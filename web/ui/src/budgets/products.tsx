// A line for each product, the one with the least budget left first.

import type { Product } from "../api/budgets";
import { href } from "../router";
import { tb } from "../texts/budgets";
import { BudgetTable } from "./table";

const nAtOnce = 100;

export function Products({ products, limit = nAtOnce }: { products: Product[]; limit?: number }) {
  const rows = products.map(product => ({
    of: product,
    name: product.name,
    href: href("products", { name: product.name }),
    burn: product.burn[0]?.rate,
    isHot: product.firing.length > 0,
  }));
  return <BudgetTable heading={tb().slo.product} rows={rows} limit={limit} />;
}
