// Where a product stands in its policy: since when, why, what that means for releases, and what it takes to leave.

import type { InWords, Ledger, Releases } from "../api/budgets";
import { printDuration } from "../format/duration";
import { cutMiddle } from "../format/labels";
import { Ago } from "../parts/ago";
import { State } from "../parts/state";
import { tb } from "../texts/budgets";
import { Formula } from "./formula";
import { changeWord } from "./words";

/** The state of a policy: those that everybody knows bear their sign and word, the others their own. */
export function Standing({ state }: { state: string | null }) {
  const words = tb().state;
  if (state === null) return <State name="nodata" word={tb().policy.unknown} />;
  const known = (Object.keys(words) as (keyof typeof words)[]).find(one => one === state);
  return known === undefined ? <b>{cutMiddle(state, 40)}</b> : <State name={known} word={words[known]} />;
}

export function Policy({ policy }: { policy: Ledger["policy"] }) {
  const text = tb().policy;
  if (policy === null) return <p class="muted">{text.none}</p>;
  const { state, since, why, states, in_words: words } = policy;
  const at = states.findIndex(({ name }) => name === state);
  const now = states[at];
  return (
    <>
      <p class="standing">
        <Standing state={state} />
        {state !== null && (
          <span class="muted">
            {text.since} <Ago ms={Date.parse(since)} />
          </span>
        )}
      </p>
      {now !== undefined && <p class="meaning">{meaningOf(now.releases)}</p>}
      <dl class="facts">
        <Fact name={text.why} condition={why} words={words} />
        {now !== undefined && at < states.length - 1 && (
          <Fact name={text.better} condition={now.leave_when ?? `not (${now.when})`} words={words}>
            {now.leaving_since === null ? "" : text.holds(printDuration(age(now.leaving_since)))}
          </Fact>
        )}
        {states.slice(0, Math.max(0, at)).map(one => (
          <Fact key={one.name} name={text.worse(stateWord(one.name))} condition={one.when} words={words}>
            {meaningOf(one.releases)}
          </Fact>
        ))}
        <Fact name={tb().products.policy} condition={policy.name} words={words} />
      </dl>
    </>
  );
}

interface FactProps {
  name: string;
  condition: string;
  words: InWords | undefined;
  children?: string;
}

function Fact({ name, condition, words, children }: FactProps) {
  if (condition === "") return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Formula text={condition} words={words} isFormula />
        {children && <div class="muted">{children}</div>}
      </dd>
    </>
  );
}

/** Whole minutes. */
function age(since: string): number {
  return Math.floor((Date.now() - Date.parse(since)) / 60_000) * 60_000;
}

function stateWord(name: string): string {
  const words: Record<string, string> = tb().state;
  return words[name] ?? name;
}

function meaningOf({ freeze, approval, max_deploys_per_day, soak_seconds }: Releases): string {
  const text = tb().policy;
  const classes = (changes: string[]) =>
    changes.map(change => changeWord(change).toLowerCase()).join(text.comma);
  const means = [
    freeze !== null && text.frozen(classes(freeze.allow)),
    approval !== null && text.approval(classes(approval.for), approval.require),
    max_deploys_per_day !== null && text.slow(max_deploys_per_day),
    soak_seconds !== null && text.soak(printDuration(soak_seconds * 1000)),
  ].filter(Boolean);
  return means.length === 0 ? text.open : means.join(" ");
}
