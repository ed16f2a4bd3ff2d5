// Label sets as text. Everything here is data from targets: it is shown as text and never read as markup.

export type Labels = Record<string, string>;

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The identity of a series: equal label sets give equal keys. */
export function labelsKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A selector that matches the series: `up{job="node"}`, with UTF-8 names in quotes. */
export function selectorOf(labels: Labels): string {
  const { __name__: name, ...rest } = labels;
  const pairs = Object.entries(rest).map(([k, v]) => `${quoteName(k)}=${quote(v)}`);
  if (name !== undefined && !metricName.test(name)) pairs.unshift(quote(name));
  const plainName = name !== undefined && metricName.test(name) ? name : "";
  return pairs.length === 0 && plainName !== "" ? plainName : `${plainName}{${pairs.join(", ")}}`;
}

/** The labels that all sets share with the same value; of a single set none, as it would leave nothing to tell. */
export function commonLabels(sets: Labels[]): Labels {
  const [first, ...rest] = sets;
  if (first === undefined || rest.length === 0) return {};
  const shared = Object.entries(first).filter(([k, v]) => rest.every(set => set[k] === v));
  return Object.fromEntries(shared);
}

/** What is left of `labels` without those that stand in `common`. */
export function without(labels: Labels, common: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([k]) => common[k] === undefined));
}

/**
 * The names of the labels in which sets differ, sorted, if they make a table: not more than `most`, and none that most
 * sets lack. Else null.
 */
export function differingNames(sets: Labels[], common: Labels, most: number): string[] | null {
  const counts = new Map<string, number>();
  for (const set of sets) {
    for (const name of Object.keys(set))
      if (common[name] === undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rare = [...counts.values()].some(n => n < sets.length / 2);
  return counts.size === 0 || counts.size > most || rare ? null : [...counts.keys()].sort();
}

/** Cuts the middle out of a long text: its beginning and its end are what tells it from others. */
export function cutMiddle(text: string, limit: number): string {
  const characters = [...text];
  if (characters.length <= limit) return text;
  const head = Math.ceil((limit - 1) * 0.6);
  const tail = limit - 1 - head;
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - tail).join("")}`;
}

export function quoteName(name: string): string {
  return labelName.test(name) ? name : quote(name);
}

/** A PromQL string literal. */
export function quote(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
