// Something read from the server and shown: what came last stays in place while the next is on its way or has failed.

import { useEffect, useRef, useState } from "preact/hooks";
import { suspect } from "../shell/health";
import { refreshes } from "../time/range";
import { isAbort } from "./client";

export interface Resource<T> {
  /** The last that came, perhaps of an earlier question. */
  data: T | null;
  /** Why the present question has no answer. */
  error: Error | null;
  loading: boolean;
  /** When what is on its way was asked for. */
  sinceMs: number;
  /** Gives up what is on its way. */
  cancel: () => void;
}

/** The reader gave up. */
export class Cancelled extends Error {}

/**
 * Reads once for each `question` (then `first`), and again on each refresh. A new question aborts the old one; a refresh that would
 * overtake a slow answer is skipped. A null question asks nothing.
 */
export function useResource<T>(
  question: string | null,
  read: (signal: AbortSignal, first: boolean) => Promise<T>,
): Resource<T> {
  const [state, setState] = useState<State<T>>({
    data: null,
    error: null,
    loading: question !== null,
    sinceMs: 0,
  });
  const running = useRef<Running | null>(null);
  const asked = useRef<string | null>(null);
  const refreshed = refreshes.value;

  const stop = () => {
    running.current?.abort.abort();
    running.current = null;
  };
  const start = (question: string) => {
    const mine = { question, abort: new AbortController() };
    running.current = mine;
    setState(before => ({ ...before, loading: true, sinceMs: Date.now() }));
    const settle = (change: Partial<State<T>>) => {
      if (running.current !== mine) return;
      running.current = null;
      setState(before => ({ ...before, ...change, loading: false }));
    };
    const first = asked.current !== question;
    asked.current = question;
    read(mine.abort.signal, first).then(
      data => settle({ data, error: null }),
      error => {
        if (isAbort(error)) return;
        suspect(error);
        settle({ error: asError(error) });
      },
    );
  };

  // `question` stands for all that `read` closes over.
  useEffect(() => {
    if (question !== null && running.current?.question === question) return;
    stop();
    if (question === null) setState(before => ({ ...before, error: null, loading: false }));
    else start(question);
  }, [question, refreshed]);
  useEffect(() => stop, []);

  const cancel = () => {
    if (running.current === null) return;
    stop();
    setState(before => ({ ...before, loading: false, error: new Cancelled() }));
  };
  return { ...state, cancel };
}

type State<T> = Omit<Resource<T>, "cancel">;

interface Running {
  question: string;
  abort: AbortController;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
