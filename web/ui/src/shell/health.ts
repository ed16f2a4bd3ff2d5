// What is wrong with narthex itself, for the banner: it does not answer, it is still replaying its log, its last reload
// failed, or anyone who reaches its port may use it.

import { signal } from "@preact/signals";
import { ApiError, get, ready, Unreachable } from "../api/client";
import type { BuildInfo, RuntimeInfo, WalReplay } from "../api/types";
import { every } from "../clock";
import { keep, read } from "../preferences";
import { refresh } from "../time/range";

export type Trouble =
  | { kind: "unreachable"; sinceMs: number }
  | { kind: "starting"; replay: WalReplay | null }
  | { kind: "reload"; sinceMs: number; detail: string }
  | { kind: "open" };

export const troubles = signal<Trouble[]>([]);

/** Who answers. Before the first answer nothing is known; `application` is absent in a Prometheus. */
export const server = signal<BuildInfo | null>(null);

export const isNarthex = () => server.value?.application === "narthex";

/** `starting` is looked at often, as its end is waited for. */
const calmMs = 15_000;
const waitingMs = 1000;

const waiting = signal(false);
let looking = false;

export function watchHealth(): void {
  void look();
  every(() => (waiting.value ? waitingMs : calmMs), look);
}

/** A request failed in a way that may be narthex's trouble rather than the request's. */
export function suspect(error: unknown): void {
  if (error instanceof Unreachable || (error instanceof ApiError && error.status === 503)) void look();
}

async function look(): Promise<void> {
  if (looking) return;
  looking = true;
  const found = await examine();
  looking = false;
  const blocked = found.some(({ kind }) => kind === "starting" || kind === "unreachable");
  // What was asked for in vain is asked for again.
  if (waiting.peek() && !blocked) refresh();
  waiting.value = blocked;
  troubles.value = found;
}

async function examine(): Promise<Trouble[]> {
  try {
    // While it starts, narthex answers little else: `/-/ready` is asked first only when something was wrong before.
    const starting = troubles.peek().some(({ kind }) => kind === "starting");
    if (starting && !(await ready())) return [{ kind: "starting", replay: await replay() }];
    server.value ??= (await get<BuildInfo>("status/buildinfo")).data;
    return judge((await get<RuntimeInfo>("status/runtimeinfo")).data);
  } catch (error) {
    if (error instanceof Unreachable) return [{ kind: "unreachable", sinceMs: downSince() }];
    return (await isStarting()) ? [{ kind: "starting", replay: await replay() }] : [];
  }
}

function judge(info: RuntimeInfo): Trouble[] {
  const found: Trouble[] = [];
  if (!info.reloadConfigSuccess) {
    found.push({
      kind: "reload",
      sinceMs: Date.parse(info.lastConfigTime),
      detail: info.reloadConfigError ?? "",
    });
  }
  if (info.authentication === "none" && read("open") !== "known") found.push({ kind: "open" });
  return found;
}

/** The reader knows that the port is open; it is not said again in this browser. */
export function acceptOpenPort(): void {
  keep("open", "known");
  troubles.value = troubles.value.filter(({ kind }) => kind !== "open");
}

function downSince(): number {
  const before = troubles.peek().find(trouble => trouble.kind === "unreachable");
  return before?.kind === "unreachable" ? before.sinceMs : Date.now();
}

async function isStarting(): Promise<boolean> {
  return ready().then(
    yes => !yes,
    () => false,
  );
}

async function replay(): Promise<WalReplay | null> {
  return get<WalReplay>("status/walreplay").then(
    answer => answer.data,
    () => null,
  );
}
