// A link to where others are: pipelines, targets. Addresses come from whoever reported them: only those of the web become links.

import type { ComponentChildren } from "preact";

export function Outward({ url, children }: { url: string | null | undefined; children: ComponentChildren }) {
  if (!/^https?:\/\//.test(url ?? "")) return <span>{children}</span>;
  return (
    <a href={url!} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}
