// A label set, for reading: the name first, long values cut in the middle, long sets folded.

import { useState } from "preact/hooks";
import { cutMiddle, type Labels } from "../format/labels";
import { t } from "../texts";

const shownAtOnce = 12;
const valueLimit = 64;
const cellLimit = 48;

export function LabelSet({ labels, limit = shownAtOnce }: { labels: Labels; limit?: number }) {
  const [open, setOpen] = useState(false);
  const { __name__: name, ...rest } = labels;
  const entries = Object.entries(rest);
  const shown = open || entries.length <= limit + 1 ? entries : entries.slice(0, limit);
  return (
    <span class="labels">
      {name === undefined && entries.length === 0 && "{}"}
      {name !== undefined && (
        <span class="name" title={name.length > valueLimit ? name : undefined}>
          {cutMiddle(name, valueLimit)}
        </span>
      )}
      {shown.map(([key, value]) => (
        <Label key={key} name={key} value={value} />
      ))}
      {shown.length < entries.length && (
        <button type="button" class="link" onClick={() => setOpen(true)}>
          {t().labels.more(entries.length - shown.length)}
        </button>
      )}
    </span>
  );
}

function Label({ name, value }: { name: string; value: string }) {
  const cut = cutMiddle(value, valueLimit);
  return (
    <span title={cut === value ? undefined : value}>
      <span class="k">{name}</span>
      <span>{cut === "" ? '""' : cut}</span>
    </span>
  );
}

/** One label's value in a table that has a column for each label. */
export function LabelCell({ value }: { value: string | undefined }) {
  if (value === undefined) return <td class="mono muted">–</td>;
  const cut = cutMiddle(value, cellLimit);
  return (
    <td class="mono" title={cut === value ? undefined : value}>
      {cut}
    </td>
  );
}
