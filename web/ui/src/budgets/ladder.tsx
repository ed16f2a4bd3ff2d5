// The ladder of objectives: what of the past each would have kept, whom it would have woken, and which one is recommended.

import "./trial.css";
import type { Suggestion } from "../api/trials";
import { tt } from "../texts/trials";

interface Props {
  steps: Suggestion[];
  /** The objective that is being tried. */
  chosen: string;
  onChoose: (objective: string) => void;
}

export function Ladder({ steps, chosen, onChoose }: Props) {
  const text = tt();
  return (
    <section>
      <h3>{text.ladder}</h3>
      <p class="muted">{text.ladderWhy}</p>
      <table class="ladder">
        <thead>
          <tr>
            <th>{text.objective}</th>
            <th class="held">{text.held}</th>
            <th class="number">{text.pages}</th>
            <th class="number">{text.tickets}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {steps.map(step => (
            <Step
              key={step.objective}
              step={step}
              isChosen={Number(step.objective) === Number(chosen)}
              onChoose={() => onChoose(step.objective)}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Step({ step, isChosen, onChoose }: { step: Suggestion; isChosen: boolean; onChoose: () => void }) {
  const text = tt();
  const { objective, kept, periods, pages, tickets, recommended } = step;
  return (
    <tr class={isChosen ? "chosen" : ""}>
      <td>
        {objective} %{recommended && <small class="recommended">{text.recommended}</small>}
      </td>
      <td class="held">
        <span class="share" aria-hidden="true">
          <i style={{ width: `${periods === 0 ? 0 : (kept / periods) * 100}%` }} />
        </span>
        {periods === 0 ? "–" : text.heldIn(kept, periods)}
      </td>
      <td class="number">{pages}</td>
      <td class="number">{tickets}</td>
      <td class="number">
        {isChosen ? (
          <span class="muted">{text.chosen}</span>
        ) : (
          <button
            type="button"
            class="small"
            aria-label={`${text.promise}: ${objective} %`}
            onClick={onChoose}
          >
            {text.promise}
          </button>
        )}
      </td>
    </tr>
  );
}
