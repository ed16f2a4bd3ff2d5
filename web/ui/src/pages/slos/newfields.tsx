// The fields in which an objective is written; what is wrong with one is said below it.

import { tt } from "../../texts/trials";

export const rollingWindows = ["7d", "14d", "28d", "30d", "90d"];
export const calendarWindows = ["1w", "1M", "1Q", "1Y"];

export interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What the server says of it; empty where nothing is wrong. */
  wrong?: string | undefined;
}

interface TextProps extends Omit<FieldProps, "onChange"> {
  /** A field that nobody changes stands there to be read. */
  onChange?: (value: string) => void;
  class?: string;
  /** What is known already, to be taken. */
  known?: { id: string; values: string[] };
}

export function TextField({ label, value, onChange, wrong = "", class: kind, known }: TextProps) {
  return (
    <label class={`labelled ${kind ?? ""}`}>
      {label}
      <input
        value={value}
        spellcheck={false}
        autocomplete="off"
        list={known?.id}
        aria-invalid={wrong !== ""}
        readOnly={onChange === undefined}
        onInput={event => onChange?.(event.currentTarget.value)}
      />
      {known !== undefined && (
        <datalist id={known.id}>
          {known.values.map(one => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
      <Wrong text={wrong} />
    </label>
  );
}

export function SelectField({
  label,
  value,
  onChange,
  wrong = "",
  options,
}: FieldProps & { options: [value: string, text: string][] }) {
  // What stands there and is none of them stays to be seen.
  const known = options.some(([one]) => one === value);
  return (
    <label class="labelled">
      {label}
      <select
        value={value}
        aria-invalid={wrong !== ""}
        onChange={event => onChange(event.currentTarget.value)}
      >
        {!known && <option value={value}>{value}</option>}
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
      <Wrong text={wrong} />
    </label>
  );
}

export function WindowSelect({ windows, ...props }: FieldProps & { windows: string[] }) {
  const offered = windows.includes(props.value) ? windows : [props.value, ...windows];
  return <SelectField {...props} options={offered.map(one => [one, tt().windowsOf[one] ?? one])} />;
}

export function Wrong({ text }: { text: string }) {
  return (
    <span class="wrong" role="status">
      {text}
    </span>
  );
}

/** A heading with its place in the order of things. */
export function StepHead({ n, children }: { n: number; children: string }) {
  return (
    <h2>
      <span class="nth" aria-hidden="true">
        {n}
      </span>
      {children}
    </h2>
  );
}
