// Which series of a legend are shown alone.

/** The marks that are shown alone after a click: only this one, all again, or with `add` this one more or less. */
export function select(only: string[], clicked: string, add: boolean, nAll: number): string[] {
  if (!add) return only.length === 1 && only[0] === clicked ? [] : [clicked];
  const next = only.includes(clicked) ? only.filter(one => one !== clicked) : [...only, clicked];
  return next.length === nAll ? [] : next;
}
