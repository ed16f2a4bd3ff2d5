// Objectives: which promise is in danger, or all about one of them.

import type { Slo } from "../../api/budgets";
import { get, orMissing } from "../../api/client";
import { useResource } from "../../api/resource";
import { Frame } from "../../budgets/frame";
import { isFiring } from "../../budgets/words";
import { Failure } from "../../parts/failure";
import { lazily } from "../../parts/lazily";
import { Progress } from "../../parts/progress";
import { href, place } from "../../router";
import { tb } from "../../texts/budgets";
import { refresh } from "../../time/range";
import { Detail } from "./detail";
import { List } from "./list";

const NewSlo = lazily(async () => (await import("./new")).NewSlo);

export default function SlosPage() {
  const { params } = place.value;
  const id = params.get("id");
  if (params.get("view") === "new") return <NewSlo />;
  return id === null ? <All /> : <One id={id} />;
}

/** What stands beside the objectives: documents that could not be taken. */
export interface SpecError {
  file: string;
  line: number;
  column: number;
  error: string;
  /** The line with a caret; empty where there is none to show. */
  drawn: string;
}

interface Known {
  slos: Slo[];
  errors: SpecError[];
}

function All() {
  const { data, error, loading } = useResource("slos", readSlos);
  const text = tb().slos;
  const known = data === null || data === "missing" ? null : data;
  const exhausted = known?.slos.filter(({ state }) => state === "exhausted").length ?? 0;
  const burning = known?.slos.filter(isFiring).length ?? 0;
  return (
    <Frame
      page="slos"
      sentence={known === null ? "" : text.sentence(known.slos.length, exhausted, burning)}
      action={
        known !== null && (
          <a class="button primary" href={href("slos", { view: "new" })}>
            {text.make}
          </a>
        )
      }
    >
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.failed} error={error} onRetry={refresh} />}
      {data === "missing" && (
        <div class="empty">
          <p class="why">{text.missing}</p>
          <p>{text.missingDo}</p>
        </div>
      )}
      {known !== null && (
        <div class={error === null ? "" : "stale"}>
          <List {...known} />
        </div>
      )}
    </Frame>
  );
}

async function readSlos(signal: AbortSignal): Promise<Known | "missing"> {
  const answer = await orMissing(get<Slo[]>("slos", {}, signal));
  return answer === "missing" ? answer : { slos: answer.data, errors: answer.errors as SpecError[] };
}

function One({ id }: { id: string }) {
  const { data, error, loading } = useResource(`slo ${id}`, signal =>
    orMissing(get<Slo>(`slos/${encodeURIComponent(id)}`, {}, signal)),
  );
  const text = tb();
  const slo = data === null || data === "missing" ? null : data.data;
  return (
    <Frame page="slos" title={slo?.title || id} sentence={slo?.description ?? ""}>
      <p class="way-back">
        <a href={href("slos")}>← {text.back}</a>
      </p>
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.slo.failed} error={error} onRetry={refresh} />}
      {data === "missing" && (
        <div class="empty">
          <p class="why">{text.slo.unknown(id)}</p>
        </div>
      )}
      {slo !== null && (
        <div class={error === null ? "" : "stale"}>
          <Detail slo={slo} />
        </div>
      )}
    </Frame>
  );
}
