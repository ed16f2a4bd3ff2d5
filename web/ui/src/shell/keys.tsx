// The keys, and the sheet that names them. No key does anything while text is being typed.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Page } from "../links";
import { go } from "../router";
import { t } from "../texts";
import { move, refresh, zoomBack, zoomBy } from "../time/range";
import { searching } from "./search";

const keysShown = signal(false);

/** Filled in by the page that has something to edit. */
export const editing: { focus: (() => void) | null } = { focus: null };

const pageKeys: Record<string, Page> = {
  h: "home",
  q: "query",
  s: "slos",
  a: "alerts",
  t: "targets",
  i: "status",
};

/** How long a `g` waits for the second key. */
const chordMs = 1500;

export function startKeys(): void {
  let chordUntil = 0;
  addEventListener("keydown", event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
      return;
    if (document.querySelector("dialog[open]") !== null) return;
    const page = Date.now() < chordUntil ? pageKeys[event.key] : undefined;
    chordUntil = event.key === "g" ? Date.now() + chordMs : 0;
    const act = page === undefined ? actions[event.key] : () => go(page);
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

const actions: Record<string, () => void> = {
  "/": () => {
    searching.value = true;
  },
  "?": () => {
    keysShown.value = true;
  },
  ".": refresh,
  "[": () => move(-1),
  "]": () => move(1),
  "+": () => zoomBy(0.5),
  "=": () => zoomBy(0.5),
  "-": () => zoomBy(2),
  Backspace: zoomBack,
  e: () => editing.focus?.(),
};

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function KeySheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (keysShown.value) dialog.current?.showModal();
  }, [keysShown.value]);
  if (!keysShown.value) return null;
  const text = t().keys;
  const close = () => {
    keysShown.value = false;
  };
  return (
    <dialog ref={dialog} onClose={close} aria-label={text.title}>
      <div class="sheet-of-keys">
        <header>
          <h2>{text.title}</h2>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            {t().close} <kbd>Esc</kbd>
          </button>
        </header>
        <div class="columns">
          {text.groups.map(group => (
            <section key={group.title}>
              <h3>{group.title}</h3>
              <ul>
                {group.keys.map(([keys, what]) => (
                  <li key={keys}>
                    {what}
                    <span>
                      {keys.split(" ").map(key => (
                        <>
                          <kbd key={key}>{key}</kbd>{" "}
                        </>
                      ))}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      </div>
    </dialog>
  );
}
