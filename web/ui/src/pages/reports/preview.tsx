// The report itself, in a frame in which nothing runs. The page it is shown on reads how high it is, and asks it to print.

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, body, encode, reach } from "../../api/client";
import { useOnce } from "../../api/once";
import { at } from "../../base";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { tt } from "../../texts/trials";
import { refresh } from "../../time/range";

interface Props {
  product: string;
  period: string;
  lang: string;
}

/** Until a report is there, and at least. */
const leastHeight = 480;

/** No scripts. Of our origin, so that it can be measured and printed; what it links to opens elsewhere, as if it had no frame. */
const sandbox = "allow-same-origin allow-modals allow-popups allow-popups-to-escape-sandbox";

export function Preview({ product, period, lang }: Props) {
  const text = tt().reports;
  const addressOf = (format: string) =>
    `api/v1/reports/${encodeURIComponent(product)}?${encode({ period, lang, format })}`;
  const address = addressOf("html");
  const { data, error, loading } = useOnce(address, signal => readReport(address, signal));
  const frame = useRef<HTMLIFrameElement>(null);
  const formats = { html: "HTML", png: text.picture, json: "JSON" };
  return (
    <div class="preview">
      <p class="takes">
        {Object.entries(formats).map(([format, name]) => (
          <a key={format} class="button" target="_blank" rel="noreferrer" href={at(addressOf(format))}>
            {name}
          </a>
        ))}
        <button
          type="button"
          disabled={data === null || error !== null}
          onClick={() => frame.current?.contentWindow?.print()}
        >
          {text.print}
        </button>
      </p>
      <Progress on={loading} />
      {error !== null && <Failure what={text.failed} error={error} onRetry={refresh} />}
      {data !== null && (
        <div class={error === null ? "framed" : "framed stale"}>
          <Framed frame={frame} title={text.frame(product, period)} html={data} />
        </div>
      )}
    </div>
  );
}

interface FrameProps {
  frame: RefObject<HTMLIFrameElement>;
  title: string;
  html: string;
}

/** As high as what it shows, also when a part of that unfolds. */
function Framed({ frame, title, html }: FrameProps) {
  const [height, setHeight] = useState(leastHeight);
  const observer = useRef<ResizeObserver | null>(null);
  useEffect(() => () => observer.current?.disconnect(), []);
  const watch = () => {
    const shown = frame.current?.contentDocument?.documentElement;
    observer.current?.disconnect();
    if (shown === undefined) return;
    const measure = () => setHeight(Math.max(leastHeight, Math.ceil(shown.getBoundingClientRect().height)));
    observer.current = new ResizeObserver(measure);
    observer.current.observe(shown);
    measure();
  };
  return (
    <iframe
      ref={frame}
      title={title}
      sandbox={sandbox}
      srcDoc={html}
      style={{ height: `${height}px` }}
      onLoad={watch}
    />
  );
}

/** A frame follows the rules of the page around it; a report has stricter ones of its own, and its links lead out. */
const head = `<head><base target="_blank"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`;

/** The report as it is served. */
async function readReport(address: string, signal: AbortSignal): Promise<string> {
  const response = await reach(address, { method: "GET" }, signal);
  const said = await body(response);
  if (!response.ok) throw refusalOf(response, said);
  return said.replace("<head>", () => head);
}

function refusalOf({ status, statusText }: Response, said: string): ApiError {
  try {
    const { errorType = "", error = statusText } = JSON.parse(said) as Record<string, string>;
    return new ApiError(errorType, status, error);
  } catch {
    return new ApiError("", status, statusText);
  }
}
