// One silence: what it matches and until when; extend, change, end or copy it.

import { useState } from "preact/hooks";
import { say } from "../../alerting/done";
import { Linked } from "../../alerting/linked";
import { fromV2, type Matcher } from "../../alerting/matchers";
import { copySilence, editSilence, endSilence } from "../../alerting/silencing";
import type { V2Alert, V2Silence } from "../../api/alerting";
import { postV2 } from "../../api/alertmanager";
import { cutMiddle, labelsKey } from "../../format/labels";
import { formatInstant } from "../../format/time";
import { Ago } from "../../parts/ago";
import { Failure } from "../../parts/failure";
import { LabelSet } from "../../parts/labels";
import { Popover } from "../../parts/popover";
import { State, type StateName } from "../../parts/state";
import { zone } from "../../preferences";
import { setParams } from "../../router";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";

const states: Record<V2Silence["status"]["state"], StateName> = {
  active: "healthy",
  pending: "nodata",
  expired: "nodata",
};

const hourMs = 3_600_000;
const extensionsMs = [hourMs, 4 * hourMs, 24 * hourMs];
const nListed = 50;

export function SilenceRow({
  silence,
  hides,
  open,
}: {
  silence: V2Silence;
  hides: V2Alert[];
  open: boolean;
}) {
  const text = ta().silences;
  const [error, setError] = useState<Error | null>(null);
  const { state } = silence.status;
  const act = async (what: () => Promise<void>) => {
    setError(null);
    try {
      await what();
    } catch (error) {
      setError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return (
    <li class="silence">
      <div class="line">
        <State name={states[state]} word={text.state[state]} />
        <div class="who">
          <span class="matching">
            {silence.matchers.map(one => (
              <MatcherText key={labelsKey({ ...one } as never)} matcher={fromV2(one)} />
            ))}
          </span>
          <p class="about">
            <span>
              {state === "pending" ? text.begins : state === "active" ? text.ends : text.ended}{" "}
              <Ago ms={Date.parse(state === "pending" ? silence.startsAt : silence.endsAt)} />
            </span>
            {silence.createdBy !== "" && <span>{text.by(cutMiddle(silence.createdBy, 60))}</span>}
            {state !== "expired" &&
              (hides.length === 0 ? (
                <span>{text.hides(0)}</span>
              ) : (
                <button
                  type="button"
                  class="link"
                  aria-expanded={open}
                  onClick={() => setParams({ open: open ? null : silence.id }, "replace")}
                >
                  {text.hides(hides.length)}
                </button>
              ))}
          </p>
          {silence.comment !== "" && (
            <p class="comment">
              <Linked text={silence.comment} />
            </p>
          )}
        </div>
        <div class="acts">
          {state === "active" && <Extend silence={silence} act={act} />}
          {state !== "expired" && (
            <>
              <button type="button" class="quiet small" onClick={() => editSilence(silence)}>
                {text.change}
              </button>
              <button type="button" class="quiet small" onClick={() => act(() => endSilence(silence))}>
                {text.expire}
              </button>
            </>
          )}
          <button type="button" class="quiet small" onClick={() => copySilence(silence)}>
            {text.copy}
          </button>
        </div>
      </div>
      {error !== null && <Failure what={text.failedChange} error={error} />}
      {open && hides.length > 0 && (
        <ul class="hidden-alerts">
          {hides.slice(0, nListed).map(({ fingerprint, labels: { alertname = "", ...labels } }) => (
            <li key={fingerprint}>
              <span>{cutMiddle(alertname, 80)}</span> <LabelSet labels={labels} limit={8} />
            </li>
          ))}
          {hides.length > nListed && <li class="muted">{ta().silencing.more(hides.length - nListed)}</li>}
        </ul>
      )}
    </li>
  );
}

function MatcherText({ matcher: { name, op, value } }: { matcher: Matcher }) {
  const cut = cutMiddle(value, 80);
  return (
    <code title={cut === value ? undefined : value}>
      <span class="k">{name}</span>
      {op}
      {cut === "" ? '""' : cut}
    </code>
  );
}

interface ExtendProps {
  silence: V2Silence;
  act: (what: () => Promise<void>) => Promise<void>;
}

function Extend({ silence, act }: ExtendProps) {
  const text = ta().silences;
  const extend = async (ms: number) => {
    const { id, matchers, startsAt, createdBy, comment } = silence;
    const ends = Date.parse(silence.endsAt) + ms;
    const put = async (endsAt: string) => {
      await postV2("silences", { id, matchers, startsAt, endsAt, createdBy, comment });
    };
    await put(new Date(ends).toISOString());
    say(text.extended(formatInstant(ends, zone.value).slice(0, 16)), async () => {
      await put(silence.endsAt);
      say(ta().silencing.saved);
    });
  };
  return (
    <Popover face={text.extend} label={text.extend} buttonClass="quiet small">
      {close => (
        <div class="menu">
          {extensionsMs.map(ms => (
            <button
              key={ms}
              type="button"
              onClick={() => {
                close();
                void act(() => extend(ms));
              }}
            >
              {text.extendBy(t().time.span(ms))}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}
