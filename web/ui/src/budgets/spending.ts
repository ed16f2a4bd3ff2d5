// What a product's budget was spent on over a window, and what went out meanwhile.

import type { Account, Cost, Deployment, Ledger, Product, Slo } from "../api/budgets";
import { get } from "../api/client";
import { type Resource, useResource } from "../api/resource";
import { zoneId } from "../format/time";
import { language, zone } from "../preferences";

export interface Spending {
  ledger: Ledger;
  /** The newest first. */
  deployments: Deployment[];
}

const nDeployments = 500;

/** Of what belongs to no product nobody knows deployments. */
export function useSpending(product: string | null, { window }: Slo | Product): Resource<Spending> {
  const naming = { lang: language.value, zone: zoneId(zone.value) };
  return useResource(
    product === null ? null : `spending ${product} ${naming.lang} ${naming.zone}`,
    async signal => {
      const query = { start: window.start, end: soFar(window) };
      const [ledger, deployments] = await Promise.all([
        get<Ledger>(`products/${encodeURIComponent(product ?? "")}/ledger`, { ...query, ...naming }, signal),
        get<Deployment[]>("deployments", { product: product ?? "", ...query, limit: nDeployments }, signal),
      ]);
      return { ledger: ledger.data, deployments: deployments.data };
    },
  );
}

/** The end of a window, or now where it still lasts. */
export function soFar({ end }: Slo["window"]): string {
  return new Date(Math.min(Date.parse(end), Date.now())).toISOString();
}

/** What an objective's own budget was spent on. */
export function costsOf({ bad: all, entries }: Account): Cost[] {
  return entries
    .filter(({ bad }) => bad > 0)
    .map(({ deployment, share, ...entry }) => ({
      ...deployment,
      ...entry,
      share: entry.bad / all,
      budget_share: share,
      felt_by: [],
    }));
}
