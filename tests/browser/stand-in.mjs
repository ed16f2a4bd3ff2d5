// Serves the built page beside an API that lives elsewhere, as narthex serves both from one port: the same paths, the same
// headers, under any prefix. It is for working on the page before a narthex is there, and for tests of what a real server
// does rarely: a prefix, a slow answer, a failure.

import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const dist = fileURLToPath(new URL("../../web/ui/dist/", import.meta.url));

/** The paths at which narthex serves the page; all other paths are files, the API, or not there. */
const pagePaths = [
  ...[
    "",
    "graph",
    "query",
    "slos",
    "products",
    "gates",
    "reports",
    "alerts",
    "rules",
    "silences",
    "notifications",
    "targets",
    "status",
  ],
  ...["config", "flags", "tsdb-status", "service-discovery"],
];
const api = /^(api\/|-\/|metrics$)/;

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

const policy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; " +
  "form-action 'self'; frame-ancestors 'none'";

/**
 * Starts to serve on a free port of loopback. `intercept(path, request, response)` may answer a request itself, by
 * returning true. Answers with the address, and a function that stops it.
 */
export async function serve({ upstream, prefix = "/", port = 0, intercept = () => false }) {
  const server = createServer(async (incoming, response) => {
    const { pathname } = new URL(incoming.url, "http://loopback");
    if (!pathname.startsWith(prefix)) return refuse(response);
    const path = pathname.slice(prefix.length);
    if (await intercept(path, incoming, response)) return;
    if (path === "slos/new") return response.writeHead(302, { Location: `${prefix}slos?view=new` }).end();
    if (api.test(path)) return forward(upstream, incoming, response, prefix);
    await sendFile(pagePaths.includes(path) ? "index.html" : path, response);
  });
  await new Promise(resolve => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}${prefix}`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise(resolve => server.close(resolve));
  };
  return { url, stop };
}

async function sendFile(path, response) {
  const file = normalize(join(dist, path));
  if (!file.startsWith(dist)) return refuse(response);
  const bytes = await readFile(file).catch(() => null);
  if (bytes === null) return refuse(response);
  const cache = path.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { "Content-Type": type, "Cache-Control": cache, "Content-Security-Policy": policy });
  response.end(bytes);
}

function forward(upstream, incoming, response, prefix) {
  const target = new URL(incoming.url.slice(prefix.length), upstream);
  // The host stays the page's: a server refuses what another origin's page sends.
  const { method, headers } = incoming;
  const outgoing = request(target, { method, headers }, answer => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function refuse(response) {
  response.writeHead(404, { "Content-Type": "text/plain" }).end("404 page not found\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [upstream = "http://127.0.0.1:9090/", port = "9999", prefix = "/"] = process.argv.slice(2);
  const { url } = await serve({ upstream, port: Number(port), prefix });
  process.stdout.write(`${url}\n`);
}
