// The time range and the refresh, in the bar.

import { useState } from "preact/hooks";
import { formatInstant, parseInstant, zoneName } from "../format/time";
import { formatValue } from "../format/unit";
import { Popover } from "../parts/popover";
import { Choice } from "../parts/tabs";
import { chooseZone, zone } from "../preferences";
import { t } from "../texts";
import { move, range, refresh, refreshMs, setRefresh, showRange } from "./range";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const quickMs = [
  5 * minute,
  15 * minute,
  30 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  7 * day,
  30 * day,
  90 * day,
];
const refreshesMs = [5000, 15_000, 30_000, minute, 5 * minute];

export function TimeControls() {
  const text = t().time;
  return (
    <div class="times">
      <button
        type="button"
        class="quiet"
        aria-label={text.back}
        title={`${text.back} [`}
        onClick={() => move(-1)}
      >
        ‹
      </button>
      <Popover face={rangeText()} label={text.range}>
        {close => <RangeSheet close={close} />}
      </Popover>
      <button
        type="button"
        class="quiet"
        aria-label={text.forth}
        title={`${text.forth} ]`}
        disabled={range.value.endMs === null}
        onClick={() => move(1)}
      >
        ›
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={text.refreshNow}
        title={`${text.refreshNow} .`}
        onClick={refresh}
      >
        ↻
      </button>
      <Popover face={refreshText()} label={text.refresh}>
        {close => (
          <div class="menu">
            {[null, ...refreshesMs].map(ms => (
              <button
                key={ms}
                type="button"
                aria-pressed={refreshMs.value === ms}
                onClick={() => {
                  setRefresh(ms);
                  close();
                }}
              >
                {ms === null ? text.never : text.every(shortSpan(ms))}
              </button>
            ))}
          </div>
        )}
      </Popover>
    </div>
  );
}

function rangeText(): string {
  const { lengthMs, endMs } = range.value;
  if (endMs === null) return t().time.last(lengthMs);
  const from = formatInstant(Math.floor((endMs - lengthMs) / 1000) * 1000, zone.value);
  const to = formatInstant(Math.floor(endMs / 1000) * 1000, zone.value);
  // The day is said twice only where there are two, the year only where it is another.
  const year = formatInstant(Date.now(), zone.value).slice(0, 5);
  const start = from.startsWith(year) ? from.slice(5) : from;
  const end = to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to.startsWith(year) ? to.slice(5) : to;
  const seconds = lengthMs < 10 * minute;
  const cut = (text: string) => (seconds ? text : text.slice(0, -3));
  return `${cut(start)} – ${cut(end)}`;
}

/** A fixed window is not read again by itself: it would show the same. */
function refreshText(): string {
  const ms = range.value.endMs === null ? refreshMs.value : null;
  return ms === null ? t().time.off : shortSpan(ms);
}

function shortSpan(ms: number): string {
  return ms === minute ? "1 min" : formatValue(ms / 1000, { of: "s", perSecond: false });
}

function RangeSheet({ close }: { close: () => void }) {
  const text = t().time;
  const { lengthMs, endMs } = range.value;
  return (
    <div class="range">
      <div class="quick">
        {quickMs.map(ms => (
          <button
            key={ms}
            type="button"
            aria-pressed={endMs === null && ms === lengthMs}
            onClick={() => {
              showRange({ lengthMs: ms, endMs: null });
              close();
            }}
          >
            {text.span(ms)}
          </button>
        ))}
      </div>
      <Absolute close={close} key={zone.value} />
    </div>
  );
}

function Absolute({ close }: { close: () => void }) {
  const text = t().time;
  const end = range.value.endMs ?? Date.now();
  const second = (ms: number) => formatInstant(Math.floor(ms / 1000) * 1000, zone.value);
  const [from, setFrom] = useState(second(end - range.value.lengthMs));
  const [to, setTo] = useState(range.value.endMs === null ? "" : second(end));
  const [wrong, setWrong] = useState("");
  const apply = (event: Event) => {
    event.preventDefault();
    const startMs = parseInstant(from, zone.value);
    const endMs = to.trim() === "" ? null : parseInstant(to, zone.value);
    if (startMs === null || (to.trim() !== "" && endMs === null)) return setWrong(text.unreadable);
    const length = (endMs ?? Date.now()) - startMs;
    if (length <= 0) return setWrong(text.backwards);
    showRange({ lengthMs: length, endMs });
    close();
  };
  return (
    <form onSubmit={apply}>
      <label>
        {text.from}
        <input value={from} onInput={event => setFrom(event.currentTarget.value)} spellcheck={false} />
      </label>
      <label>
        {text.to}
        <input
          value={to}
          placeholder={text.now}
          onInput={event => setTo(event.currentTarget.value)}
          spellcheck={false}
        />
      </label>
      {wrong !== "" && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      <div style={{ display: "flex", justifyContent: "space-between", alignItems: "center", gap: "8px" }}>
        <Choice
          label={text.zone}
          chosen={zone.value}
          options={[
            ["local", text.local],
            ["utc", "UTC"],
          ]}
          onChoose={chooseZone}
        />
        <button type="submit">{text.show}</button>
      </div>
      <p class="zone">{zoneName(end, zone.value)}</p>
    </form>
  );
}
