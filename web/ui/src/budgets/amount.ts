// Numbers of events: whole ones to the last, a part of one with its digits.

import { digits, whole } from "../format/number";

export function printAmount(n: number): string {
  return Number.isInteger(n) || Math.abs(n) >= 100 ? whole(n) : digits(n);
}
