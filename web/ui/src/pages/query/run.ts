// What a panel asks narthex, and what comes back.

import { post } from "../../api/client";
import type { MatrixSeries, QueryResult } from "../../api/types";
import { gridOf, Phases, type Picture, pictureOf, roundStep } from "../../chart/lines";
import type { Range } from "../../time/range";

/** More series than this are not drawn nor listed: the browser would stand still. The answer says that it is cut. */
const mostSeries = 5000;

/** narthex answers at most this many points per series; it is asked for no more. */
const mostPoints = 11_000;

export interface Came {
  warnings: string[];
  infos: string[];
  tookMs: number;
}

export interface GraphAnswer extends Came {
  picture: Picture;
}

export interface TableAnswer extends Came {
  result: QueryResult;
  atMs: number;
}

/** Nothing is scraped more often than this as a rule; closer points would only draw stairs. */
const closestS = 5;

/** The step of a panel: what it asks for, or a round one with a point for each two or three pixels. */
export function stepOf(stepMs: number | null, lengthMs: number, widthPx: number): number {
  const lengthS = lengthMs / 1000;
  const round = Math.max(
    roundStep(lengthS, Math.min(800, Math.max(120, widthPx / 2.5))),
    Math.min(closestS, lengthS / 60),
  );
  const wanted = stepMs === null ? round : stepMs / 1000;
  return Math.max(wanted, lengthS / mostPoints);
}

const phases = new Phases();

/** `first` is a question that was not asked before; else it is asked again as time goes on. */
export async function runRange(
  expr: string,
  range: Range,
  stepS: number,
  first: boolean,
  signal: AbortSignal,
): Promise<GraphAnswer> {
  const endS = range.endMs === null ? phases.endS(Date.now() / 1000, stepS, first) : range.endMs / 1000;
  const grid = gridOf(endS, range.lengthMs, stepS);
  const sentMs = performance.now();
  const { data, warnings, infos } = await post<{ result: MatrixSeries[] }>(
    "query_range",
    { query: expr, start: grid.startS, end: grid.endS, step: stepS, limit: mostSeries },
    signal,
  );
  return { picture: pictureOf(data.result, grid), warnings, infos, tookMs: performance.now() - sentMs };
}

export async function runInstant(expr: string, range: Range, signal: AbortSignal): Promise<TableAnswer> {
  const atMs = range.endMs ?? Date.now();
  const sentMs = performance.now();
  const { data, warnings, infos } = await post<QueryResult>(
    "query",
    { query: expr, time: atMs / 1000, limit: mostSeries },
    signal,
  );
  return { result: data, atMs, warnings, infos, tookMs: performance.now() - sentMs };
}
