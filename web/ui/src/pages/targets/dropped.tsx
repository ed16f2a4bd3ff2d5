// Targets that relabelling dropped: what was discovered, and on request the rule that dropped it.

import { useState } from "preact/hooks";
import type { DroppedTarget } from "../../api/types";
import type { Labels } from "../../format/labels";
import { LabelSet } from "../../parts/labels";
import { t } from "../../texts";
import type { Pool } from "./pools";
import { Relabelling } from "./relabelling";

const nAtOnce = 50;

export function Dropped({ pool }: { pool: Pool }) {
  const [all, setAll] = useState(false);
  const n = Math.max(pool.nDropped, pool.dropped.length);
  if (n === 0) return null;
  const text = t().targets;
  const shown = all ? pool.dropped : pool.dropped.slice(0, nAtOnce);
  return (
    <details class="dropped">
      <summary>{text.dropped(n)}</summary>
      <ul>
        {shown.map((target, i) => (
          <One key={i} target={target} />
        ))}
      </ul>
      {shown.length < pool.dropped.length && (
        <button type="button" class="link" onClick={() => setAll(true)}>
          {t().query.showAll(pool.dropped.length)}
        </button>
      )}
      {pool.dropped.length < n && <p class="muted">{text.notKept(n - pool.dropped.length)}</p>}
    </details>
  );
}

function One({ target }: { target: DroppedTarget }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div class="line">
        <LabelSet labels={telling(target.discoveredLabels)} limit={10} />
        <button type="button" class="quiet small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t().targets.why}
        </button>
      </div>
      {open && <Relabelling pool={target.scrapePool} discovered={target.discoveredLabels} />}
    </li>
  );
}

/** Without what every target of the pool has from its configuration. */
function telling(labels: Labels): Labels {
  const configured =
    /^__(scrape_(interval|timeout|native_histograms)|scheme|metrics_path|always_scrape_classic_histograms|convert_classic_histograms_to_nhcb)__?_?$/;
  const entries = Object.entries(labels).filter(([name]) => !configured.test(name));
  return Object.fromEntries(entries);
}
