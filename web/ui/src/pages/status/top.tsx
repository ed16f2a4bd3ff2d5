// The largest of some kind, each with its share drawn beneath its name.

import type { Counted } from "../../api/types";
import { cutMiddle } from "../../format/labels";
import { whole } from "../../format/number";
import { formatValue } from "../../format/unit";
import { t } from "../../texts";

interface TopProps {
  title: string;
  counts: Counted[] | null;
  /** What each count is a share of; without it, of the greatest. */
  total?: number;
  bytes?: boolean;
  link?: (name: string) => string;
}

export function Top({ title, counts, total, bytes = false, link }: TopProps) {
  const rows = counts ?? [];
  const most = total ?? rows[0]?.value ?? 1;
  const show = (value: number) => (bytes ? formatValue(value, { of: "B", perSecond: false }) : whole(value));
  return (
    <section>
      <h2>{title}</h2>
      <table class="tops">
        <tbody>
          {rows.map(({ name, value }) => (
            <tr key={name}>
              <td class="mono" title={name}>
                {link === undefined ? cutMiddle(name, 60) : <a href={link(name)}>{cutMiddle(name, 60)}</a>}
                <span class="share" style={{ width: `${Math.min(100, (value / most) * 100)}%` }} />
              </td>
              <td class="number">{show(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="muted">{t().status.nothingYet}</p>}
    </section>
  );
}
