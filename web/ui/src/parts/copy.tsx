// Copies a text, and says that it did.

import { useEffect, useState } from "preact/hooks";
import { t } from "../texts";

const saidForMs = 1500;

export function Copy({
  text,
  face,
  class: kind = "quiet small",
}: {
  text: string;
  face?: string;
  class?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), saidForMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await write(text);
    setCopied(true);
  };
  return (
    <button type="button" class={kind} onClick={copy}>
      {copied ? t().copied : (face ?? t().copy)}
    </button>
  );
}

/** A block of source with its copy button. */
export function Source({ text, label }: { text: string; label: string }) {
  return (
    <div class="source-with-copy">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, and must do so by keyboard too. */}
      {/* biome-ignore lint/a11y/useSemanticElements: what scrolls is the text itself. */}
      <pre class="source" tabIndex={0} aria-label={label} role="region">
        {text}
      </pre>
      <Copy text={text} />
    </div>
  );
}

/** The clipboard's own interface is missing on plain HTTP, where most of these pages are read. */
async function write(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
