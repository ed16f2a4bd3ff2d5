// Something did not work: what happened, in the words of who refused, what to do, and all of it to copy.

import { ApiError, Unreachable } from "../api/client";
import { troubles } from "../shell/health";
import { t } from "../texts";
import { Copy } from "./copy";
import { Flagged } from "./flagged";

interface Props {
  /** What was being done, as a sentence: "The targets could not be read." */
  what: string;
  error: Error;
  onRetry?: () => void;
}

export function Failure({ what, error, onRetry }: Props) {
  // That narthex is starting is said in the banner, with how far it is, and is no failure.
  if (isEarly(error)) return <p class="muted">{t().failure.notReady}</p>;
  const said = spoken(error);
  const todo = advice(error);
  return (
    <div class="failure" role="alert">
      <div class="what">
        <div>{what}</div>
        {said !== "" && <div class="said">{said}</div>}
        {todo !== "" && (
          <div class="todo">
            <Flagged text={todo} />
          </div>
        )}
      </div>
      {onRetry !== undefined && (
        <button type="button" class="small" onClick={onRetry}>
          {t().retry}
        </button>
      )}
      <Copy text={`${what}\n${said}`} />
    </div>
  );
}

function isEarly(error: Error): boolean {
  const starting = troubles.value.some(({ kind }) => kind === "starting");
  return starting && error instanceof ApiError && error.status === 503;
}

function spoken(error: Error): string {
  if (error instanceof Unreachable) return "";
  return error.message;
}

function advice(error: Error): string {
  const { failure } = t();
  if (error instanceof Unreachable) return failure.unreachable;
  if (!(error instanceof ApiError)) return "";
  if (error.status === 401 || error.status === 403) return failure.forbidden;
  if (error.kind === "timeout") return failure.timeout;
  if (error.status === 503) return failure.notReady;
  if (error.kind === "execution" && /too many samples/.test(error.message)) return failure.tooManySamples;
  return "";
}
