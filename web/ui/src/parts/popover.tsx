// A button that opens a small sheet below itself. Escape, a click elsewhere or moving on by keyboard closes it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface Props {
  /** What the button shows. */
  face: ComponentChildren;
  /** What the button is for; its face is what is chosen. */
  label: string;
  buttonClass?: string;
  /** The sheet's edge that stands under the button's. */
  edge?: "left" | "right";
  children: (close: () => void) => ComponentChildren;
}

export function Popover({ face, label, buttonClass = "quiet", edge = "right", children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    root.current
      ?.querySelector<HTMLElement>(".sheet [aria-pressed=true], .sheet input, .sheet button")
      ?.focus();
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    close();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: listens for Escape from the controls inside.
    <div class="popover" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        class={`${buttonClass} opens`}
        ref={button}
        aria-haspopup="dialog"
        aria-expanded={open}
        title={label}
        onClick={() => setOpen(!open)}
      >
        {/* The visible text stays part of the name, so that it can be spoken to. */}
        <span class="unseen">{label}</span>
        {face}
      </button>
      {open && (
        <div class={`sheet ${edge}`} role="dialog" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
