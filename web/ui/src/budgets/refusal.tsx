// Why the past says nothing of an objective.

import { ApiError } from "../api/client";
import { Failure } from "../parts/failure";
import { tt } from "../texts/trials";
import { refresh } from "../time/range";

export function Refusal({ error }: { error: Error | null }) {
  if (error === null) return null;
  if (error instanceof ApiError && error.status === 404 && error.kind === "")
    return <p class="muted">{tt().missing}</p>;
  return <Failure what={tt().failed} error={error} onRetry={refresh} />;
}
