// How well a name answers what was typed. Small numbers are better; null is no match.

/** Whole, beginning, beginning of a word, anywhere, or its letters in order; shorter names first among equals. */
export function rank(typed: string, name: string): number | null {
  const needle = typed.trim().toLowerCase();
  const hay = name.toLowerCase();
  if (needle === "") return 4;
  const length = hay.length / 10_000;
  if (hay === needle) return 0;
  const at = hay.indexOf(needle);
  if (at === 0) return 1 + length;
  if (at > 0) return (/[a-z0-9]/.test(hay[at - 1]!) ? 3 : 2) + length;
  const words = needle.split(/[\s_]+/);
  if (words.length > 1 && words.every(word => hay.includes(word)))
    return (inSequence(words, hay) ? 3.5 : 4) + length;
  return inOrder(needle.replace(/\s/g, ""), hay) ? 5 + length : null;
}

export interface Ranked<T> {
  item: T;
  rank: number;
}

/** The `limit` best of `items`, best first. */
export function best<T>(typed: string, items: T[], nameOf: (item: T) => string, limit: number): Ranked<T>[] {
  return items
    .map(item => ({ item, rank: rank(typed, nameOf(item)) }))
    .filter((found): found is Ranked<T> => found.rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, limit);
}

/** Edits between two words, up to `limit`; a swap of neighbours is one. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        next[j] = Math.min(next[j]!, before[j - 2]! + 1);
      }
    }
    [before, row] = [row, next];
  }
  return Math.min(row[b.length]!, limit + 1);
}

/** The word among `known` that someone who typed `word` may have meant. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const lower = word.toLowerCase();
  const limit = Math.max(1, Math.floor(word.length / 3));
  let found: string | null = null;
  let least = limit + 1;
  for (const one of known) {
    const candidate = one.toLowerCase();
    // Of two that are as near, the one that merely goes on is likelier: `rat` is rate rather than rad.
    const edits = distance(lower, candidate, limit) - (candidate.startsWith(lower) ? 0.5 : 0);
    if (edits < least) [found, least] = [one, edits];
  }
  return found;
}

function inSequence(words: string[], hay: string): boolean {
  let from = 0;
  return words.every(word => {
    const at = hay.indexOf(word, from);
    from = at + word.length;
    return at >= 0;
  });
}

function inOrder(needle: string, hay: string): boolean {
  let from = 0;
  for (const letter of needle) {
    const at = hay.indexOf(letter, from);
    if (at < 0) return false;
    from = at + 1;
  }
  return true;
}
