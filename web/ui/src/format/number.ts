// Numbers as people read them: at most three significant digits, a prefix instead of a row of zeros, and never the
// trail of a binary fraction.

const prefixes: [size: number, prefix: string][] = [
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** `value` to `digits` significant digits, without trailing zeros or, from 1e-4 to 1e21, an exponent. */
export function digits(value: number, digits = 3): string {
  const abs = Math.abs(value);
  if (!Number.isFinite(value)) return special(value);
  if (abs !== 0 && (abs < 1e-4 || abs >= 1e21)) return value.toExponential(digits - 1).replace(/\.?0+e/, "e");
  return withMinus(String(Number(value.toPrecision(digits))));
}

/** Three significant digits with a decimal prefix: `1.2 k`, `35 M`; what follows is glued to the prefix. */
export function brief(value: number, unit = ""): string {
  if (!Number.isFinite(value)) return special(value);
  const rounded = Number(value.toPrecision(3));
  const [size, prefix] = prefixes.find(([size]) => Math.abs(rounded) >= size) ?? [1, ""];
  return join(digits(rounded / size), prefix + unit);
}

/** Every digit of a whole number, in groups of three: `12,304`. */
export function whole(value: number): string {
  return withMinus(Math.round(value).toLocaleString("en-US"));
}

/** A fraction as a percentage that keeps its distance from 100: `99.95 %`, `0.3 %`, `99.999 %`. */
export function percent(ratio: number): string {
  if (!Number.isFinite(ratio)) return special(ratio);
  const value = ratio * 100;
  const gap = 100 - value;
  if (gap > 0 && gap < 1) {
    const decimals = Math.min(10, 1 - Math.floor(Math.log10(gap)));
    return `${Number(value.toFixed(decimals))} %`;
  }
  return `${digits(value)} %`;
}

/** Number, space and unit, or the number alone. */
export function join(number: string, unit: string): string {
  return unit === "" ? number : `${number} ${unit}`;
}

export function special(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "−Inf";
}

function withMinus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}
