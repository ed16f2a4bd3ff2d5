// How many fire, wait and are kept quiet, as states.

import type { Counts } from "../../alerting/instances";
import { State } from "../../parts/state";
import { ta } from "../../texts/alerting";

export function Tally({ counts }: { counts: Counts }) {
  const text = ta().alerts.counts;
  const word = (n: number, name: string) => `${n} ${name}`;
  return (
    <span class="tally">
      {counts.firing > 0 && <State name="critical" word={word(counts.firing, text.firing)} />}
      {counts.pending > 0 && <State name="caution" word={word(counts.pending, text.pending)} />}
      {counts.quiet > 0 && <State name="nodata" word={word(counts.quiet, text.quiet)} />}
    </span>
  );
}
