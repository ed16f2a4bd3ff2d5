// What can be completed in a query: metrics, labels and values from narthex, the words of PromQL, and the queries that
// were run before.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { newCompleteStrategy } from "@prometheus-io/codemirror-promql";
import { base } from "../../base";
import { pastQueries } from "./history";

// One for all panels: names that one of them has read need not be read again for the next.
const strategy = newCompleteStrategy({
  remote: {
    url: base.href.replace(/\/$/, ""),
    // Names older than this are still found when they are typed whole.
    lookbackInterval: 12 * 3_600_000,
    // Without names from the server, PromQL's own are still completed.
    httpErrorHandler: () => {},
    httpMethod: "GET",
  },
});

export async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const past = completePast(context);
  // Into an empty field nobody has asked for metrics yet, but may want an old query back.
  if (context.state.doc.length === 0 && !context.explicit) return past;
  const found = await strategy.promQL(context);
  if (past === null) return found;
  if (found === null) return past;
  // Both lists replace from their own place; where it differs, what is typed decides.
  return found.from === past.from ? { ...found, options: [...found.options, ...past.options] } : found;
}

/** Past queries replace the whole text, and are offered while all of it is what they begin with. */
function completePast({ state, pos }: CompletionContext): CompletionResult | null {
  const typed = state.doc.toString();
  if (pos !== typed.length || typed.includes("\n")) return null;
  const options: Completion[] = pastQueries()
    .filter(query => query !== typed && query.startsWith(typed))
    .map((query, i) => ({ label: query, type: "past", boost: -20 - Math.min(79, i) }));
  return options.length === 0 ? null : { from: 0, options };
}
