// The limits that hold, each with its name, how much of it is used, and the setting that raises it. The fullest come first.

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Limit } from "../../api/types";
import { whole } from "../../format/number";
import { formatValue } from "../../format/unit";
import { State } from "../../parts/state";
import { t } from "../../texts";
import { Loaded } from "./loaded";

/** From this share on a limit is worth a look. */
const tight = 0.8;

export function Limits() {
  const limits = useResource("limits", async signal => {
    const { data } = await get<Limit[] | { limits: Limit[] }>("status/limits", {}, signal);
    return Array.isArray(data) ? data : data.limits;
  });
  const text = t().status;
  return (
    <Loaded from={limits}>
      {limits => (
        <table class="limits">
          <thead>
            <tr>
              <th>{text.limit}</th>
              <th class="number">{text.use}</th>
              <th class="number">{text.value}</th>
              <th class="number default">{text.default}</th>
            </tr>
          </thead>
          <tbody>
            {[...limits]
              .sort((a, b) => shareOf(b) - shareOf(a))
              .map(limit => (
                <Row key={limit.name} limit={limit} />
              ))}
          </tbody>
        </table>
      )}
    </Loaded>
  );
}

function Row({ limit }: { limit: Limit }) {
  const share = shareOf(limit);
  const changed = limit.value !== limit.default;
  return (
    <tr>
      <td>
        <span class="mono">{limit.name}</span>
        {limit.setting !== undefined && limit.setting !== limit.name && (
          <div class={limit.setting === "fixed" ? "muted" : "mono muted"}>
            {limit.setting === "fixed" ? t().status.fixed : limit.setting}
          </div>
        )}
      </td>
      <td class="number">
        {limit.use === null || limit.use === undefined ? (
          <span class="muted">–</span>
        ) : share >= tight ? (
          <State name={share >= 1 ? "critical" : "caution"} word={show(limit.use, limit)} />
        ) : (
          show(limit.use, limit)
        )}
        {share > 0 && <span class="share" style={{ width: `${Math.min(100, share * 100)}%` }} />}
      </td>
      <td class="number">
        {changed ? <strong>{bound(limit.value, limit)}</strong> : bound(limit.value, limit)}
      </td>
      <td class="number default muted">{bound(limit.default, limit)}</td>
    </tr>
  );
}

function shareOf({ use, value }: Limit): number {
  return typeof use === "number" && typeof value === "number" && value > 0 ? use / value : 0;
}

function bound(value: number | string | null, limit: Limit): string {
  return value === null || value === 0 ? t().status.noLimit : show(value, limit);
}

function show(value: number | string, { unit }: Limit): string {
  if (typeof value === "string") return value;
  if (unit === "bytes") return formatValue(value, { of: "B", perSecond: false });
  return unit === "seconds" ? formatValue(value, { of: "s", perSecond: false }) : whole(value);
}
