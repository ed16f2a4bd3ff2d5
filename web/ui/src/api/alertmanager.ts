// Requests to Alertmanager's API v2, which narthex answers too. It has no envelope: an answer is the data itself, a refusal
// a text, alone or as `message`.

import { isNarthex, server } from "../shell/health";
import { ApiError, body, encode, get, type Query, reach } from "./client";
import type { BuildInfo } from "./types";

export function getV2<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const search = encode(query).toString();
  return request<T>(`api/v2/${path}${search === "" ? "" : `?${search}`}`, { method: "GET" }, signal);
}

export function postV2<T>(path: string, value: unknown): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return request<T>(`api/v2/${path}`, { method: "POST", headers, body: JSON.stringify(value) });
}

export function deleteV2(path: string): Promise<void> {
  return request<void>(`api/v2/${path}`, { method: "DELETE" });
}

/** Whether an answer says that there is nothing like this here. */
export function isMissing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 405);
}

/** Null where there is nothing like this here. A Prometheus is not asked: it has no notifications. */
export async function ifThere<T>(ask: () => Promise<T>): Promise<T | null> {
  server.value ??= (await get<BuildInfo>("status/buildinfo")).data;
  if (!isNarthex()) return null;
  try {
    return await ask();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function request<T>(path: string, init: RequestInit, signal?: AbortSignal): Promise<T> {
  const response = await reach(path, init, signal);
  const text = await body(response);
  const value = read(text);
  if (!response.ok) throw new ApiError("", response.status, refusal(value, text) || response.statusText);
  return value as T;
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As much of a refusal as is worth a line or two. */
const refusalLimit = 400;

function refusal(value: unknown, text: string): string {
  const said =
    typeof value === "string"
      ? value
      : typeof value === "object" && value !== null && "message" in value
        ? String(value.message)
        : text;
  return said.trim().slice(0, refusalLimit);
}
