// An objective while it is being written: its fields, read from the server's draft, and the file that they make. Whatever
// stands in a field comes back out of the file as it was typed.

/** Fields of both kinds of indicators; those of the other kind are empty. */
export interface Form {
  name: string;
  title: string;
  service: string;
  product: string;
  /** In percent, as it is written. */
  objective: string;
  /** `28d` rolls; `1w`, `1M`, `1Q` and `1Y` are a calendar's. */
  window: string;
  /** Which side `part` counts. */
  side: string;
  part: string;
  total: string;
  /** Of a gauge: what is compared, how, and with what, in slices of which length. */
  gauge: string;
  op: string;
  value: string;
  slice: string;
  share: string;
}

export type FieldName = keyof Form;

export const emptyForm: Form = {
  name: "",
  title: "",
  service: "",
  product: "",
  objective: "99.9",
  window: "28d",
  side: "bad",
  part: "",
  total: "",
  gauge: "",
  op: "",
  value: "",
  slice: "",
  share: "",
};

export const isGauge = ({ op }: Form) => op !== "";

/** The fields of a draft. It is YAML by the server's hand: each key that matters stands in it once. */
export function formOf(spec: string): Form {
  const at = (key: string, behind = "") => scalarAt(spec, key, behind);
  const side = /(?:^|[\s{,])good:(?:\s|$)/.test(spec) ? "good" : "bad";
  const op = at("op");
  const length = at("duration", "timeWindow:") || emptyForm.window;
  return {
    name: at("name"),
    title: at("displayName", "metadata:"),
    service: at("service"),
    product: at("product"),
    objective: at("targetPercent") || percentOf(at("target")) || emptyForm.objective,
    window: length,
    side,
    part: op === "" ? at("query", `${side}:`) : "",
    total: op === "" ? at("query", "total:") : "",
    gauge: op === "" ? "" : at("query", "thresholdMetric:"),
    op,
    value: at("value"),
    slice: at("timeSliceWindow"),
    share: at("timeSliceTarget"),
  };
}

/** The text behind the first `key:` that stands behind `behind`; empty where there is none. */
function scalarAt(spec: string, key: string, behind: string): string {
  const from = spec.indexOf(behind);
  if (from < 0) return "";
  const found = new RegExp(`(?:^|[\\s{,-])${key}:[ ]+(?=[^\\s|>])`).exec(spec.slice(from));
  if (found === null) return "";
  const start = from + found.index + found[0].length;
  const rest = spec.slice(start);
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')/s.exec(rest);
  if (quoted?.[1] !== undefined) return unescaped(quoted[0]);
  if (quoted?.[2] !== undefined) return quoted[2].replaceAll("''", "'");
  const inBraces = /\{[^\n]*$/.test(spec.slice(spec.lastIndexOf("\n", start) + 1, start));
  return /^[^\n]*/
    .exec(rest)![0]
    .replace(inBraces ? /[,}].*/ : / #.*/, "")
    .trim();
}

/** A text in double quotes: what JSON does not know of YAML's escapes stays as it is. */
function unescaped(quoted: string): string {
  try {
    return JSON.parse(quoted.replace(/\\x([\da-f]{2})/gi, "\\u00$1").replace(/\\([ae0v ])/g, "$1"));
  } catch {
    return quoted.slice(1, -1);
  }
}

function percentOf(share: string): string {
  const value = Number(share);
  return share === "" || Number.isNaN(value) ? "" : String(Number((value * 100).toPrecision(12)));
}

/** The file, and which field each of its lines shows; lines count from one. */
export interface Written {
  yaml: string;
  fields: Map<number, FieldName>;
}

/** The file that a form makes. `zone` is whose calendar a calendar's window follows. */
export function written(form: Form, zone: string): Written {
  const lines: string[] = [];
  const fields = new Map<number, FieldName>();
  const put = (text: string, field?: FieldName) => {
    lines.push(text);
    if (field !== undefined) fields.set(lines.length, field);
  };
  put("apiVersion: openslo/v1");
  put("kind: SLO");
  put("metadata:");
  put(`  name: ${scalar(form.name)}`, "name");
  if (form.title !== "") put(`  displayName: ${scalar(form.title)}`, "title");
  if (form.product !== "") {
    put("  labels:");
    put(`    product: ${scalar(form.product)}`, "product");
  }
  put("spec:");
  put(`  service: ${scalar(form.service)}`, "service");
  put("  indicator:");
  put("    metadata:");
  put(`      name: ${scalar(form.name)}`, "name");
  put("    spec:");
  if (isGauge(form)) {
    put("      thresholdMetric:");
    source(put, 8, form.gauge, "gauge");
  } else {
    put("      ratioMetric:");
    put("        counter: true");
    for (const [key, query, field] of [
      [form.side, form.part, "part"],
      ["total", form.total, "total"],
    ] as const) {
      put(`        ${key}:`);
      source(put, 10, query, field);
    }
  }
  put("  timeWindow:");
  for (const line of windowLines(form.window, zone)) put(`  ${line}`, "window");
  put(`  budgetingMethod: ${form.slice === "" ? "Occurrences" : "Timeslices"}`);
  put("  objectives:");
  put(`  - targetPercent: ${amount(form.objective)}`, "objective");
  if (isGauge(form)) {
    put(`    op: ${scalar(form.op)}`, "op");
    put(`    value: ${amount(form.value)}`, "value");
  }
  if (form.slice !== "") {
    put(`    timeSliceWindow: ${amount(form.slice)}`, "slice");
    put(`    timeSliceTarget: ${amount(form.share || "0.99")}`, "share");
  }
  return { yaml: `${lines.join("\n")}\n`, fields };
}

function source(
  put: (text: string, field?: FieldName) => void,
  indent: number,
  query: string,
  field: FieldName,
): void {
  const room = " ".repeat(indent);
  put(`${room}metricSource:`);
  put(`${room}  type: Prometheus`);
  put(`${room}  spec:`);
  put(`${room}    query: ${scalar(query)}`, field);
}

/** A Monday that begins a year: weeks, months, quarters and years are counted from it. */
const anchor = "2024-01-01 00:00:00";

function windowLines(length: string, zone: string): string[] {
  if (!/^\d+[wMQY]$/.test(length)) return [`- duration: ${amount(length)}`, "  isRolling: true"];
  return [
    `- duration: ${length}`,
    "  isRolling: false",
    "  calendar:",
    `    startTime: "${anchor}"`,
    `    timeZone: ${scalar(zone)}`,
  ];
}

/** Words that YAML takes for something else than a text. */
const taken = /^(?:true|false|yes|no|on|off|null|y|n)$/i;

/** A number or a duration as it was typed; whatever else it is, the server says at its place. */
function amount(text: string): string {
  return /^-?\d+(?:\.\d+)?(?:e-?\d+|ms|[smhdwMQY])?$/.test(text) ? text : scalar(text);
}

/** A text as YAML: bare where nobody can mistake it, else quoted. */
export function scalar(text: string): string {
  if (/^[a-z_][\w./+-]*(?: [\w./+-]+)*$/i.test(text) && !taken.test(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must be written as escapes.
  const hard = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]/;
  if (!hard.test(text)) return `'${text.replaceAll("'", "''")}'`;
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    one => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Bounds of a classic histogram: the `le` of a selector, and the selector with another. */
const boundIn = /\ble="([^"\\]*)"/;

export function boundOf(selector: string): string | null {
  return boundIn.exec(selector)?.[1] ?? null;
}

export function withBound(selector: string, bound: string): string {
  return selector.replace(boundIn, () => `le="${bound}"`);
}

/** Whether the past can be asked: what is empty is seen, and needs no words of the server. */
export function isComplete(form: Form): boolean {
  const needed = isGauge(form) ? [form.gauge, form.value] : [form.part, form.total];
  return [...needed, form.name, form.service, form.objective].every(text => text.trim() !== "");
}

/** What the server says is wrong (`12:5: …; 13:5: …`), by the fields that it means. */
export function faultsIn(message: string, { fields }: Written): Map<FieldName, string> {
  const faults = new Map<FieldName, string>();
  for (const [, line, text] of message.matchAll(/\b(\d+):\d+: (.+?)(?=; \d+:\d+: |$)/gs)) {
    const field = fields.get(Number(line));
    if (field !== undefined && !faults.has(field)) faults.set(field, text!);
  }
  return faults;
}

/** A name as objects have them: small letters, digits and dashes. */
export function nameFrom(metric: string): string {
  const name = metric.toLowerCase().replace(/_(?:total|bucket)$/, "");
  return name.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
}
