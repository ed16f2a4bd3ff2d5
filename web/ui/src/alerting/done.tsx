// What the reader has just done, said at the foot of the page, with the way back.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Failure } from "../parts/failure";
import { t } from "../texts";
import { ta } from "../texts/alerting";
import { refresh } from "../time/range";

interface Doing {
  text: string;
  undo: (() => Promise<void>) | null;
}

const doing = signal<Doing | null>(null);

/** Long enough to be read and regretted. */
const shownForMs = 20_000;

/** Says that something was done, and reads the page again. */
export function say(text: string, undo: (() => Promise<void>) | null = null): void {
  doing.value = { text, undo };
  refresh();
}

export function Done() {
  const shown = doing.value;
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    setError(null);
    if (shown === null) return;
    const timer = setTimeout(() => {
      if (doing.peek() === shown) doing.value = null;
    }, shownForMs);
    return () => clearTimeout(timer);
  }, [shown]);
  const undo = async () => {
    try {
      await shown?.undo?.();
    } catch (error) {
      setError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return (
    <div class={shown === null ? "done" : "done shown"} role="status">
      {shown !== null && (
        <>
          <span>{shown.text}</span>
          {shown.undo !== null && (
            <button type="button" class="small" onClick={undo}>
              {ta().undo}
            </button>
          )}
          <button
            type="button"
            class="quiet small"
            aria-label={t().close}
            onClick={() => {
              doing.value = null;
            }}
          >
            ✕
          </button>
          {error !== null && <Failure what={ta().silences.failedChange} error={error} />}
        </>
      )}
    </div>
  );
}
