// How discovered labels became a target's labels: each rule that changed something, and what it changed.

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { RelabelRule, RelabelStep } from "../../api/types";
import { cutMiddle, type Labels } from "../../format/labels";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { State } from "../../parts/state";
import { t } from "../../texts";

interface Props {
  pool: string;
  discovered: Labels;
}

export function Relabelling({ pool, discovered }: Props) {
  const labels = JSON.stringify(discovered);
  const { data, error, loading } = useResource(`${pool} ${labels}`, async signal => {
    const answer = await get<{ steps: RelabelStep[] }>(
      "targets/relabel_steps",
      { scrapePool: pool, labels },
      signal,
    );
    return answer.data.steps ?? [];
  });
  const text = t().targets;
  if (error !== null && data === null) return <Failure what={text.stepsFailed} error={error} />;
  if (data === null) return <Progress on={loading} />;
  if (data.length === 0) return <p class="muted">{text.noSteps}</p>;
  return (
    <ol class="steps">
      {data.map((step, i) => (
        <Step key={i} n={i + 1} step={step} before={i === 0 ? discovered : data[i - 1]!.output} />
      ))}
    </ol>
  );
}

function Step({ n, step, before }: { n: number; step: RelabelStep; before: Labels }) {
  const text = t().targets;
  const changes = step.keep ? changesBetween(before, step.output) : [];
  return (
    <li>
      <span class="n muted">{n}</span>
      <div>
        <code class="rule">{ruleText(step.rule)}</code>
        {!step.keep && (
          <p>
            <State name="nodata" word={text.droppedHere} />
          </p>
        )}
        {step.keep && changes.length === 0 && <p class="muted">{text.noChange}</p>}
        {changes.length > 0 && (
          <ul class="changes">
            {changes.map(change => (
              <li key={change.name} class="mono">
                <span class="sign">
                  {change.before === undefined ? "+" : change.after === undefined ? "−" : "~"}
                </span>
                {change.name}=
                {change.before !== undefined && (
                  <del title={change.before}>{cutMiddle(change.before, 60) || '""'}</del>
                )}
                {change.after !== undefined && (
                  <ins title={change.after}>{cutMiddle(change.after, 60) || '""'}</ins>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

interface Change {
  name: string;
  before: string | undefined;
  after: string | undefined;
}

function changesBetween(before: Labels, after: Labels): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter(name => before[name] !== after[name])
    .map(name => ({ name, before: before[name], after: after[name] }));
}

/** A rule on one line, without what is as usual. */
function ruleText(rule: RelabelRule): string {
  const usual: Record<string, unknown> = {
    separator: ";",
    regex: "(.*)",
    replacement: "$1",
    action: "replace",
    modulus: 0,
  };
  const { action = "replace", ...rest } = rule;
  const parts = Object.entries(rest)
    .filter(([key, value]) => value !== undefined && value !== "" && usual[key] !== value)
    .map(([key, value]) => `${key}: ${Array.isArray(value) ? `[${value.join(", ")}]` : String(value)}`);
  return [action, ...parts].join("  ");
}
