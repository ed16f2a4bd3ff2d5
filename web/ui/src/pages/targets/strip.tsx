// The last scrapes of a target: how long each took as its height, failures over the full height and marked at the foot,
// so that they are not told by colour alone.

import type { Target } from "../../api/types";
import { parseDuration } from "../../format/duration";
import { formatValue } from "../../format/unit";
import { t } from "../../texts";

const nShown = 60;
const barPx = 3;
const heightPx = 24;

export function Strip({ target }: { target: Target }) {
  const recent = (target.recentScrapes ?? []).slice(-nShown);
  if (recent.length === 0) return null;
  const longest = Math.max(...recent.map(([seconds]) => seconds), 1e-9);
  const nFailed = recent.filter(([, ok]) => !ok).length;
  const label = t().targets.strip(
    recent.length,
    nFailed,
    formatValue(longest, { of: "s", perSecond: false }),
    spanOf(target, recent.length),
  );
  return (
    <svg
      class="strip"
      width={recent.length * barPx}
      height={heightPx}
      viewBox={`0 0 ${recent.length * barPx} ${heightPx}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {recent.map(([seconds, ok], i) => {
        const x = i * barPx;
        if (!ok) {
          return (
            <g key={i} class="failed">
              <rect x={x} y={0} width={barPx - 1} height={heightPx - 4} />
              <rect x={x} y={heightPx - 2} width={barPx - 1} height={2} />
            </g>
          );
        }
        const height = Math.max(2, (seconds / longest) * (heightPx - 4));
        return <rect key={i} x={x} y={heightPx - 4 - height} width={barPx - 1} height={height} />;
      })}
    </svg>
  );
}

function spanOf(target: Target, n: number): string {
  const interval = parseDuration(target.scrapeInterval) ?? 0;
  return formatValue((interval * n) / 1000, { of: "s", perSecond: false });
}
