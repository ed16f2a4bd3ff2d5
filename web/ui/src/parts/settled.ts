// What is being typed, once the typing pauses.

import { useEffect, useState } from "preact/hooks";

const pauseMs = 250;

/** `value` once it has stood still for a moment. */
export function useSettled<T extends string | null>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
