// Whether the page is as narrow as a phone, for what style sheets alone cannot change.

/** The width below which style sheets use the narrow layout too. */
const narrowPx = 720;

export function isNarrow(): boolean {
  return innerWidth <= narrowPx;
}
