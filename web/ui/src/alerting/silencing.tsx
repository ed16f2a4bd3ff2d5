// The dialog that makes or changes a silence: what it matches, how long, by whom and why, and what it hides now.

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { V2Alert, V2Silence } from "../api/alerting";
import { deleteV2, getV2, postV2 } from "../api/alertmanager";
import { useResource } from "../api/resource";
import { cutMiddle } from "../format/labels";
import { formatInstant, parseInstant, zoneName } from "../format/time";
import { Failure } from "../parts/failure";
import { LabelSet } from "../parts/labels";
import { useSettled } from "../parts/settled";
import { State } from "../parts/state";
import { Choice } from "../parts/tabs";
import { keep, read, zone } from "../preferences";
import { t } from "../texts";
import { ta } from "../texts/alerting";
import { say } from "./done";
import { fromV2, isEmpty, type Matcher, type Operator, operators, printMatcher, toV2 } from "./matchers";

export interface Draft {
  /** Of the silence that is changed; null makes a new one. */
  id: string | null;
  matchers: Matcher[];
  /** RFC 3339; null begins at once. */
  startsAt: string | null;
  /** Null where a preset counts from now. */
  endsMs: number | null;
  comment: string;
}

const drafting = signal<Draft | null>(null);

export function silence(matchers: Matcher[]): void {
  drafting.value = { id: null, matchers, startsAt: null, endsMs: null, comment: "" };
}

export function editSilence({ id, matchers, startsAt, endsAt, comment }: V2Silence): void {
  drafting.value = { id, matchers: matchers.map(fromV2), startsAt, endsMs: Date.parse(endsAt), comment };
}

export function copySilence({ matchers, comment }: V2Silence): void {
  drafting.value = { id: null, matchers: matchers.map(fromV2), startsAt: null, endsMs: null, comment };
}

export function SilenceDialog() {
  return drafting.value === null ? null : <Open draft={drafting.value} />;
}

const minuteMs = 60_000;
const presets: Record<string, number> = {
  "30": 30 * minuteMs,
  "120": 120 * minuteMs,
  "480": 480 * minuteMs,
  "1440": 1440 * minuteMs,
  "10080": 10_080 * minuteMs,
};
const usual = "120";

function Open({ draft }: { draft: Draft }) {
  const text = ta().silencing;
  const dialog = useRef<HTMLDialogElement>(null);
  const [matchers, setMatchers] = useState(draft.matchers);
  const [preset, setPreset] = useState(draft.endsMs === null ? usual : "");
  const [until, setUntil] = useState(draft.endsMs === null ? "" : written(draft.endsMs));
  const [by, setBy] = useState(read("author") ?? "");
  const [comment, setComment] = useState(draft.comment);
  const [error, setError] = useState<Error | null>(null);
  const [sending, setSending] = useState(false);
  // Before it is painted: whoever presses Escape at once means this dialog.
  useLayoutEffect(() => {
    dialog.current?.showModal();
    dialog.current
      ?.querySelector<HTMLElement>(draft.matchers.length > 0 ? ".submit" : ".matcher input")
      ?.focus();
  }, [draft]);

  const said = matchers.filter(({ name }) => name.trim() !== "");
  const endsMs = preset === "" ? parseInstant(until, zone.value) : Date.now() + presets[preset]!;
  const wrong =
    said.length === 0
      ? text.needsMatcher
      : said.every(isEmpty)
        ? text.needsSome
        : endsMs === null
          ? text.unreadable
          : endsMs <= Date.now()
            ? text.past
            : "";

  const hidden = useHidden(said.every(isEmpty) ? [] : said);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (wrong !== "" || endsMs === null || sending) return;
    setSending(true);
    keep("author", by);
    const author = by.trim() || text.unnamed;
    try {
      const id = await save(draft, said, endsMs, author, comment);
      dialog.current?.close();
      if (draft.id === null) {
        say(text.done(written(endsMs)), async () => {
          await expire(id);
          say(text.expired);
        });
      } else say(text.saved);
    } catch (error) {
      setError(error instanceof Error ? error : new Error(String(error)));
      setSending(false);
    }
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
    <dialog
      class="silencing"
      ref={dialog}
      aria-label={draft.id === null ? text.titleNew : text.titleEdit}
      onClose={() => {
        drafting.value = null;
      }}
      onClick={event => event.target === dialog.current && dialog.current?.close()}
    >
      <form onSubmit={submit}>
        <header>
          <h2>{draft.id === null ? text.titleNew : text.titleEdit}</h2>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            {t().close} <kbd>Esc</kbd>
          </button>
        </header>
        <div class="body">
          <h3>{text.which}</h3>
          <Matchers matchers={matchers} onChange={setMatchers} />
          <h3>{text.howLong}</h3>
          <div class="howlong">
            <Choice
              label={text.howLong}
              chosen={preset}
              options={Object.entries(presets).map(([key, ms]) => [key, t().time.span(ms)])}
              onChoose={key => {
                setPreset(key);
                setUntil("");
              }}
            />
            <label>
              {text.until}
              <input
                value={preset === "" || endsMs === null ? until : written(endsMs)}
                aria-invalid={endsMs === null}
                onInput={event => {
                  setPreset("");
                  setUntil(event.currentTarget.value);
                }}
              />
              <span class="zone">{zoneName(Date.now(), zone.value)}</span>
            </label>
          </div>
          <div class="who-and-why">
            <label>
              {text.by}
              <input
                value={by}
                placeholder={text.byHint}
                autocomplete="name"
                onInput={event => setBy(event.currentTarget.value)}
              />
            </label>
            <label>
              {text.comment}
              <input
                value={comment}
                placeholder={text.commentHint}
                onInput={event => setComment(event.currentTarget.value)}
              />
            </label>
          </div>
          <Preview hidden={hidden} />
        </div>
        <footer>
          {error !== null && <Failure what={text.failed} error={error} />}
          {error === null && wrong !== "" && (
            <p class="wrong" role="status">
              {wrong}
            </p>
          )}
          <span class="space">{wrong === "" && <Count {...hidden} />}</span>
          <button type="button" onClick={() => dialog.current?.close()}>
            {ta().cancel}
          </button>
          <button type="submit" class="primary submit" disabled={wrong !== "" || sending}>
            {draft.id !== null
              ? text.save
              : preset === ""
                ? text.createUntil
                : text.create(t().time.span(presets[preset]!))}
          </button>
        </footer>
      </form>
    </dialog>
  );
}

/** `2026-11-28 21:30`, in the reader's zone. */
function written(ms: number): string {
  return formatInstant(ms, zone.value).slice(0, 16);
}

async function save(
  draft: Draft,
  matchers: Matcher[],
  endsMs: number,
  createdBy: string,
  comment: string,
): Promise<string> {
  const { silenceID } = await postV2<{ silenceID: string }>("silences", {
    ...(draft.id === null ? {} : { id: draft.id }),
    matchers: matchers.map(toV2),
    startsAt: draft.startsAt ?? new Date().toISOString(),
    endsAt: new Date(endsMs).toISOString(),
    createdBy,
    comment,
  });
  return silenceID;
}

/** Ends a silence; what it hid is told again. Undone, the same silence begins anew. */
export async function endSilence(silence: V2Silence): Promise<void> {
  await expire(silence.id);
  const { matchers, endsAt, createdBy, comment } = silence;
  say(ta().silencing.expired, async () => {
    const startsAt = new Date(Math.max(Date.now(), Date.parse(silence.startsAt))).toISOString();
    await postV2("silences", { matchers, startsAt, endsAt, createdBy, comment });
    say(ta().silencing.restored);
  });
}

function expire(id: string): Promise<void> {
  return deleteV2(`silence/${encodeURIComponent(id)}`);
}

function Matchers({ matchers, onChange }: { matchers: Matcher[]; onChange: (next: Matcher[]) => void }) {
  const text = ta().silencing;
  const change = (at: number, part: Partial<Matcher>) =>
    onChange(matchers.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <div class="matchers">
      {matchers.map((matcher, i) => (
        <div class="matcher" key={i}>
          <input
            class="mono name"
            value={matcher.name}
            aria-label={text.name}
            spellcheck={false}
            onInput={event => change(i, { name: event.currentTarget.value })}
          />
          <select
            value={matcher.op}
            class="mono"
            aria-label={text.operator}
            onChange={event => change(i, { op: event.currentTarget.value as Operator })}
          >
            {operators.map(op => (
              <option key={op} value={op} title={text.operators[op]}>
                {op}
              </option>
            ))}
          </select>
          <input
            class="mono value"
            value={matcher.value}
            aria-label={text.value}
            title={matcher.value}
            spellcheck={false}
            onInput={event => change(i, { value: event.currentTarget.value })}
          />
          <button
            type="button"
            class="quiet"
            aria-label={text.remove(matcher.name)}
            title={text.remove(matcher.name)}
            onClick={() => onChange(matchers.filter((_, at) => at !== i))}
          >
            ✕
          </button>
        </div>
      ))}
      <button
        type="button"
        class="small"
        onClick={() => onChange([...matchers, { name: "", op: "=", value: "" }])}
      >
        {text.add}
      </button>
    </div>
  );
}

const nListed = 6;

interface Hidden {
  data: V2Alert[] | null;
  error: Error | null;
  nAll: number;
  /** More than half of all: perhaps a slip. */
  broad: boolean;
}

/** What these matchers hide now, asked of the server: its regular expressions are the ones that count. */
function useHidden(matchers: Matcher[]): Hidden {
  const key = useSettled(JSON.stringify(matchers.map(printMatcher)));
  const all = useResource("all alerts", signal => getV2<V2Alert[]>("alerts", {}, signal));
  const { data, error } = useResource(key === "[]" ? null : key, signal =>
    getV2<V2Alert[]>("alerts", { filter: JSON.parse(key) as string[] }, signal),
  );
  const nAll = all.data?.length ?? 0;
  const asked = matchers.length > 0;
  const broad = asked && data !== null && data.length > 3 && data.length > nAll / 2;
  return { data: asked ? data : null, error: asked ? error : null, nAll, broad };
}

function Count({ data, error, broad }: Hidden) {
  if (data === null || error !== null) return null;
  const name = data.length === 0 ? "nodata" : broad ? "caution" : "healthy";
  return <State name={name} word={ta().silencing.hides(data.length)} />;
}

function Preview({ hidden }: { hidden: Hidden }) {
  const text = ta().silencing;
  const { data, error, nAll, broad } = hidden;
  if (error !== null) return <Failure what={text.previewFailed} error={error} />;
  if (data === null) return null;
  return (
    <section class="hides" aria-live="polite">
      <p>
        <Count {...hidden} /> {broad && <span>{text.ofAll(data.length, nAll)}</span>}
      </p>
      {data.length > 0 && (
        <ul>
          {data.slice(0, nListed).map(({ fingerprint, labels }) => (
            <li key={fingerprint}>
              <span>{cutMiddle(labels.alertname ?? "", 60)}</span>{" "}
              <LabelSet labels={unnamed(labels)} limit={4} />
            </li>
          ))}
          {data.length > nListed && <li class="muted">{text.more(data.length - nListed)}</li>}
        </ul>
      )}
      <p class="muted">{text.notYet}</p>
    </section>
  );
}

function unnamed({ alertname: _, ...rest }: Record<string, string>): Record<string, string> {
  return rest;
}
