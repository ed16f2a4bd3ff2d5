// A line for each gate, the closed ones first.

import type { Decision, Gate } from "../../api/budgets";
import { Standing } from "../../budgets/policy";
import { cutMiddle } from "../../format/labels";
import { State, type StateName } from "../../parts/state";
import { href, place, setParams } from "../../router";
import { tb } from "../../texts/budgets";

const signs: Record<Decision, StateName> = {
  allow: "healthy",
  warn: "caution",
  deny: "critical",
  unknown: "nodata",
};

export function Says({ decision }: { decision: Decision | null }) {
  if (decision === null) return <State name="nodata" word={tb().gates.watched} />;
  return <State name={signs[decision]} word={tb().gates.decision[decision]} />;
}

export function outlookOf({ outlook }: Gate, change: string): Gate["outlook"][number] | undefined {
  return outlook.find(one => one.change === change);
}

const order: Decision[] = ["deny", "unknown", "warn", "allow"];

export function List({ gates }: { gates: Gate[] }) {
  const text = tb().gates;
  const q = place.value.params.get("q") ?? "";
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = ({ name, product, services, environment }: Gate) =>
    `${name} ${product} ${services.join(" ")} ${environment}`.toLowerCase();
  const rank = (gate: Gate) => order.indexOf(outlookOf(gate, "feature")?.decision ?? "allow");
  const found = gates
    .filter(gate => words.every(word => textOf(gate).includes(word)))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  if (gates.length === 0)
    return (
      <div class="empty">
        <p class="why">{text.none}</p>
        <p>{text.noneDo}</p>
      </div>
    );
  return (
    <>
      <div class="filters">
        <input
          type="search"
          value={q}
          placeholder={tb().filter}
          aria-label={tb().filterLabel}
          spellcheck={false}
          onInput={event => setParams({ q: event.currentTarget.value }, "replace")}
        />
      </div>
      {found.length === 0 ? <p class="muted">{text.noneMatch}</p> : <Table gates={found} />}
    </>
  );
}

/** In words, where it is a condition that has them. */
function reasonOf({ in_words: words }: Gate, reason = ""): string {
  return words?.[reason] ?? reason;
}

function Table({ gates }: { gates: Gate[] }) {
  const text = tb().gates;
  return (
    <table class="objectives gates">
      <thead>
        <tr>
          <th>{text.change.feature}</th>
          <th>{text.gate}</th>
          <th>{text.change.fix}</th>
          <th>{tb().products.policy}</th>
          <th>{text.why}</th>
        </tr>
      </thead>
      <tbody>
        {gates.map(gate => {
          const [feature, fix] = [outlookOf(gate, "feature"), outlookOf(gate, "fix")];
          return (
            <tr key={gate.name} class="objective">
              <td>
                <Says decision={feature?.decision ?? "unknown"} />
              </td>
              <td class="name">
                <a href={href("gates", { id: gate.name })} title={gate.name}>
                  {cutMiddle(gate.name, 80)}
                </a>
                <span class="muted">{cutMiddle(`${gate.product} · ${gate.environment}`, 80)}</span>
              </td>
              <td class="fix">
                <span class="narrow muted">{text.change.fix} </span>
                <Says decision={fix?.decision ?? "unknown"} />
              </td>
              <td class="policy">
                <Standing state={gate.policy_state} />
              </td>
              <td class="reason muted">{cutMiddle(reasonOf(gate, feature?.reasons[0]), 160)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
