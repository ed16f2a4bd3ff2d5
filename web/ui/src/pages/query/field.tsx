// Where a query is typed: the editor, or a plain field of the same look until the editor has been loaded.

import "../../promql/promql.css";
import "./field.css";
import type { RefObject } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Mistake } from "../../promql/mistake";
import { t } from "../../texts";
import type { Editor } from "./editor";

interface Props {
  handle: RefObject<{ focus: () => void }>;
  /** What is put into the field whenever it is another object. */
  given: { text: string };
  mistake: Mistake | null;
  label: string;
  onChange: (value: string) => void;
  onRun: (value?: string) => void;
  onFocus: () => void;
}

export function Field(props: Props) {
  const { handle, given, mistake, label } = props;
  const host = useRef<HTMLDivElement>(null);
  const plain = useRef<HTMLTextAreaElement>(null);
  const [editor, setEditor] = useState<Editor | null>(null);
  // What the editor was last given; it begins with what was typed before it came.
  const applied = useRef<{ text: string } | null>(null);
  // The editor lives longer than one drawing of the page, and calls what is current.
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    let mine: Editor | null = null;
    let left = false;
    import("./editor").then(
      ({ createEditor }) => {
        if (left || host.current === null) return;
        const typing = document.activeElement === plain.current;
        const at = plain.current?.selectionStart ?? 0;
        mine = createEditor(host.current, {
          value: plain.current?.value ?? latest.current.given.text,
          label: latest.current.label,
          onChange: value => latest.current.onChange(value),
          onRun: value => latest.current.onRun(value),
          onFocus: () => latest.current.onFocus(),
        });
        applied.current = latest.current.given;
        if (typing) mine.focus(at);
        setEditor(mine);
      },
      // Without the editor a query can still be typed.
      () => {},
    );
    return () => {
      left = true;
      mine?.destroy();
    };
  }, []);

  useEffect(() => {
    if (editor === null || applied.current === given) return;
    applied.current = given;
    editor.setValue(given.text);
  }, [editor, given]);
  useEffect(
    () =>
      editor?.setMistake(mistake, {
        fix: t().query.fix,
        apply: fixed => latest.current.onRun(fixed),
      }),
    [editor, mistake?.from, mistake?.to, mistake?.message, mistake?.suggestion?.text],
  );
  useEffect(() => editor?.setLabel(label), [editor, label]);
  useImperativeHandle(
    handle,
    () => ({ focus: () => (editor === null ? plain.current?.focus() : editor.focus()) }),
    [editor],
  );

  return (
    <div class="field" ref={host}>
      {editor === null && <PlainField {...props} field={plain} />}
    </div>
  );
}

function PlainField({
  field,
  given,
  label,
  onChange,
  onRun,
  onFocus,
}: Props & { field: RefObject<HTMLTextAreaElement> }) {
  useLayoutEffect(() => {
    if (field.current !== null) field.current.value = given.text;
    fitHeight(field.current);
  }, [field, given]);
  return (
    <textarea
      ref={field}
      class="plain-field"
      rows={1}
      aria-label={label}
      placeholder={t().query.placeholder}
      spellcheck={false}
      onFocus={onFocus}
      onInput={event => {
        fitHeight(event.currentTarget);
        onChange(event.currentTarget.value);
      }}
      onKeyDown={event => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        onRun();
      }}
    />
  );
}

function fitHeight(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.height = "0";
  field.style.height = `${field.scrollHeight}px`;
}
