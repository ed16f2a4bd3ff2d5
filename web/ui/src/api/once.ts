// Something that is read once for a question: what costs the server much, and does not age while one looks at it.

import { useRef } from "preact/hooks";
import { type Resource, useResource } from "./resource";

/** As `useResource`; a refresh reads again only what has not come. */
export function useOnce<T>(question: string | null, read: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const kept = useRef<{ question: string | null; data: T } | null>(null);
  return useResource(question, async signal => {
    if (kept.current?.question === question) return kept.current.data;
    const data = await read(signal);
    kept.current = { question, data };
    return data;
  });
}
