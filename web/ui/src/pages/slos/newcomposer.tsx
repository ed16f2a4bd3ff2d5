// The objective as it is being written: its fields, what the past says of it, and its file.

import { useState } from "preact/hooks";
import type { Slo } from "../../api/budgets";
import { ApiError, get, post } from "../../api/client";
import { useOnce } from "../../api/once";
import type { Trial } from "../../api/trials";
import { Ladder } from "../../budgets/ladder";
import { Past } from "../../budgets/past";
import { Refusal } from "../../budgets/refusal";
import { Progress } from "../../parts/progress";
import { useSettled } from "../../parts/settled";
import { zone } from "../../preferences";
import { place, setParams } from "../../router";
import { tt } from "../../texts/trials";
import { calendarWindows, rollingWindows, StepHead, TextField, WindowSelect } from "./newfields";
import { File } from "./newfile";
import { Indicator } from "./newindicator";
import { type FieldName, type Form, faultsIn, isComplete, type Written, written } from "./newspec";

export function Composer({ draft }: { draft: Form }) {
  const text = tt().making;
  const [form, setForm] = useState<Form>(() => ({ ...draft, ...adjustedIn(place.peek().params, draft) }));
  const change = (part: Partial<Form>) => {
    setForm(before => ({ ...before, ...part }));
    const changes = Object.entries(part).map(([name, value]) => [
      name,
      value === draft[name as FieldName] ? null : value,
    ]);
    setParams(Object.fromEntries(changes), "replace");
  };
  const file = written(form, calendarZone());
  const trial = useTrial(file, form);
  const faults = faultsIn(trial.error instanceof ApiError ? trial.error.message : "", file);
  const isPlaced = faults.size > 0;
  return (
    <>
      <section class="step promise">
        <StepHead n={3}>{text.adjust}</StepHead>
        <Indicator form={form} faults={faults} onChange={change} />
        <div class="pair">
          <TextField
            label={text.objective}
            class="short"
            value={form.objective}
            wrong={faults.get("objective")}
            onChange={objective => change({ objective })}
          />
          <WindowSelect
            label={text.window}
            windows={[...rollingWindows, ...calendarWindows]}
            value={form.window}
            wrong={faults.get("window")}
            onChange={window => change({ window })}
          />
        </div>
        <Naming form={form} faults={faults} onChange={change} />
      </section>
      <section class="past" aria-live="polite">
        <StepHead n={4}>{text.past}</StepHead>
        <Progress on={trial.loading} />
        {!isComplete(form) && <p class="muted">{text.needs}</p>}
        {!isPlaced && <Refusal error={trial.error} />}
        {trial.data !== null && (
          <div class={trial.isOld ? "stale" : ""}>
            <Past trial={trial.data} />
            <Ladder
              steps={trial.data.suggestions}
              chosen={form.objective}
              onChoose={objective => change({ objective })}
            />
          </div>
        )}
      </section>
      <File
        file={isComplete(form) ? file : null}
        name={form.name}
        lints={trial.isOld ? [] : (trial.data?.lints ?? [])}
      />
    </>
  );
}

/** What the address says otherwise than the draft. */
function adjustedIn(params: URLSearchParams, draft: Form): Partial<Form> {
  const found = Object.keys(draft).map(name => [name, params.get(name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== null));
}

/** Whose calendar a month is of: the reader's, as they chose to see times. */
function calendarZone(): string {
  return zone.value === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function useTrial({ yaml }: Written, form: Form) {
  // Not what stood there before the last field was filled in.
  const whole = isComplete(form) ? yaml : null;
  const settled = useSettled(whole);
  const asked = whole === null ? null : settled;
  const trial = useOnce(
    asked,
    async signal => (await post<Trial>("slos/whatif", { spec: settled ?? "" }, signal)).data,
  );
  // What is said is of the file from before as long as another is being typed.
  const isCurrent = asked === yaml;
  return {
    ...trial,
    error: isCurrent ? trial.error : null,
    isOld: !isCurrent || trial.loading || trial.error !== null,
  };
}

interface Props {
  form: Form;
  faults: Map<FieldName, string>;
  onChange: (part: Partial<Form>) => void;
}

function Naming({ form, faults, onChange }: Props) {
  const text = tt().making;
  const { data } = useOnce("known services", async signal => (await get<Slo[]>("slos", {}, signal)).data);
  const known = data ?? [];
  const services = [...new Set(known.map(({ service }) => service))].sort();
  const products = [...new Set(known.flatMap(({ product }) => product ?? []))].sort();
  // A service that is known belongs to a product, or to none, already.
  const ofService = known.find(({ service }) => service === form.service);
  return (
    <>
      <div class="pair">
        <TextField
          label={text.service}
          value={form.service}
          known={{ id: "known-services", values: services }}
          wrong={faults.get("service")}
          onChange={service => onChange({ service })}
        />
        {ofService?.product ? (
          <TextField label={text.product} value={ofService.product} />
        ) : (
          <TextField
            label={text.product}
            value={form.product}
            known={{ id: "known-products", values: products }}
            wrong={faults.get("product")}
            onChange={product => onChange({ product })}
          />
        )}
      </div>
      <div class="pair">
        <TextField
          label={text.name}
          value={form.name}
          wrong={faults.get("name")}
          onChange={name => onChange({ name })}
        />
        <TextField
          label={text.titleOf}
          value={form.title}
          wrong={faults.get("title")}
          onChange={title => onChange({ title })}
        />
      </div>
    </>
  );
}
