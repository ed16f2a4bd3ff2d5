// An objective under another target or window: what is stored is counted once more, beside what is promised today.

import type { Slo } from "../../api/budgets";
import { post } from "../../api/client";
import { useOnce } from "../../api/once";
import type { Trial } from "../../api/trials";
import { Ladder } from "../../budgets/ladder";
import { delayOf, Past } from "../../budgets/past";
import { Refusal } from "../../budgets/refusal";
import { heldOf, middleDelay } from "../../budgets/trial";
import { printShare } from "../../budgets/words";
import { percent } from "../../format/number";
import { Progress } from "../../parts/progress";
import { useSettled } from "../../parts/settled";
import { place, setParams } from "../../router";
import { tt } from "../../texts/trials";
import { rollingWindows, WindowSelect } from "./newfields";

export function Trying({ slo }: { slo: Slo }) {
  const text = tt().whatIf;
  const { params } = place.value;
  const objective = params.get("objective") ?? slo.objective;
  const window = params.get("window") ?? slo.window.length;
  const isToday = objective === slo.objective && window === slo.window.length;
  const today = useTrial({ id: slo.id });
  // Only what is otherwise is asked: a calendar's window stays as it is.
  const changes = {
    ...(objective === slo.objective ? {} : { objective }),
    ...(window === slo.window.length ? {} : { window }),
  };
  const asked = JSON.parse(useSettled(JSON.stringify({ id: slo.id, ...changes })));
  const other = useTrial(isToday ? null : asked);
  const tried = isToday ? today : other;
  return (
    <div class="trying">
      <p class="muted">{text.why}</p>
      <div class="asking">
        <label>
          {text.objective}
          <input
            class="mono"
            value={objective}
            inputMode="decimal"
            size={8}
            onInput={event => setParams({ objective: event.currentTarget.value }, "replace")}
          />
        </label>
        <WindowSelect
          label={text.window}
          windows={rollingWindows}
          value={window}
          onChange={next => setParams({ window: next }, "replace")}
        />
        {!isToday && (
          <button
            type="button"
            class="quiet"
            onClick={() => setParams({ objective: null, window: null }, "replace")}
          >
            {text.asToday}
          </button>
        )}
      </div>
      <div class="answer" aria-live="polite">
        <Progress on={tried.loading} />
        <Refusal error={tried.error ?? today.error} />
        {tried.data !== null && (
          <div class={tried.loading || tried.error !== null ? "stale" : ""}>
            {today.data !== null && !isToday && <Beside today={today.data} tried={tried.data} />}
            <Past trial={tried.data} />
            <Ladder
              steps={tried.data.suggestions}
              chosen={tried.data.objective}
              onChoose={next => setParams({ objective: next }, "replace")}
            />
          </div>
        )}
      </div>
    </div>
  );
}

function useTrial(asked: Record<string, string> | null) {
  return useOnce(asked === null ? null : JSON.stringify(asked), async signal => {
    return (await post<Trial>("slos/whatif", asked!, signal)).data;
  });
}

function Beside({ today, tried }: { today: Trial; tried: Trial }) {
  const text = tt().whatIf;
  const columns: [string, (trial: Trial) => string][] = [
    [text.rows.objective, ({ objective, window }) => `${objective} %, ${windowOf(window)}`],
    [text.rows.sli, ({ sli }) => printShare(sli)],
    [text.rows.kept, heldWords],
    [
      text.rows.left,
      ({ budget }) => (budget.remaining_ratio === null ? "–" : percent(budget.remaining_ratio)),
    ],
    [text.rows.pages, ({ pages }) => String(pages)],
    [text.rows.tickets, ({ tickets }) => String(tickets)],
    [text.rows.delay, ({ alerts }) => delayOf(middleDelay(alerts))],
  ];
  return (
    <table class="beside">
      <thead>
        <tr>
          <td />
          <th scope="col">{text.today}</th>
          <th scope="col">{text.tried}</th>
        </tr>
      </thead>
      <tbody>
        {columns.map(([name, cell]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{cell(today)}</td>
            <td class={cell(today) === cell(tried) ? "" : "changed"}>{cell(tried)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function heldWords(trial: Trial): string {
  const { kept, periods } = heldOf(trial);
  return periods === 0 ? "–" : tt().heldIn(kept, periods);
}

function windowOf(length: string): string {
  return tt().windowsOf[length] ?? length;
}
