// A line for each objective, the worst first.

import type { BudgetState, Slo } from "../../api/budgets";
import { BudgetTable } from "../../budgets/table";
import { burnNow, isFiring } from "../../budgets/words";
import { State } from "../../parts/state";
import { Choice } from "../../parts/tabs";
import { href, place, setParams } from "../../router";
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
    .filter(one => words.every(word => textOf(one).includes(word)));
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
  const rows = slos.map(slo => ({
    of: slo,
    name: slo.id,
    href: href("slos", { id: slo.id }),
    where: [failing(slo), slo.product, slo.service].filter(Boolean).join(" · "),
    burn: burnNow(slo.burn),
    isHot: isFiring(slo),
  }));
  return <BudgetTable heading={text.objective} rows={rows} limit={nAtOnce} />;
}

function failing({ sampling_error }: Slo): string {
  return sampling_error === undefined ? "" : `▲ ${tb().slos.failing}`;
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
      <p>
        <a href={href("slos", { view: "new" })}>{text.make}</a> {text.makeHere}
      </p>
      <pre class="example">narthex slo new METRIC</pre>
      <p>{text.noneDo}</p>
      <pre class="example">{text.noneExample}</pre>
      <p>{text.noneCheck}</p>
    </div>
  );
}
