// A piece of a series' line: its colour and its dash.

import { strokeOf } from "./paint";

export function Swatch({ slot }: { slot: number }) {
  const { colour, dash } = strokeOf(slot);
  return (
    <svg class="swatch" width="16" height="8" viewBox="0 0 16 8" aria-hidden="true">
      <path
        d="M0 4h16"
        fill="none"
        style={{
          stroke: `var(--series-${colour})`,
          strokeWidth: 3,
          strokeDasharray: dash === undefined ? "none" : dash.join(" "),
        }}
      />
    </svg>
  );
}
