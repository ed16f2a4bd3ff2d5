// What if another objective or window were promised: folded away until it is asked for.

import type { Slo } from "../../api/budgets";
import { lazily } from "../../parts/lazily";
import { place, setParams } from "../../router";
import { tb } from "../../texts/budgets";

const Trying = lazily(async () => (await import("./trying")).Trying);

export function WhatIf({ slo }: { slo: Slo }) {
  const isOpen = place.value.params.has("try");
  return (
    <details
      class="what-if"
      open={isOpen}
      onToggle={event => {
        const { open } = event.currentTarget;
        if (open !== isOpen) setParams({ try: open ? "1" : null, objective: null, window: null }, "replace");
      }}
    >
      <summary>
        <h2>{tb().slo.whatIf}</h2>
      </summary>
      {isOpen && <Trying slo={slo} />}
    </details>
  );
}
