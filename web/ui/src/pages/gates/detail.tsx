// All about one gate: what it would say now and why, where the product stands, who overrides it, what it said, and how a
// pipeline asks it.

import { useState } from "preact/hooks";
import type { Evaluation, Gate, InWords, Override } from "../../api/budgets";
import { Formula } from "../../budgets/formula";
import { Standing } from "../../budgets/policy";
import { changeWord } from "../../budgets/words";
import { printDuration } from "../../format/duration";
import { cutMiddle } from "../../format/labels";
import { Ago } from "../../parts/ago";
import { Source } from "../../parts/copy";
import { Outward } from "../../parts/outward";
import { Choice } from "../../parts/tabs";
import { href } from "../../router";
import { t } from "../../texts";
import { tb } from "../../texts/budgets";
import { outlookOf, Says } from "./list";

export function Detail({ gate, evaluations }: { gate: Gate; evaluations: Evaluation[] }) {
  const text = tb().gates;
  const now = outlookOf(gate, "feature")?.decision ?? "unknown";
  return (
    <>
      <section class="verdict">
        <p class="figure-of-page">{text.now[now]}</p>
        <p class="standing">
          <Standing state={gate.policy_state} />
          {gate.policy_since !== null && (
            <span class="muted">
              {tb().policy.since} <Ago ms={Date.parse(gate.policy_since)} />
            </span>
          )}
          <a href={href("products", { name: gate.product })}>{cutMiddle(gate.product, 60)}</a>
        </p>
      </section>
      <Outlook gate={gate} />
      {gate.active_overrides.length > 0 && <Overrides given={gate.active_overrides} />}
      <Decisions evaluations={evaluations} />
      <Ask gate={gate} />
      <Conditions gate={gate} />
    </>
  );
}

function Outlook({ gate }: { gate: Gate }) {
  const text = tb().gates;
  return (
    <section>
      <h2>{text.outlook}</h2>
      <table class="rows">
        <tbody>
          {gate.outlook.map(({ change, decision, reasons }) => (
            <tr key={change}>
              <td>{changeWord(change)}</td>
              <td>
                <Says decision={decision} />
              </td>
              <td class="name">
                {reasons.length === 0 ? (
                  <span class="muted">{text.nothingAgainst}</span>
                ) : (
                  <Reasons reasons={reasons} words={gate.in_words} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Reasons({ reasons, words }: { reasons: string[]; words: InWords | undefined }) {
  if (reasons.length === 0) return null;
  return (
    <ul>
      {reasons.map(reason => (
        <li key={reason}>
          <Formula text={reason} words={words} isFormula={false} />
        </li>
      ))}
    </ul>
  );
}

function Overrides({ given }: { given: Override[] }) {
  const text = tb().gates;
  return (
    <section>
      <h2>{text.overrides}</h2>
      <ul class="overrides">
        {given.map(({ id, by, role, reason, service, version, expires_at }) => (
          <li key={id}>
            <b>{cutMiddle([by, role].filter(Boolean).join(" · ") || "–", 80)}</b>{" "}
            {text.lets(cutMiddle([service, version].filter(Boolean).join(" "), 80))}{" "}
            <Ago ms={Date.parse(expires_at)} /> <q>{cutMiddle(reason, 300)}</q>
          </li>
        ))}
      </ul>
    </section>
  );
}

const nShown = 20;

function Decisions({ evaluations }: { evaluations: Evaluation[] }) {
  const [all, setAll] = useState(false);
  const text = tb().gates;
  const { when, what, change, by } = tb().deployments;
  return (
    <section>
      <h2>{text.decisions}</h2>
      {evaluations.length === 0 ? (
        <p class="muted">{text.noDecisions}</p>
      ) : (
        <table class="rows decisions">
          <thead>
            <tr>
              <th>{when}</th>
              <th>{text.said}</th>
              <th>{what}</th>
              <th>{change}</th>
              <th>{by}</th>
              <th>{text.why}</th>
            </tr>
          </thead>
          <tbody>
            {evaluations.slice(0, all ? undefined : nShown).map(one => (
              <tr key={one.id}>
                <td>
                  <Ago ms={Date.parse(one.created_at)} />
                </td>
                <td>
                  <Says decision={one.decision} />
                  {one.dry_run && <small class="muted"> {text.dryRun}</small>}
                </td>
                <td class="name">
                  <Outward url={one.url}>{cutMiddle(`${one.service} ${one.version}`, 80)}</Outward>
                  {one.phase === "post_deploy" && <small class="muted"> {text.afterwards}</small>}
                </td>
                <td>{changeWord(one.change)}</td>
                <td class="name">{cutMiddle(one.actor, 40)}</td>
                <td class="name">
                  <Reasons reasons={one.reasons} words={one.in_words} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!all && evaluations.length > nShown && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(evaluations.length)}
        </button>
      )}
    </section>
  );
}

type Pipeline = "GitLab" | "Jenkins" | "Shell";

function Ask({ gate }: { gate: Gate }) {
  const [pipeline, setPipeline] = useState<Pipeline>("GitLab");
  const text = tb().gates;
  return (
    <section class="asking">
      <h2>{text.ask}</h2>
      <Choice<Pipeline>
        label={text.ask}
        chosen={pipeline}
        options={[
          ["GitLab", "GitLab"],
          ["Jenkins", "Jenkins"],
          ["Shell", text.shell],
        ]}
        onChoose={setPipeline}
      />
      <Source text={lineOf(pipeline, gate)} label={text.ask} />
      <p class="muted">{text.exits}</p>
    </section>
  );
}

/** As a shell takes it, whatever it has. */
function quoted(word: string): string {
  return /^[\w.:/@-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}

function lineOf(pipeline: Pipeline, { name, services }: Gate): string {
  const line = (version: string, change: string, url: string) =>
    `narthex gate check ${quoted(name)} --service ${quoted(services[0] ?? "SERVICE")} --version ${version} --change ${change}${url}`;
  if (pipeline === "GitLab")
    return `budget_gate:
  stage: pre-deploy
  script:
    - >-
      ${line('"$CI_COMMIT_SHA"', `"\${CHANGE_CLASS:-feature}"`, ' --url "$CI_PIPELINE_URL" --junit gate.xml')}
  allow_failure: {exit_codes: [10]}
  artifacts: {when: always, reports: {junit: gate.xml}}`;
  if (pipeline === "Jenkins") {
    const command = line('"$GIT_COMMIT"', '"$CHANGE"', ' --url "$BUILD_URL" --junit gate.xml');
    return `stage('Budget gate') { steps { script {
  def rc = sh(returnStatus: true, script: '''${command.replace(/\\/g, "\\\\")}''')
  junit allowEmptyResults: true, testResults: 'gate.xml'
  if (rc == 10) { unstable('error budget') } else if (rc != 0) { error("release gate: exit \${rc}") }
} } }`;
  }
  return line("VERSION", "feature", "");
}

function Conditions({ gate }: { gate: Gate }) {
  const text = tb().gates;
  const facts: [string, string[]][] = [
    [text.denies, gate.deny],
    [text.warns, gate.warn],
    [text.fails(printDuration(gate.soak_seconds * 1000)), gate.fail_when],
  ];
  return (
    <section>
      <h2>{text.conditions}</h2>
      <dl class="facts">
        {facts
          .filter(([, conditions]) => conditions.length > 0)
          .map(([name, conditions]) => (
            <>
              <dt key={name}>{name}</dt>
              <dd>
                {conditions.map(condition => (
                  <div key={condition}>
                    <Formula text={condition} words={gate.in_words} isFormula />
                  </div>
                ))}
              </dd>
            </>
          ))}
        <dt>{text.overriders}</dt>
        <dd>{gate.override.roles.join(", ") || text.anyOperator}</dd>
      </dl>
    </section>
  );
}
