// The demo's shop: two services that count their requests as real ones do, one scrape target each.

import { createServer } from "node:http";

/** Requests of a service, good and bad, by the version that answered them. */
export class Service {
  #counts = new Map();
  #version = "v41";
  #badShare = 0;
  #rest = 0;

  /** `perSecond` requests reach it. */
  constructor(name, perSecond) {
    this.name = name;
    this.perSecond = perSecond;
    this.startedS = Date.now() / 1000;
  }

  /** From now on this version answers. */
  release(version) {
    this.#version = version;
  }

  /** From now on this share of requests fails. */
  fail(share) {
    this.#badShare = share;
  }

  /** What it has counted, as another process of it would have: for the time before the demo began. */
  add(good, bad, version = this.#version) {
    this.#count(version, 200, good);
    this.#count(version, 500, bad);
  }

  /** Lets `seconds` pass. */
  pass(seconds) {
    const due = this.perSecond * seconds + this.#rest;
    const n = Math.floor(due);
    this.#rest = due - n;
    const bad = Math.round(n * this.#badShare);
    this.add(n - bad, bad);
  }

  #count(version, code, n) {
    const key = `service="${this.name}",version="${version}",code="${code}"`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + n);
  }

  /** Its series, as `/metrics` tells them. */
  text() {
    const lines = [...this.#counts].map(([labels, n]) => `shop_requests_total{${labels}} ${n}`);
    return [
      "# HELP shop_requests_total Requests by outcome.",
      "# TYPE shop_requests_total counter",
      ...lines,
      "# HELP process_start_time_seconds Since when the process runs.",
      "# TYPE process_start_time_seconds gauge",
      `process_start_time_seconds ${this.startedS}`,
      "",
    ].join("\n");
  }
}

/** Serves `/metrics` of a service on a free port of loopback; answers with the port. */
export async function serve(service) {
  const server = createServer((request, response) => {
    response.setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(request.url === "/metrics" ? service.text() : "");
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
