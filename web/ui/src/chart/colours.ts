// Which colour a series has. Eight colours, solid; then the same eight dashed, then dotted: 24 ways to tell a series. The
// hash of its labels names the first choice, and one that is shown keeps its way when others come or go.

export const nColours = 8;
const nSlots = 24;

/** Remembers who has which slot, for one chart. */
export class Colours {
  private slots = new Map<string, number>();

  /** The slot of each key: colour `slot % 8`, dash `floor(slot / 8)`. */
  assign(keys: string[]): number[] {
    const next = new Map<string, number>();
    const taken = new Set<number>();
    for (const key of keys) {
      const slot = this.slots.get(key);
      if (slot !== undefined && !taken.has(slot)) {
        next.set(key, slot);
        taken.add(slot);
      }
    }
    for (const [i, key] of keys.entries()) {
      if (next.has(key)) continue;
      const slot = firstFree(hash(key), taken) ?? i % nSlots;
      next.set(key, slot);
      taken.add(slot);
    }
    this.slots = next;
    return keys.map(key => next.get(key)!);
  }
}

function firstFree(hash: number, taken: Set<number>): number | undefined {
  for (let dash = 0; dash < nSlots / nColours; dash++) {
    for (let i = 0; i < nColours; i++) {
      const slot = dash * nColours + ((hash + i) % nColours);
      if (!taken.has(slot)) return slot;
    }
  }
  return undefined;
}

/** FNV-1a over the text's UTF-16 units, 32 bits. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
