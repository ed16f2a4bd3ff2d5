// Release gates: would they let a release through now, and all about one of them.

import "../../alerting/alerting.css";
import { Done } from "../../alerting/done";
import type { Evaluation, Gate } from "../../api/budgets";
import { get, orMissing } from "../../api/client";
import { useResource } from "../../api/resource";
import { Frame } from "../../budgets/frame";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { type Language, language } from "../../preferences";
import { href, place } from "../../router";
import { tb } from "../../texts/budgets";
import { refresh } from "../../time/range";
import { Detail } from "./detail";
import { List } from "./list";
import { OverrideButton } from "./override";

export default function GatesPage() {
  const id = place.value.params.get("id");
  return id === null ? <All /> : <One id={id} />;
}

/** Whether some class of change would not get through; what nobody knows does not either. */
function keepsBack({ outlook }: Gate): boolean {
  return outlook.some(({ decision }) => decision === "deny" || decision === "unknown");
}

function All() {
  const lang = language.value;
  const { data, error, loading } = useResource(`gates ${lang}`, signal =>
    orMissing(get<Gate[]>("gates", { lang }, signal)),
  );
  const text = tb().gates;
  const gates = data === null || data === "missing" ? null : data.data;
  const closed = gates?.filter(keepsBack).length ?? 0;
  return (
    <Frame page="gates" sentence={gates === null ? "" : text.sentence(gates.length, closed)}>
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.failed} error={error} onRetry={refresh} />}
      {data === "missing" && (
        <div class="empty">
          <p class="why">{tb().slos.missing}</p>
          <p>{tb().slos.missingDo}</p>
        </div>
      )}
      {gates !== null && (
        <div class={error === null ? "" : "stale"}>
          <List gates={gates} />
        </div>
      )}
    </Frame>
  );
}

interface Known {
  gate: Gate;
  evaluations: Evaluation[];
}

async function readGate(id: string, lang: Language, signal: AbortSignal): Promise<Known> {
  const path = `gates/${encodeURIComponent(id)}`;
  const [gate, evaluations] = await Promise.all([
    get<Gate>(path, { lang }, signal),
    get<Evaluation[]>(`${path}/evaluations`, { lang }, signal),
  ]);
  return { gate: gate.data, evaluations: evaluations.data };
}

function One({ id }: { id: string }) {
  const lang = language.value;
  const { data, error, loading } = useResource(`gate ${id} ${lang}`, signal =>
    orMissing(readGate(id, lang, signal)),
  );
  const text = tb().gates;
  const known = data === null || data === "missing" ? null : data;
  return (
    <Frame
      page="gates"
      title={id}
      sentence={known === null ? "" : text.asked(known.gate.services.join(", "), known.gate.environment)}
      action={known !== null && <OverrideButton gate={known.gate} />}
    >
      <p class="way-back">
        <a href={href("gates")}>← {text.back}</a>
      </p>
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.failedOne} error={error} onRetry={refresh} />}
      {data === "missing" && (
        <div class="empty">
          <p class="why">{text.unknown(id)}</p>
        </div>
      )}
      {known !== null && (
        <div class={error === null ? "" : "stale"}>
          <Detail {...known} />
        </div>
      )}
      <Done />
    </Frame>
  );
}
