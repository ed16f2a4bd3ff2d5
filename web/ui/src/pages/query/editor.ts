// The query editor: CodeMirror with PromQL. It is a chunk of its own, loaded where a query is typed. Enter runs, Shift+Enter
// breaks the line, Tab completes while there is something to complete and moves on otherwise.

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionStatus,
  moveCompletionSelection,
  selectedCompletionIndex,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";
import { LanguageType, promQLLanguage } from "@prometheus-io/codemirror-promql";
import type { Mistake } from "../../promql/mistake";
import { t } from "../../texts";
import { complete } from "./completion";
import { type Fix, mistakes, showMistake } from "./marker";

export interface Editor {
  focus: (at?: number) => void;
  setValue: (value: string) => void;
  setMistake: (mistake: Mistake | null, fix: Fix) => void;
  setLabel: (label: string) => void;
  destroy: () => void;
}

interface Options {
  value: string;
  label: string;
  onChange: (value: string) => void;
  onRun: (value: string) => void;
  onFocus: () => void;
}

export function createEditor(host: HTMLElement, options: Options): Editor {
  const named = new Compartment();
  const name = (label: string) => [
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
    placeholder(t().query.placeholder),
  ];
  const promql = promQLLanguage(LanguageType.PromQL);
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: options.value,
      extensions: [
        Prec.highest(keymap.of(keys(options.onRun))),
        history(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({
          selectOnOpen: false,
          // Nothing is accepted that was not asked for, so nobody has to be kept from accepting too early.
          interactionDelay: 0,
          icons: false,
          maxRenderedOptions: 80,
          addToOptions: [kindOfOption],
        }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
        promql,
        promql.data.of({ autocomplete: complete }),
        syntaxHighlighting(colours),
        EditorView.lineWrapping,
        mistakes,
        named.of(name(options.label)),
        EditorView.updateListener.of(update => {
          if (update.docChanged) options.onChange(update.state.doc.toString());
          if (update.focusChanged && update.view.hasFocus) options.onFocus();
        }),
      ],
    }),
  });
  return {
    focus(at) {
      view.focus();
      if (at !== undefined) view.dispatch({ selection: { anchor: Math.min(at, view.state.doc.length) } });
    },
    setValue(value) {
      const { doc } = view.state;
      if (value === doc.toString()) return;
      view.dispatch({
        changes: { from: 0, to: doc.length, insert: value },
        selection: { anchor: value.length },
      });
    },
    setMistake: (mistake, fix) => showMistake(view, mistake, fix),
    setLabel: label => view.dispatch({ effects: named.reconfigure(name(label)) }),
    destroy: () => view.destroy(),
  };
}

function keys(onRun: (value: string) => void) {
  const run = (view: EditorView) => {
    // A completion that was picked with the arrows is meant; one that merely is offered is not.
    if (completionStatus(view.state) === "active" && selectedCompletionIndex(view.state) !== null)
      return acceptCompletion(view);
    closeCompletion(view);
    onRun(view.state.doc.toString());
    return true;
  };
  const tab = (view: EditorView) => {
    // What is being looked up is waited for; Escape gives it up.
    if (completionStatus(view.state) === "pending") return true;
    if (completionStatus(view.state) !== "active") return false;
    if (selectedCompletionIndex(view.state) === null) moveCompletionSelection(true)(view);
    return acceptCompletion(view);
  };
  const down = (view: EditorView) =>
    view.state.doc.length === 0 && completionStatus(view.state) === null && startCompletion(view);
  return [
    { key: "Enter", run },
    { key: "Mod-Enter", run },
    { key: "Shift-Enter", run: insertNewlineAndIndent },
    { key: "Tab", run: tab },
    { key: "ArrowDown", run: down },
    {
      key: "Escape",
      run(view: EditorView) {
        if (completionStatus(view.state) !== null) return closeCompletion(view);
        view.contentDOM.blur();
        return true;
      },
    },
  ];
}

/** What an option is, in a word before it: completions of one name may be a metric or a function. */
const kindOfOption = {
  position: 20,
  render(option: { type?: string }): Node {
    const kind = document.createElement("span");
    kind.className = "cm-kind";
    kind.textContent = t().query.kinds[option.type ?? ""] ?? "";
    return kind;
  },
};

const colours = tagHighlighter([
  { tag: tags.function(tags.variableName), class: "ql-function" },
  { tag: tags.operatorKeyword, class: "ql-function" },
  { tag: tags.modifier, class: "ql-keyword" },
  { tag: tags.logicOperator, class: "ql-keyword" },
  { tag: tags.labelName, class: "ql-label" },
  { tag: tags.string, class: "ql-string" },
  { tag: tags.number, class: "ql-number" },
  { tag: tags.comment, class: "ql-comment" },
  { tag: tags.operator, class: "ql-operator" },
  { tag: tags.arithmeticOperator, class: "ql-operator" },
]);
