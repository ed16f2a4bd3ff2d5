// A selector, in the editor of queries: its mistakes are marked in it as everywhere. The editor says what is typed and is not
// told it again; what another value is to begin with needs another editor.

import { useRef, useState } from "preact/hooks";
import { Field } from "../query/field";
import { useMistake } from "../query/usemistake";
import { type FieldProps, Wrong } from "./newfields";

export function SelectorField({ label, value, onChange, wrong = "" }: FieldProps) {
  const field = useRef<{ focus: () => void }>(null);
  const [given, setGiven] = useState({ text: value });
  const mistake = useMistake(value, "", null);
  return (
    <div class="labelled">
      {label}
      <Field
        handle={field}
        given={given}
        mistake={mistake}
        label={label}
        onChange={onChange}
        onRun={next => next !== undefined && setGiven({ text: next })}
        onFocus={() => {}}
      />
      {mistake === null && <Wrong text={wrong} />}
    </div>
  );
}
