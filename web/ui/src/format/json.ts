// JSON with its lines broken. Every token stays as it was sent, digit for digit and escape for escape: only space between
// tokens changes.

/** What is no JSON comes back as it is. */
export function indentJson(text: string): string {
  if (!isJson(text)) return text;
  let depth = 0;
  let out = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  for (const [i, token] of tokens.entries()) {
    const closes = token === "}" || token === "]";
    const next = tokens[i + 1];
    if (closes) depth -= 1;
    if (closes && !/[{[]$/.test(tokens[i - 1] ?? "")) out += line();
    out += token;
    if (token === "{" || token === "[") {
      depth += 1;
      if (next !== "}" && next !== "]") out += line();
    } else if (token === ",") out += line();
    else if (token === ":") out += " ";
  }
  return out;
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}
