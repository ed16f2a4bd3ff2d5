// Warnings and infos that came with an answer.

import { t } from "../texts";
import { State } from "./state";

export function Notes({ warnings, infos }: { warnings: string[]; infos: string[] }) {
  return (
    <>
      {warnings.length > 0 && (
        <ul class="notes">
          {warnings.map(text => (
            <li key={text}>
              <State name="caution" word={t().warning} />
              <span>{text}</span>
            </li>
          ))}
        </ul>
      )}
      {infos.length > 0 && (
        <ul class="notes infos">
          {infos.map(text => (
            <li key={text}>
              <span class="muted">{t().info}</span>
              <span>{text}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
