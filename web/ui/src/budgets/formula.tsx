// A condition for those who read no formulas: its sentence, and beneath it, small, the formula that it says.

import type { InWords } from "../api/budgets";
import { cutMiddle } from "../format/labels";

interface Props {
  text: string;
  /** What has no sentence there is clearer as it is. */
  words: InWords | undefined;
  /** Whether what has no sentence is a formula, too, rather than words. */
  isFormula: boolean;
}

/** The longest that is shown. */
const nCharacters = 300;

export function Formula({ text, words, isFormula }: Props) {
  const shown = cutMiddle(text, nCharacters);
  const sentence = words?.[text];
  if (sentence === undefined) return isFormula ? <code>{shown}</code> : <span>{shown}</span>;
  return (
    <>
      {cutMiddle(sentence, nCharacters)}
      <small class="formula muted">
        <code>{shown}</code>
      </small>
    </>
  );
}
