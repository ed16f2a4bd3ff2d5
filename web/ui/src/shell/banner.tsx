// The banner: only when something of narthex itself is wrong. What, since when, and what to do.

import type { WalReplay } from "../api/types";
import { Ago } from "../parts/ago";
import { Flagged } from "../parts/flagged";
import { State } from "../parts/state";
import { t } from "../texts";
import { acceptOpenPort, type Trouble, troubles } from "./health";

export function Banner() {
  return (
    <>
      {troubles.value.map(trouble => (
        <Row key={trouble.kind} trouble={trouble} />
      ))}
    </>
  );
}

function Row({ trouble }: { trouble: Trouble }) {
  const text = t().banner;
  if (trouble.kind === "unreachable") {
    return (
      <div class="banner critical" role="alert">
        <State name="critical" word={text.unreachable} />
        <span class="muted">
          <Ago ms={trouble.sinceMs} />
        </span>
        <span class="detail">{text.unreachableDo}</span>
      </div>
    );
  }
  if (trouble.kind === "starting") return <Starting trouble={trouble} />;
  if (trouble.kind === "reload") {
    return (
      <div class="banner critical" role="alert">
        <State name="critical" word={text.reload} />
        {Number.isFinite(trouble.sinceMs) && (
          <span class="muted">
            <Ago ms={trouble.sinceMs} />
          </span>
        )}
        <span class="detail">{text.reloadDo}</span>
        {trouble.detail !== "" && <pre>{trouble.detail}</pre>}
      </div>
    );
  }
  return (
    <div class="banner">
      <State name="caution" word={text.open} />
      <span class="detail">
        <Flagged text={text.openDo} />
      </span>
      <button type="button" class="quiet small" onClick={acceptOpenPort}>
        {text.openAccept}
      </button>
    </div>
  );
}

function Starting({ trouble }: { trouble: Extract<Trouble, { kind: "starting" }> }) {
  const text = t().banner;
  const share = trouble.replay === null ? null : shareRead(trouble.replay);
  return (
    <div class="banner" role="status">
      <State name="caution" word={text.starting} />
      <span class="detail">{share === null ? text.startingDo : text.replaying(Math.floor(share * 100))}</span>
      {share !== null && share > 0 && (
        <div class="stalk">
          <div style={{ width: `${share * 100}%` }} />
        </div>
      )}
    </div>
  );
}

/** How much of the log has been read; null where there is nothing to read. */
function shareRead({ min, max, current }: WalReplay): number | null {
  return max > min ? Math.max(0, Math.min(1, (current - min) / (max - min))) : null;
}
