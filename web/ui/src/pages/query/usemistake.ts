// The mistake in what is being typed: narthex is asked once the typing pauses, so that it is the same mistake, in the same
// words, that running the query would give.

import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { parse } from "../../promql/ast";
import { type Mistake, mistakeIn } from "../../promql/mistake";
import { t } from "../../texts";

const pauseMs = 1500;

/** The mistake in `draft`; of the query that was run (`expr`), also what `error` says of running it. */
export function useMistake(draft: string, expr: string, error: Error | null): Mistake | null {
  const [refused, setRefused] = useState<{ query: string; message: string } | null>(null);
  useEffect(() => {
    if (draft.trim() === "") return;
    let left = false;
    const refuse = (error: unknown) => {
      if (!left && error instanceof ApiError) setRefused({ query: draft, message: error.message });
    };
    const timer = setTimeout(() => parse(draft).catch(refuse), draft === expr ? 0 : pauseMs);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [draft, expr]);
  if (refused?.query === draft) return mistakeIn(draft, refused.message, t());
  return draft === expr && error instanceof ApiError ? mistakeIn(draft, error.message, t()) : null;
}
