// The ledger: what the bad events were owed to, the dearest first, drawn as bars that make up the whole.

import type { Cost, Deployment } from "../api/budgets";
import { cutMiddle } from "../format/labels";
import { percent } from "../format/number";
import { Ago } from "../parts/ago";
import { Outward } from "../parts/outward";
import { State } from "../parts/state";
import { tb } from "../texts/budgets";
import { printAmount } from "./amount";
import { changeWord } from "./words";

export function LedgerTable({ costs }: { costs: Cost[] }) {
  const text = tb().ledger;
  const all = costs.reduce((sum, { bad }) => sum + bad, 0);
  return (
    <section>
      <h2>{text.title}</h2>
      {all === 0 ? (
        <p class="muted">{text.nothing}</p>
      ) : (
        <table class="ledger">
          <thead>
            <tr>
              <th>{text.what}</th>
              <th class="bar-of">{text.share}</th>
              <th class="number">{tb().products.bad}</th>
              <th class="number">{text.ofBudget}</th>
            </tr>
          </thead>
          <tbody>
            {costs.map(cost => (
              <Row key={`${cost.kind} ${cost.start} ${cost.id ?? cost.service}`} cost={cost} />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <td>{text.all}</td>
              <td>100 %</td>
              <td class="number">{printAmount(all)}</td>
              <td />
            </tr>
          </tfoot>
        </table>
      )}
    </section>
  );
}

function Row({ cost }: { cost: Cost }) {
  const { kind, share, bad, budget_share, needs_postmortem } = cost;
  return (
    <tr>
      <td class="what">
        <span class={`sign ${kind}`} aria-hidden="true" /> <What cost={cost} />
        {needs_postmortem && <State name="caution" word={tb().ledger.postmortem} />}
        <Details cost={cost} />
      </td>
      <td class="bar-of">
        <span class={`cost-bar ${kind}`}>
          <i style={{ width: `${share * 100}%` }} />
        </span>
        {percent(share)}
      </td>
      <td class="number">{printAmount(bad)}</td>
      <td class="number">{budget_share === null ? "–" : percent(budget_share)}</td>
    </tr>
  );
}

function What({ cost }: { cost: Cost }) {
  const text = tb().ledger;
  // An incident is called after what it hurt and its time.
  const called = cost.kind === "incident" ? cost.name : `${cost.service ?? ""} ${cost.version ?? ""}`;
  const name = cutMiddle(called?.trim() ?? "", 80);
  if (cost.kind === "others") return <>{text.others(cost.n_costs ?? 0)}</>;
  if (name === "") return <>{text.kind[cost.kind]}</>;
  return (
    <>
      {text.kind[cost.kind]} <Outward url={cost.url}>{name}</Outward>
    </>
  );
}

function Details({ cost: { kind, start, state, actor, felt_by } }: { cost: Cost }) {
  const felt = felt_by.length > 0 && kind !== "background" && tb().ledger.felt(felt_by.join(", "));
  const words = [actor, state && tb().result[state], felt]
    .filter(Boolean)
    .map(word => cutMiddle(String(word), 120));
  const isDated = kind === "deployment" || kind === "incident";
  if (!isDated && words.length === 0) return null;
  return (
    <small class="muted">
      {isDated && <Ago ms={Date.parse(start)} />}
      {isDated && words.length > 0 && " · "}
      {words.join(" · ")}
    </small>
  );
}

/** What went out, on which the ledger stands: each with its result and what it cost. */
export function Deployments({ deployments, costs }: { deployments: Deployment[]; costs: Cost[] }) {
  const text = tb().deployments;
  const costOf = new Map(costs.map(({ id, budget_share }) => [id, budget_share]));
  return (
    <section>
      <h2>{text.title}</h2>
      {deployments.length === 0 ? (
        <p class="muted">{text.none}</p>
      ) : (
        <table class="rows">
          <thead>
            <tr>
              <th>{text.when}</th>
              <th>{text.what}</th>
              <th>{text.change}</th>
              <th>{text.by}</th>
              <th>{text.result}</th>
              <th class="number">{text.cost}</th>
            </tr>
          </thead>
          <tbody>
            {deployments.slice(0, nDeployments).map(one => (
              <tr key={one.id}>
                <td>
                  <Ago ms={Date.parse(one.started_at)} />
                </td>
                <td class="name">
                  <Outward url={one.url}>{cutMiddle(`${one.service} ${one.version}`, 80)}</Outward>
                  {one.environment !== "production" && (
                    <span class="muted"> {cutMiddle(one.environment, 40)}</span>
                  )}
                </td>
                <td>{changeWord(one.change)}</td>
                <td class="name">{cutMiddle(one.actor ?? "", 40)}</td>
                <td>
                  <Result state={one.state} />
                </td>
                <td class="number">
                  <span class="narrow muted">{text.cost} </span>
                  {percent(costOf.get(one.id) ?? 0)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

const nDeployments = 12;

function Result({ state }: { state: Deployment["state"] }) {
  const name = state === "succeeded" ? "healthy" : state === "started" ? "nodata" : "critical";
  return <State name={name} word={tb().result[state]} />;
}
