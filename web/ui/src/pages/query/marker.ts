// A mistake in the editor: the token underlined, and below its line a caret, narthex's words and what may have been meant.

import { type EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { Mistake } from "../../promql/mistake";

export interface Fix {
  /** What the button is called. */
  fix: string;
  apply: (fixed: string) => void;
}

interface Shown {
  mistake: Mistake;
  fix: Fix;
}

const setShown = StateEffect.define<Shown | null>();

interface Marked {
  shown: Shown | null;
  decorations: DecorationSet;
}

const unmarked: Marked = { shown: null, decorations: Decoration.none };
const noteId = "query-mistake";

/** Typing takes the mistake away: it may be mended already. */
export const mistakes = StateField.define<Marked>({
  create: () => unmarked,
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setShown))
        return effect.value === null ? unmarked : marked(transaction.state, effect.value);
    }
    return transaction.docChanged ? unmarked : value;
  },
  provide: field => [
    EditorView.decorations.from(field, ({ decorations }) => decorations),
    EditorView.contentAttributes.from(field, ({ shown }) =>
      shown === null ? {} : { "aria-invalid": "true", "aria-describedby": noteId },
    ),
  ],
});

function marked({ doc }: EditorState, shown: Shown): Marked {
  const from = Math.min(shown.mistake.from, doc.length);
  const to = Math.min(shown.mistake.to, doc.length);
  const note = Decoration.widget({ widget: new Note(shown), block: true, side: 1 }).range(
    doc.lineAt(from).to,
  );
  const token = to > from ? [Decoration.mark({ class: "mistake" }).range(from, to)] : [];
  return { shown, decorations: Decoration.set([...token, note], true) };
}

export function showMistake(view: EditorView, mistake: Mistake | null, fix: Fix): void {
  view.dispatch({ effects: setShown.of(mistake === null ? null : { mistake, fix }) });
}

class Note extends WidgetType {
  constructor(private readonly shown: Shown) {
    super();
  }

  override eq(other: Note): boolean {
    return other.shown === this.shown;
  }

  override toDOM(view: EditorView): HTMLElement {
    const { mistake, fix } = this.shown;
    const note = element("div", "mistake-note");
    note.id = noteId;
    note.setAttribute("role", "status");
    const caret = element("span", "caret", "▲");
    caret.setAttribute("aria-hidden", "true");
    const words = element("div", "words");
    words.append(element("span", "said", mistake.message));
    if (mistake.suggestion !== null)
      words.append(" ", element("span", "suggestion", mistake.suggestion.text));
    const fixed = mistake.suggestion?.fixed;
    if (fixed !== undefined)
      words.append(
        " ",
        button(fix.fix, () => fix.apply(fixed)),
      );
    note.append(caret, words);
    // Where the token stands is known only once it has been laid out.
    view.requestMeasure({
      read: view =>
        [
          view.coordsAtPos(Math.min(mistake.from, view.state.doc.length)),
          note.getBoundingClientRect(),
        ] as const,
      write: ([token, box]) => {
        if (token !== null) note.style.setProperty("--column", `${Math.max(0, token.left - box.left)}px`);
      },
    });
    return note;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function element(tag: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(text: string, act: () => void): HTMLElement {
  const made = element("button", "small", text) as HTMLButtonElement;
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}
