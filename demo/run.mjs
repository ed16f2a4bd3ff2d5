// `make demo`: a small shop with an hour behind it, an incident, a bad release, and what narthex makes of them, in about four
// minutes: a budget burns, a page goes out to a local mailbox, a release fails its watch, a gate closes, a report is written.
//
// Usage: node demo/run.mjs NARTHEX [ADDRESS]      (everything is kept in a directory of its own, which is named at the end)

import { spawn, spawnSync } from "node:child_process";
import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startMailbox } from "./mailbox.mjs";
import { Service, serve } from "./shop.mjs";

const program = resolve(process.argv[2] ?? "target/release/narthex");
const address = process.argv[3] ?? "127.0.0.1:9090";
const url = `http://${address}`;
const here = dirname(fileURLToPath(import.meta.url));
const directory = await mkdtemp(join(tmpdir(), "narthex-demo-"));

const hour = 3600;
const stepS = 10;
/** How often the shop counts, and is scraped. */
const tickS = 1;

const checkout = new Service("checkout-api", 40);
const payments = new Service("payments", 40);
const services = [checkout, payments];

const startedMs = Date.now();
const say = text => {
  const s = Math.round((Date.now() - startedMs) / 1000);
  process.stdout.write(`${String(Math.floor(s / 60)).padStart(2)}:${String(s % 60).padStart(2, "0")}  ${text}\n`);
};
const wait = seconds => new Promise(done => setTimeout(done, seconds * 1000));

/** Runs the program while the shop goes on, and shows what it said; answers with its exit. */
async function narthex(...words) {
  say(`$ narthex ${words.join(" ")}`);
  const child = spawn(program, [...words, `--server=${url}`], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", data => {
      said += data;
    });
  }
  const status = await new Promise(done => child.on("close", done));
  for (const line of said.split("\n").filter(line => line.trim() !== "")) process.stdout.write(`         ${line}\n`);
  return status;
}

/** The same, without a server and without a word. */
function quietly(...words) {
  const { status, stderr } = spawnSync(program, words, { cwd: directory, encoding: "utf8" });
  if (status !== 0) throw new Error(`narthex ${words.join(" ")}: ${stderr}`);
}

/** An hour of the shop before the demo, as text with times: a budget of a shop that just opened says little. */
function history(ports) {
  const endS = Math.floor(Date.now() / 1000);
  const lines = ["# TYPE shop_requests counter"];
  const up = ["# TYPE up gauge"];
  for (const [i, service] of services.entries()) {
    const labels = `instance="127.0.0.1:${ports[i]}",job="shop"`;
    service.startedS = endS - hour;
    for (let atS = endS - hour; atS <= endS; atS += stepS) {
      if (atS > endS - hour) service.add(service.perSecond * stepS - 1, (endS - atS) % (4 * stepS) === 0 ? 1 : 0);
      else service.add(0, 0);
      for (const line of service.text().split("\n").filter(line => line.startsWith("shop_")))
        lines.push(line.replace("{", `{${labels},`).replace(/ (\S+)$/, ` $1 ${atS}`));
      up.push(`up{${labels}} 1 ${atS}`);
    }
  }
  // OpenMetrics wants the samples of a series together.
  const sorted = lines.slice(1).sort((a, b) => seriesOf(a).localeCompare(seriesOf(b)) || timeOf(a) - timeOf(b));
  return [lines[0], ...sorted, ...up, "# EOF", ""].join("\n");
}

const seriesOf = line => line.slice(0, line.indexOf("}"));
const timeOf = line => Number(line.slice(line.lastIndexOf(" ")));

async function configure(ports, mailPort) {
  const targets = ports.map(port => `127.0.0.1:${port}`);
  const prometheus = {
    global: { scrape_interval: `${tickS}s`, scrape_timeout: `${tickS}s`, evaluation_interval: "2s" },
    scrape_configs: [{ job_name: "shop", static_configs: [{ targets }] }],
    narthex: { alertmanager_config_file: "alertmanager.yml", slo_files: ["slo.yml"], self_alerts: false },
  };
  const alertmanager = {
    global: { smtp_smarthost: `127.0.0.1:${mailPort}`, smtp_from: "narthex@shop.example", smtp_require_tls: false },
    route: { receiver: "oncall", group_by: ["slo", "severity"], group_wait: "1s", group_interval: "10s" },
    receivers: [{ name: "oncall", email_configs: [{ to: "oncall@shop.example", send_resolved: true }] }],
  };
  // JSON is YAML.
  await writeFile(join(directory, "prometheus.yml"), JSON.stringify(prometheus, null, 2));
  await writeFile(join(directory, "alertmanager.yml"), JSON.stringify(alertmanager, null, 2));
  await copyFile(join(here, "slo.yml"), join(directory, "slo.yml"));
}

async function start() {
  const flags = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", `--web.listen-address=${address}`];
  const child = spawn(program, flags, { cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", data => {
    log = (log + data).slice(-20_000);
  });
  child.on("exit", code => {
    if (code === null || code === 0) return;
    process.stderr.write(`narthex ended: ${log}\n`);
    process.exit(1);
  });
  for (let n = 0; n < 300; n++) {
    const answer = await fetch(`${url}/-/ready`).catch(() => null);
    if (answer?.ok) return child;
    await wait(0.1);
  }
  throw new Error(`narthex does not become ready: ${log}`);
}

async function left() {
  const { data } = await (await fetch(`${url}/api/v1/products/shop`)).json();
  const ratio = data.budget.remaining_ratio;
  return `${ratio === null ? "nothing is known" : `${Math.round(ratio * 100)} % of the budget is left`}, ${data.state}`;
}

/** Reports a release as a pipeline would, if the gate lets it go out. */
async function release(version, change, badShare) {
  const asked = ["--service=checkout-api", `--version=${version}`];
  const decision = await narthex("gate", "check", "shop-prod", ...asked, `--change=${change}`);
  if (decision !== 0 && decision !== 10) return decision;
  await narthex("deploy", "start", ...asked, `--change=${change}`, "--actor=demo");
  checkout.release(version);
  checkout.fail(badShare);
  return decision;
}

const ports = await Promise.all(services.map(serve));
const mailPort = await startMailbox(directory, (subject, file) => say(`mail: ${subject}\n         ${file}`));
await configure(ports, mailPort);
say("the shop has had a quiet hour");
await writeFile(join(directory, "history.om"), history(ports));
quietly("import", "openmetrics", "history.om", "--storage.tsdb.path=data");
const server = await start();
const stop = () => {
  server.kill("SIGTERM");
  process.exit(0);
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
let lastMs = Date.now();
setInterval(() => {
  const nowMs = Date.now();
  for (const service of services) service.pass((nowMs - lastMs) / 1000);
  lastMs = nowMs;
}, 250);
say(`narthex runs: ${url}/slos`);
await wait(10);
say(await left());

say("a good release");
await release("v42", "feature", 0);
await wait(10);
await narthex("deploy", "succeeded", "--service=checkout-api", "--version=v42");

say("an incident: half of all payments fail for half a minute");
payments.fail(0.5);
await wait(30);
payments.fail(0);
say(`the incident is over; ${await left()}`);
await wait(40);

say("a bad release: three of four orders fail");
await release("v43", "feature", 0.75);
await wait(4);
const watched = await narthex("gate", "watch", "shop-prod", "--service=checkout-api", "--version=v43", "--soak=1m");
if (watched !== 0) await narthex("deploy", "rolled-back", "--service=checkout-api", "--version=v43");
say("going back takes its time");
await wait(35);
checkout.release("v42");
checkout.fail(0);
say(`rolled back; ${await left()}`);
await wait(6);

say("the next feature asks the gate");
await release("v44", "feature", 0);
say("a fix asks it, too");
await release("v45", "fix", 0);
await wait(5);
await narthex("deploy", "succeeded", "--service=checkout-api", "--version=v45");

const report = join(directory, "report.html");
await narthex("report", "shop", "--period=1d", "--format=html", `--file=${report}`);
say(`the report: ${report}`);
await narthex("slo", "list");
say(`look around: ${url}/slos  ${url}/products?name=shop  ${url}/reports?product=shop&period=1d  ${url}/notifications   (everything is kept in ${directory})`);
say("the shop goes on until Ctrl-C");
