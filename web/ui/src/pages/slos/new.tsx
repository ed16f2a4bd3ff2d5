// A new objective, from a metric to the file that promises it. All on one page: which metric, what of it is good, what is
// promised; beside it what that would have meant for the past.

import "./new.css";
import { get } from "../../api/client";
import { useOnce } from "../../api/once";
import type { Draft, Drafts } from "../../api/trials";
import { Frame } from "../../budgets/frame";
import { selectorOf } from "../../format/labels";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { language } from "../../preferences";
import { href, type Params, place, setParams } from "../../router";
import { tb } from "../../texts/budgets";
import { tt } from "../../texts/trials";
import { refresh } from "../../time/range";
import { Composer } from "./newcomposer";
import { StepHead } from "./newfields";
import { Only } from "./newfilter";
import { MetricPicker } from "./newmetric";
import { emptyForm, type Form, formOf, nameFrom } from "./newspec";

/** What was adjusted belongs to the draft from before. */
const forgotten: Params = Object.fromEntries(Object.keys(emptyForm).map(name => [name, null]));

export function NewSlo() {
  const text = tt().making;
  const metric = place.value.params.get("metric");
  return (
    <Frame page="slos" title={text.title} sentence={text.sentence}>
      <p class="way-back">
        <a href={href("slos")}>← {tb().back}</a>
      </p>
      <div class="making">
        <section class="step">
          <StepHead n={1}>{text.metric}</StepHead>
          {metric === null ? (
            <MetricPicker onPick={metric => setParams({ ...forgotten, metric, draft: null, match: null })} />
          ) : (
            <p class="picked">
              <code>{metric}</code>{" "}
              <button
                type="button"
                class="small"
                onClick={() => setParams({ ...forgotten, metric: null, draft: null, match: null })}
              >
                {text.another}
              </button>
            </p>
          )}
        </section>
        {metric !== null && <OfMetric metric={metric} />}
      </div>
    </Frame>
  );
}

function OfMetric({ metric }: { metric: string }) {
  const text = tt().making;
  const match = place.value.params.get("match");
  const lang = language.value;
  const { data, error, loading } = useOnce(JSON.stringify([metric, match, lang]), async signal => {
    const query = match === null ? { metric, lang } : { metric, lang, "match[]": match };
    return (await get<Drafts>("slos/suggestions", query, signal)).data;
  });
  if (error !== null)
    return (
      <section class="step">
        <Failure what={text.draftsFailed} error={error} onRetry={refresh} />
      </section>
    );
  if (data === null || data.metric !== metric) return <Progress on={loading} />;
  return <Choosing drafts={data} match={match} />;
}

interface Choice {
  key: string;
  title: string;
  why: string;
  form: Form;
}

function Choosing({ drafts, match }: { drafts: Drafts; match: string | null }) {
  const text = tt().making;
  const choices = [...drafts.drafts.map(choiceOf), byHand(drafts.metric)];
  const chosen = choices.find(({ key }) => key === place.value.params.get("draft")) ?? choices[0]!;
  const labels = [...new Set(drafts.drafts.flatMap(({ labels }) => labels))];
  return (
    <>
      <section class="step">
        <StepHead n={2}>{text.drafts}</StepHead>
        {drafts.help !== "" && <p class="muted help">{drafts.help}</p>}
        {drafts.drafts.length === 0 && <p>{drafts.why || text.noDrafts}</p>}
        {labels.length > 0 && <Only metric={drafts.metric} labels={labels} match={match} />}
        <ul class="drafts">
          {choices.map(({ key, title, why }) => (
            <li key={key}>
              <button
                type="button"
                aria-pressed={key === chosen.key}
                onClick={() => setParams({ ...forgotten, draft: key }, "replace")}
              >
                <b>{title}</b>
                <span class="muted">{why}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <Composer key={`${drafts.metric} ${match} ${chosen.key}`} draft={chosen.form} />
    </>
  );
}

function choiceOf({ name, title, why, spec }: Draft): Choice {
  return { key: name, title, why, form: formOf(spec) };
}

function byHand(metric: string): Choice {
  const { byHand, byHandWhy } = tt().making;
  const total = selectorOf({ __name__: metric });
  const form = { ...emptyForm, name: nameFrom(metric), total };
  return { key: "by-hand", title: byHand, why: byHandWhy, form };
}
