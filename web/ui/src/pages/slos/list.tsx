// A line for each objective, the worst first.

import { useState } from "preact/hooks";
import type { BudgetState, Slo } from "../../api/budgets";
import { BudgetBar } from "../../budgets/bar";
import { burnNow, byWorst, forecastOf, isFiring, printBurn, printShare } from "../../budgets/words";
import { cutMiddle } from "../../format/labels";
import { percent } from "../../format/number";
import { State } from "../../parts/state";
import { Choice } from "../../parts/tabs";
import { href, place, setParams } from "../../router";
import { t } from "../../texts";
import { tb } from "../../texts/budgets";
import type { SpecError } from "./page";

const nAtOnce = 100;
const states: BudgetState[] = ["exhausted", "critical", "caution", "healthy", "nodata"];

export function List({ slos, errors }: { slos: Slo[]; errors: SpecError[] }) {
  const text = tb();
  const { params } = place.value;
  const q = params.get("q") ?? "";
  const state = states.find(one => one === params.get("state")) ?? "";
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = slos
    .filter(one => state === "" || one.state === state)
    .filter(one => words.every(word => textOf(one).includes(word)))
    .sort(byWorst);
  return (
    <>
      {errors.length > 0 && <Errors errors={errors} />}
      {slos.length === 0 ? (
        <Nothing />
      ) : (
        <>
          <div class="filters">
            <input
              type="search"
              value={q}
              placeholder={text.filter}
              aria-label={text.filterLabel}
              spellcheck={false}
              onInput={event => setParams({ q: event.currentTarget.value }, "replace")}
            />
            <Choice
              label={text.stateLabel}
              chosen={state}
              options={[
                ["", `${text.any} ${slos.length}`],
                ...states
                  .map(one => [one, slos.filter(slo => slo.state === one).length] as const)
                  .filter(([, n]) => n > 0)
                  .map(([one, n]): [BudgetState, string] => [one, `${text.state[one]} ${n}`]),
              ]}
              onChoose={one => setParams({ state: one === "" ? null : one }, "replace")}
            />
          </div>
          <Table slos={found} />
        </>
      )}
    </>
  );
}

function Table({ slos }: { slos: Slo[] }) {
  const [all, setAll] = useState(false);
  const text = tb().slos;
  if (slos.length === 0)
    return (
      <div class="empty">
        <p class="why">{text.noneMatch}</p>
        <p>
          <button type="button" class="link" onClick={() => setParams({ q: null, state: null }, "replace")}>
            {tb().showAll}
          </button>
        </p>
      </div>
    );
  return (
    <>
      <table class="objectives">
        <thead>
          <tr>
            <th>{tb().stateLabel}</th>
            <th>{text.objective}</th>
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
          {(all ? slos : slos.slice(0, nAtOnce)).map(slo => (
            <Row key={slo.id} slo={slo} />
          ))}
        </tbody>
      </table>
      {!all && slos.length > nAtOnce && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(slos.length)}
        </button>
      )}
    </>
  );
}

function Row({ slo }: { slo: Slo }) {
  const ratio = slo.budget.remaining_ratio;
  const where = [slo.product, slo.service].filter(Boolean).join(" · ");
  return (
    <tr class="objective">
      <td>
        <State name={slo.state} word={tb().state[slo.state]} />
      </td>
      <td class="name">
        <a href={href("slos", { id: slo.id })} title={slo.id}>
          {cutMiddle(slo.title || slo.id, 80)}
        </a>
        <span class="muted">{cutMiddle(where, 80)}</span>
      </td>
      <td class="left">
        <BudgetBar ratio={ratio} state={slo.state} />
        <b>{ratio === null ? "–" : percent(ratio)}</b>
      </td>
      <td class="number">{printShare(slo.sli)}</td>
      <td class="number">{slo.objective} %</td>
      <td class={isFiring(slo) ? "number hot" : "number"}>{printBurn(burnNow(slo.burn))}</td>
      <td class="forecast muted">{forecastOf(slo.forecast, slo.state)}</td>
    </tr>
  );
}

function textOf({ id, title, service, product }: Slo): string {
  return `${id} ${title} ${service} ${product ?? ""}`.toLowerCase();
}

function Errors({ errors }: { errors: SpecError[] }) {
  return (
    <details class="spec-errors" open={errors.length <= 3}>
      <summary>
        <State name="critical" word={tb().slos.errors(errors.length)} />
      </summary>
      <ul>
        {errors.map(one => (
          <li key={`${one.file} ${one.line} ${one.error}`}>
            <span class="mono">
              {one.file}:{one.line}:{one.column}
            </span>{" "}
            {one.error}
            {one.drawn !== "" && <pre class="example">{one.drawn}</pre>}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Nothing() {
  const text = tb().slos;
  return (
    <div class="empty">
      <p class="why">{text.none}</p>
      <p>{text.noneDo}</p>
      <pre class="example">{text.noneExample}</pre>
      <p>{text.noneCheck}</p>
    </div>
  );
}
