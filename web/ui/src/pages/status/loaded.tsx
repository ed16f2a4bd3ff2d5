// A section's data, or why it is not there. What came last stays while it is read again.

import type { ComponentChildren } from "preact";
import type { Resource } from "../../api/resource";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { t } from "../../texts";
import { refresh } from "../../time/range";

interface Props<T> {
  from: Resource<T>;
  children: (data: T) => ComponentChildren;
}

export function Loaded<T>({ from, children }: Props<T>) {
  const { data, error, loading } = from;
  return (
    <>
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={t().status.failed} error={error} onRetry={refresh} />}
      {data !== null && <div class={error === null ? "" : "stale"}>{children(data)}</div>}
    </>
  );
}
