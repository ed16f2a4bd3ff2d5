// The licences of the packages that end up in the bundle, as `THIRD-PARTY.txt` beside it. What is only used to build
// or to test is not listed: the list is read from the modules that were really bundled.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const packageRoot = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;

export function thirdParty(): Plugin {
  return {
    name: "third-party",
    apply: "build",
    generateBundle() {
      const roots = new Set<string>();
      for (const id of this.getModuleIds()) {
        const root = packageRoot.exec(id)?.[1];
        if (root !== undefined) roots.add(root);
      }
      const source = [...roots].map(notice).sort().join("\n\n");
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY.txt", source });
    },
  };
}

function notice(root: string): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const title = `${manifest.name} ${manifest.version} (${manifest.license})`;
  const file = readdirSync(root).find(name => /^licen[cs]e/i.test(name));
  const text = file === undefined ? "" : readFileSync(join(root, file), "utf8").trim();
  return `${title}\n${"=".repeat(title.length)}\n${text}\n`;
}
