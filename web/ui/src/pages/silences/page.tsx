// The silences page: what is silenced, until when, by whom and why, and what each hides now.

import { useState } from "preact/hooks";
import { Frame } from "../../alerting/frame";
import { fromV2, printMatcher } from "../../alerting/matchers";
import { silence } from "../../alerting/silencing";
import type { V2Alert, V2Silence } from "../../api/alerting";
import { getV2, ifThere } from "../../api/alertmanager";
import { useResource } from "../../api/resource";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { Choice } from "../../parts/tabs";
import { href, place, setParams } from "../../router";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { refresh } from "../../time/range";
import { SilenceRow } from "./row";

type Shown = "current" | "expired";

interface Silences {
  silences: V2Silence[];
  /** How many alerts each hides now, by id. */
  hidden: Map<string, V2Alert[]>;
  nHidden: number;
}

const nAtOnce = 100;

export default function SilencesPage() {
  // Undefined while nothing came; null where this server keeps none.
  const { data, error, loading } = useResource("silences", readSilences);
  const text = ta().silences;
  const { params } = place.value;
  const shown: Shown = params.get("state") === "expired" ? "expired" : "current";
  const q = params.get("q") ?? "";
  const known = data === null || data === "missing" ? null : data;
  const count = (...states: string[]) =>
    known?.silences.filter(({ status }) => states.includes(status.state)).length ?? 0;
  return (
    <Frame
      page="silences"
      sentence={known === null ? "" : text.sentence(count("active"), count("pending"), known.nHidden)}
      action={
        known !== null && (
          <button type="button" class="primary" onClick={() => silence([{ name: "", op: "=", value: "" }])}>
            {text.new}
          </button>
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
      {known !== null && known.silences.length > 0 && (
        <div class="filters">
          <input
            type="search"
            value={q}
            placeholder={ta().filter}
            aria-label={ta().filterLabel}
            spellcheck={false}
            onInput={event => setParams({ q: event.currentTarget.value }, "replace")}
          />
          <Choice
            label={ta().stateLabel}
            chosen={shown}
            options={[
              ["current", `${text.current} ${count("active", "pending")}`],
              ["expired", `${text.state.expired} ${count("expired")}`],
            ]}
            onChoose={one => setParams({ state: one === "expired" ? one : null }, "replace")}
          />
        </div>
      )}
      {known !== null && (
        <div class={error === null ? "" : "stale"}>
          <List known={known} shown={shown} q={q} />
        </div>
      )}
    </Frame>
  );
}

async function readSilences(signal: AbortSignal): Promise<Silences | "missing"> {
  const [silences, alerts] = await Promise.all([
    ifThere(() => getV2<V2Silence[]>("silences", {}, signal)),
    ifThere(() => getV2<V2Alert[]>("alerts", {}, signal)),
  ]);
  if (silences === null) return "missing";
  const hidden = new Map<string, V2Alert[]>();
  for (const alert of alerts ?? []) {
    for (const id of alert.status.silencedBy) hidden.set(id, [...(hidden.get(id) ?? []), alert]);
  }
  const nHidden = (alerts ?? []).filter(({ status }) => status.silencedBy.length > 0).length;
  return { silences, hidden, nHidden };
}

function List({ known, shown, q }: { known: Silences; shown: Shown; q: string }) {
  const [all, setAll] = useState(false);
  const ofState = known.silences.filter(
    ({ status }) => (status.state === "expired") === (shown === "expired"),
  );
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = ofState.filter(one => words.every(word => textOf(one).includes(word))).sort(order);
  const open = place.value.params.get("open");
  // A link to one silence shows it whatever is chosen.
  const linked = known.silences.find(({ id }) => id === open && !found.some(one => one.id === id));
  const rows = linked === undefined ? found : [linked, ...found];
  if (rows.length === 0) return <Nothing isFiltered={ofState.length > 0} shown={shown} />;
  return (
    <>
      <ul class="silences">
        {(all ? rows : rows.slice(0, nAtOnce)).map(one => (
          <SilenceRow
            key={one.id}
            silence={one}
            hides={known.hidden.get(one.id) ?? []}
            open={one.id === open}
          />
        ))}
      </ul>
      {!all && rows.length > nAtOnce && (
        <button type="button" class="link more" onClick={() => setAll(true)}>
          {t().query.showAll(rows.length)}
        </button>
      )}
    </>
  );
}

function textOf({ matchers, comment, createdBy }: V2Silence): string {
  return `${matchers.map(fromV2).map(printMatcher).join(" ")} ${comment} ${createdBy}`.toLowerCase();
}

/** What ends first is first; of those that have ended, what ended last. */
function order(a: V2Silence, b: V2Silence): number {
  const state = (one: V2Silence) => (one.status.state === "active" ? 0 : 1);
  const byEnd = Date.parse(a.endsAt) - Date.parse(b.endsAt);
  return a.status.state === "expired" ? -byEnd : state(a) - state(b) || byEnd;
}

function Nothing({ isFiltered, shown }: { isFiltered: boolean; shown: Shown }) {
  const text = ta().silences;
  return (
    <div class="empty">
      <p class="why">{isFiltered ? text.noneMatch : shown === "expired" ? text.noneEnded : text.none}</p>
      {isFiltered ? (
        <p>
          <button type="button" class="link" onClick={() => setParams({ q: null }, "replace")}>
            {ta().showAll}
          </button>
        </p>
      ) : (
        shown === "current" && (
          <>
            <p>{text.noneDo}</p>
            <p>
              <a href={href("alerts")}>{t().pages.alerts}</a>
            </p>
          </>
        )
      )}
    </div>
  );
}
