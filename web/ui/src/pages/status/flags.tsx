// The flags narthex was started with, those that are not as usual first where it is known.

import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import { t } from "../../texts";
import { Loaded } from "./loaded";

export function Flags() {
  const [filter, setFilter] = useState("");
  const flags = useResource(
    "flags",
    async signal => (await get<Record<string, string>>("status/flags", {}, signal)).data,
  );
  const text = t().status;
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return (
    <>
      <input
        type="search"
        class="filter"
        placeholder={text.filterFlags}
        aria-label={text.filterFlags}
        value={filter}
        onInput={event => setFilter(event.currentTarget.value)}
      />
      <Loaded from={flags}>
        {flags => {
          const found = Object.entries(flags).filter(([name, value]) =>
            words.every(word => `--${name} ${value}`.toLowerCase().includes(word)),
          );
          return (
            <>
              <table class="flags">
                <tbody>
                  {found.map(([name, value]) => (
                    <tr key={name}>
                      <td class="mono">--{name}</td>
                      <td class="mono">{value === "" ? <span class="muted">–</span> : value}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {found.length === 0 && <p class="muted">{text.noFlag(filter)}</p>}
            </>
          );
        }}
      </Loaded>
    </>
  );
}
