// A part of the page that is loaded when it is first shown.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../texts";
import { Failure } from "./failure";
import { Progress } from "./progress";

/** What `load` brings, a line of progress until it is there, or why it cannot be. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [Found, setFound] = useState(() => loaded);
    const [error, setError] = useState<Error | null>(null);
    useEffect(() => {
      if (Found !== undefined) return;
      load().then(found => {
        loaded = found;
        setFound(() => found);
      }, setError);
    }, [Found]);
    if (error !== null)
      return <Failure what={t().pageFailed} error={error} onRetry={() => window.location.reload()} />;
    return Found === undefined ? <Progress on /> : <Found {...props} />;
  };
}
