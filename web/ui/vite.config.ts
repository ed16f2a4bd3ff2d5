// How the page is built. Every file under `assets/` carries a hash of its content in its name and may be cached for
// ever; `index.html` and what lies beside it may not. All addresses are relative, so that the page works under any
// path prefix.

import { defineConfig } from "vitest/config";
import { thirdParty } from "./third-party.ts";

const server = process.env.NARTHEX_URL ?? "http://localhost:9090";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // Data URIs are refused by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The editor is one large chunk on purpose: it is loaded only where a query is typed.
    chunkSizeWarningLimit: 600,
  },
  plugins: [thirdParty()],
  server: {
    proxy: { "/api": server, "/-/": server, "/metrics": server },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
