// Requests to narthex's HTTP API in Prometheus's envelope, and the three ways they fail: narthex refused (`ApiError`),
// something else answered (`ApiError` with the status), or nobody did (`Unreachable`).

import { at } from "../base";

export interface Answer<T> {
  data: T;
  /** What the reader should know before trusting the data. */
  warnings: string[];
  infos: string[];
  /** What could not be taken, beside what could. */
  errors: unknown[];
  /** What stands beside a burn-down, and what is expected after it. */
  marks?: unknown;
  expected?: unknown;
}

/** narthex's own refusal: `kind` is its `errorType` (`bad_data`, `execution`, `timeout`, …). */
export class ApiError extends Error {
  constructor(
    readonly kind: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What was asked for, or "missing" where the server has nothing of the kind. */
export async function orMissing<T>(asked: Promise<T>): Promise<T | "missing"> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return "missing";
    throw error;
  }
}

/** No answer at all: narthex is down, or the network is. */
export class Unreachable extends Error {}

export type Query = Record<string, string | number | string[] | undefined>;

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer<T>> {
  const search = encode(query).toString();
  return request<T>(`api/v1/${path}${search === "" ? "" : `?${search}`}`, { method: "GET" }, signal);
}

/** For queries: their text may be longer than an address may be. */
export function post<T>(path: string, query: Query, signal?: AbortSignal): Promise<Answer<T>> {
  return request<T>(`api/v1/${path}`, { method: "POST", body: encode(query) }, signal);
}

/** For what is no form. */
export function postJson<T>(path: string, value: unknown): Promise<Answer<T>> {
  const headers = { "Content-Type": "application/json" };
  return request<T>(`api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(value) });
}

/** Whether narthex is ready to answer; while it replays its log it says 503. */
export async function ready(signal?: AbortSignal): Promise<boolean> {
  const response = await reach("-/ready", { method: "GET" }, signal);
  if (response.ok) return true;
  if (response.status === 503) return false;
  throw new ApiError("", response.status, response.statusText);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

async function request<T>(path: string, init: RequestInit, signal?: AbortSignal): Promise<Answer<T>> {
  const response = await reach(path, init, signal);
  const text = await body(response);
  const envelope = readEnvelope(text);
  if (envelope === null) {
    const said = text.trim().split("\n", 1)[0]!.slice(0, 200);
    throw new ApiError("", response.status, said || response.statusText || String(response.status));
  }
  if (envelope.status !== "success") {
    throw new ApiError(envelope.errorType ?? "", response.status, envelope.error ?? response.statusText);
  }
  return {
    data: envelope.data as T,
    warnings: envelope.warnings ?? [],
    infos: envelope.infos ?? [],
    errors: envelope.errors ?? [],
    marks: envelope.marks,
    expected: envelope.expected,
  };
}

interface Envelope {
  status: string;
  data?: unknown;
  errorType?: string;
  error?: string;
  warnings?: string[];
  infos?: string[];
  errors?: unknown[];
  marks?: unknown;
  expected?: unknown;
}

function readEnvelope(text: string): Envelope | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "status" in value ? (value as Envelope) : null;
  } catch {
    return null;
  }
}

/** Sends a request; `Unreachable` where nobody answers. */
export async function reach(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(at(path), { ...init, signal: signal ?? null });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Unreachable(error instanceof Error ? error.message : String(error));
  }
}

/** The whole of an answer. */
export async function body(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Unreachable(error instanceof Error ? error.message : String(error));
  }
}

/** As parameters of an address or fields of a form. */
export function encode(query: Query): URLSearchParams {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) params.append(key, one);
    else if (value !== undefined) params.append(key, String(value));
  }
  return params;
}
