// The server under test, and how the tests come to it:
//
// - NARTHEX_URL: one that runs already.
// - NARTHEX_BIN: the program to start on a directory of its own; it takes Prometheus's flags.
// - NARTHEX_STAND_IN=1 with either: the page comes from web/ui/dist through `stand-in.mjs` and only the API from the
//   server. This is how the page is tested before a narthex is built, in front of a Prometheus.
//
// With none of them the tests fail: there is nothing to test.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "./stand-in.mjs";

const STAND_IN = process.env.NARTHEX_STAND_IN === "1";

/** Says nothing of itself: the disk of whoever runs the tests may be nearly full. */
const ALONE = "narthex: {self_alerts: false}";

/** Scrapes itself each second, misses one target and drops another, so that each state is there to see. */
const configuration = port => `${STAND_IN ? "" : ALONE}
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: self
    static_configs:
      - targets: ["127.0.0.1:${port}"]
        labels: {room: "机房-北京"}
      - targets: ["10.0.0.1:80"]
    relabel_configs:
      - source_labels: [__address__]
        regex: 10\\..*
        action: drop
      - source_labels: [__address__]
        regex: (.*):.*
        target_label: host
  - job_name: broken
    static_configs:
      - targets: ["127.0.0.1:1"]
`;

/** Answers with the address of the server, that of its API, who it is, and a function that stops what was started. */
export async function startServer() {
  const { NARTHEX_URL: url, NARTHEX_BIN: program } = process.env;
  const own = url === undefined && program !== undefined ? await start(program) : null;
  const api = url ?? own?.url;
  if (api === undefined) throw new Error("set NARTHEX_URL or NARTHEX_BIN: there is no server to test");
  await scraped(api, 3);
  const front = STAND_IN ? await serve({ upstream: api }) : null;
  const stop = async () => {
    await front?.stop();
    await own?.stop();
  };
  const isNarthex = (await buildInfo(api)).application === "narthex";
  return {
    url: withSlash(front?.url ?? api),
    api: withSlash(api),
    isNarthex,
    scraped: times => scraped(api, times),
    stop,
  };
}

async function start(program) {
  const directory = await mkdtemp(join(tmpdir(), "narthex-browser-"));
  const port = await freePort();
  const file = join(directory, "prometheus.yml");
  await writeFile(file, configuration(port));
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(directory, "data")}`];
  const child = spawn(program, [...flags, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", bytes => (said += bytes));
  const ended = new Promise(resolve => child.on("exit", resolve));
  const url = `http://127.0.0.1:${port}/`;
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  await until("the server is ready", async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${said}`);
    return (await fetch(`${url}-/ready`).catch(() => null))?.ok;
  });
  return { url, stop };
}

/** Waits until a target has been scraped so many times, a second apart: that long is the line to draw. */
function scraped(api, times) {
  const query = new URLSearchParams({ query: "max(count_over_time(scrape_samples_scraped[1h]))" });
  return until(`a target has been scraped ${times} times`, async () => {
    const answer = await fetch(`${withSlash(api)}api/v1/query?${query}`).catch(() => null);
    const body = await answer?.json().catch(() => null);
    return Number(body?.data?.result?.[0]?.value?.[1] ?? 0) >= times;
  });
}

async function buildInfo(api) {
  const answer = await fetch(`${withSlash(api)}api/v1/status/buildinfo`);
  return (await answer.json()).data;
}

/** Asks again and again until `condition` holds; after some minutes it never will. */
export async function until(what, condition) {
  const deadline = Date.now() + 180_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited three minutes in vain until ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** A port that is free, below those that the kernel gives to connections and to whoever asks for any port. */
async function freePort() {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const probe = createServer();
    const isFree = await new Promise(resolve => {
      probe.on("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise(resolve => probe.close(resolve));
    return port;
  }
}

function withSlash(url) {
  return url.endsWith("/") ? url : `${url}/`;
}
