// All about one product: what is left and since when, what spent it, what that means for releases, how fast it is delivered,
// who makes its budget, and who answers for it.

import type { Component, Product } from "../../api/budgets";
import { printAmount } from "../../budgets/amount";
import { Burndown } from "../../budgets/burndown";
import { Deployments, LedgerTable } from "../../budgets/ledger";
import { Policy } from "../../budgets/policy";
import { useSpending } from "../../budgets/spending";
import { LeftCell, NameCells, Narrow } from "../../budgets/table";
import { Verdict } from "../../budgets/verdict";
import { printBurn, printShare } from "../../budgets/words";
import { cutMiddle } from "../../format/labels";
import { percent } from "../../format/number";
import { Failure } from "../../parts/failure";
import { href } from "../../router";
import { tb } from "../../texts/budgets";
import { refresh } from "../../time/range";
import { Asked, Done } from "./done";
import { Dora } from "./dora";

export function Detail({ product }: { product: Product }) {
  const text = tb().slo;
  const { data: spending, error } = useSpending(product.name, product);
  return (
    <>
      <Verdict of={product} method={tb().products.method[product.method]} />
      <dl class="tiles">
        <Tile name={text.tiles.sli} value={printShare(product.sli)} />
        <Tile name={text.tiles.spent} value={printAmount(product.bad)} />
        <Tile name={text.tiles.allowed} value={printAmount(product.budget.allowed)} />
        <Tile
          name={text.tiles.coverage}
          value={product.coverage === null ? "–" : percent(product.coverage)}
        />
        {product.burn.map(({ window, rate }) => (
          <Tile key={window} name={`${tb().slos.burn} ${window}`} value={printBurn(rate)} />
        ))}
      </dl>
      <Burndown of={product} deployments={spending?.deployments ?? []} costs={spending?.ledger.costs ?? []} />
      {error !== null && <Failure what={tb().ledger.failed} error={error} onRetry={refresh} />}
      {spending !== null && (
        <>
          <LedgerTable costs={spending.ledger.costs} />
          <section>
            <h2>{tb().policy.title}</h2>
            <Policy policy={spending.ledger.policy} />
            <Asked actions={product.actions ?? []} />
            {spending.ledger.policy !== null && (
              <Done product={product.name} policy={spending.ledger.policy} />
            )}
            <p class="ways">
              <a href={href("gates", { q: product.name })}>{tb().gates.ofProduct}</a>
            </p>
          </section>
          <Dora dora={spending.ledger.dora} />
          <Deployments deployments={spending.deployments} costs={spending.ledger.costs} />
        </>
      )}
      <Components product={product} />
      <p class="ways">
        <a href={href("reports", { product: product.name })}>{tb().products.report}</a>
      </p>
      <dl class="who">
        <Who name={tb().products.owners} who={product.product_owners} />
        <Who name={tb().products.engineers} who={product.engineering_owners} />
      </dl>
    </>
  );
}

function Tile({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Who({ name, who }: { name: string; who: string[] }) {
  if (who.length === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{who.map(one => cutMiddle(one, 60)).join(", ")}</dd>
    </div>
  );
}

function Components({ product }: { product: Product }) {
  const text = tb().products;
  return (
    <section>
      <h2>{text.components}</h2>
      <table class="objectives">
        <thead>
          <tr>
            <th>{tb().stateLabel}</th>
            <th>{tb().slos.objective}</th>
            <th class="left">{tb().slos.left}</th>
            <th class="number">{tb().slos.sli}</th>
            <th class="number">{tb().slos.target}</th>
            <th class="number">{text.bad}</th>
            <th class="whose">{text.roleTitle}</th>
          </tr>
        </thead>
        <tbody>
          {product.components.map(one => (
            <Row key={one.slo} one={one} />
          ))}
        </tbody>
      </table>
      {product.informational.length > 0 && (
        <p class="muted">
          {text.informational}:{" "}
          {product.informational.map(id => (
            <a key={id} class="informational" href={href("slos", { id })}>
              {id}
            </a>
          ))}
        </p>
      )}
    </section>
  );
}

function Row({ one }: { one: Component }) {
  return (
    <tr class="objective">
      <NameCells name={one.slo} title={one.title} href={href("slos", { id: one.slo })} state={one.state} />
      <LeftCell ratio={one.remaining_ratio} state={one.state} />
      <td class="number">
        <Narrow>{tb().slos.sli}</Narrow>
        {printShare(one.sli)}
      </td>
      <td class="number">
        <Narrow>{tb().slos.target}</Narrow>
        {one.objective} %
      </td>
      <td class="number">
        <Narrow>{tb().products.bad}</Narrow>
        {printAmount(one.bad)}
      </td>
      <td class="whose muted">{tb().products.role[one.role]}</td>
    </tr>
  );
}
