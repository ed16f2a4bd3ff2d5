// What is counted: events by two selectors, one of which may be the bucket of a histogram; or a gauge that is compared.

import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { useOnce } from "../../api/once";
import { Choice } from "../../parts/tabs";
import { tt } from "../../texts/trials";
import { SelectField, TextField } from "./newfields";
import { SelectorField } from "./newselector";
import { boundOf, type FieldName, type Form, isGauge, withBound } from "./newspec";

interface Props {
  form: Form;
  /** What is wrong, by field. */
  faults: Map<FieldName, string>;
  onChange: (part: Partial<Form>) => void;
}

export function Indicator(props: Props) {
  return isGauge(props.form) ? <Gauge {...props} /> : <Ratio {...props} />;
}

function Ratio({ form, faults, onChange }: Props) {
  const text = tt().making;
  const bound = boundOf(form.part);
  const [nBounds, setNBounds] = useState(0);
  return (
    <>
      {bound === null ? (
        <Choice
          label={text.side}
          chosen={form.side}
          options={[
            ["bad", text.bad],
            ["good", text.good],
          ]}
          onChoose={side => onChange({ side })}
        />
      ) : (
        <Bound
          selector={form.part}
          bound={bound}
          onChange={next => {
            onChange({ part: withBound(form.part, next) });
            setNBounds(nBounds + 1);
          }}
        />
      )}
      <SelectorField
        key={nBounds}
        label={form.side === "good" ? text.good : text.bad}
        value={form.part}
        wrong={faults.get("part")}
        onChange={part => onChange({ part })}
      />
      <SelectorField
        label={text.total}
        value={form.total}
        wrong={faults.get("total")}
        onChange={total => onChange({ total })}
      />
    </>
  );
}

/** The bounds that the histogram has: of another nobody counted. */
function Bound(props: { selector: string; bound: string; onChange: (bound: string) => void }) {
  const { selector, bound, onChange } = props;
  const metric = /^[\w:]+/.exec(selector)?.[0] ?? "";
  const { data } = useOnce(metric === "" ? null : metric, async signal => {
    return (await get<string[]>("label/le/values", { "match[]": metric }, signal)).data;
  });
  const bounds = (data ?? []).filter(one => one !== "+Inf").sort((a, b) => Number(a) - Number(b));
  return (
    <SelectField
      label={tt().making.bound}
      value={bound}
      options={bounds.map(one => [one, one])}
      onChange={onChange}
    />
  );
}

function Gauge({ form, faults, onChange }: Props) {
  const text = tt().making;
  return (
    <>
      <SelectorField
        label={text.gauge}
        value={form.gauge}
        wrong={faults.get("gauge")}
        onChange={gauge => onChange({ gauge })}
      />
      <div class="pair">
        <SelectField
          label={text.op}
          value={form.op}
          wrong={faults.get("op")}
          options={Object.entries(text.ops)}
          onChange={op => onChange({ op })}
        />
        <TextField
          label={text.value}
          class="short"
          value={form.value}
          wrong={faults.get("value")}
          onChange={value => onChange({ value })}
        />
      </div>
      {form.slice !== "" && (
        <div class="pair">
          <TextField
            label={text.slice}
            class="short"
            value={form.slice}
            wrong={faults.get("slice")}
            onChange={slice => onChange({ slice })}
          />
          <TextField
            label={text.share}
            class="short"
            value={form.share}
            wrong={faults.get("share")}
            onChange={share => onChange({ share })}
          />
        </div>
      )}
    </>
  );
}
