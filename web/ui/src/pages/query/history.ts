// The queries that were run in this browser, latest first.

import { keep, read } from "../../preferences";

const nKept = 100;

export function pastQueries(): string[] {
  try {
    const list: unknown = JSON.parse(read("queries") ?? "[]");
    return Array.isArray(list) ? list.filter(one => typeof one === "string") : [];
  } catch {
    return [];
  }
}

export function remember(expr: string): void {
  if (expr.trim() === "") return;
  const list = [expr, ...pastQueries().filter(one => one !== expr)].slice(0, nKept);
  keep("queries", JSON.stringify(list));
}
