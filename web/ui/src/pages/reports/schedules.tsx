// To whom a product's report goes by mail, and when the next one does; what is in its way is said there, too.

import { encode, get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { ReportSchedule } from "../../api/schedules";
import { cutMiddle } from "../../format/labels";
import { Ago } from "../../parts/ago";
import { Failure } from "../../parts/failure";
import { State } from "../../parts/state";
import { t } from "../../texts";
import { tt } from "../../texts/trials";
import { refresh } from "../../time/range";

/** So many addresses are named. */
const mostNamed = 4;

export function Schedules({ product }: { product: string }) {
  const text = tt().reports.mail;
  const question = `reports?${encode({ product })}`;
  const { data, error } = useResource(question, async signal => {
    return (await get<ReportSchedule[]>("reports", { product }, signal)).data;
  });
  if (error !== null) return <Failure what={text.failed} error={error} onRetry={refresh} />;
  if (data === null) return null;
  if (data.length === 0) return <p class="mailed muted">{text.none}</p>;
  return (
    <ul class="mailed">
      {data.map(schedule => (
        <One key={schedule.name} schedule={schedule} />
      ))}
    </ul>
  );
}

function One({ schedule }: { schedule: ReportSchedule }) {
  const { every, at, zone, next, to, error, waiting } = schedule;
  const text = tt().reports.mail;
  const named = to.slice(0, mostNamed).map(address => cutMiddle(address, 40));
  return (
    <li>
      <span title={schedule.name}>{text.every[every]}</span>
      {next !== null && (
        <>
          {" "}
          {text.next(next.period)} <Ago ms={Date.parse(next.due)} />{" "}
          <span class="muted">({`${at}, ${zone}`})</span>
        </>
      )}{" "}
      <span class="muted">→</span>{" "}
      <span title={to.join("\n")}>{text.to(named, to.length - named.length)}</span>
      {error !== null && <Trouble said={error} />}
      {waiting.map(({ period, error, again }) => (
        <Trouble
          key={period}
          said={text.waiting(period, error)}
          againMs={again === null ? null : Date.parse(again)}
        />
      ))}
    </li>
  );
}

function Trouble({ said, againMs = null }: { said: string; againMs?: number | null }) {
  return (
    <div class="trouble">
      <State name="caution" word={t().warning} /> {said}
      {againMs !== null && (
        <>
          {" "}
          {tt().reports.mail.again} <Ago ms={againMs} />
        </>
      )}
    </div>
  );
}
