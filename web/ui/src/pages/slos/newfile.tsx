// The file that promises, and where it has to stand.

import { get } from "../../api/client";
import { useOnce } from "../../api/once";
import type { Trial } from "../../api/trials";
import { at } from "../../base";
import { Source } from "../../parts/copy";
import { tb } from "../../texts/budgets";
import { tt } from "../../texts/trials";
import { StepHead } from "./newfields";
import { patternsIn } from "./newplace";
import type { Written } from "./newspec";

interface Props {
  /** Null as long as something is missing in it. */
  file: Written | null;
  name: string;
  lints: Trial["lints"];
}

export function File({ file, name, lints }: Props) {
  const text = tt().making;
  const path = `${name.replace(/[^\w.-]+/g, "-") || "slo"}.yml`;
  return (
    <section class="step file">
      <StepHead n={5}>{text.file}</StepHead>
      {lints.length > 0 && (
        <ul class="notes" aria-label={text.lints}>
          {lints.map(({ text, place }) => (
            <li key={`${place} ${text}`}>
              <span class="muted mono">{place}</span> {text}
            </li>
          ))}
        </ul>
      )}
      {file === null ? (
        <p class="muted">{text.fileNeeds}</p>
      ) : (
        <>
          <Source text={file.yaml} label={text.file} />
          <Where />
          <Then path={path} />
        </>
      )}
    </section>
  );
}

/** Over HTTP only where that is switched on. */
function Then({ path }: { path: string }) {
  const text = tt().making;
  const { data } = useOnce("flags", async signal => {
    return (await get<Record<string, string>>("status/flags", {}, signal)).data;
  });
  if (data === null) return null;
  const isOpen = data["web.enable-lifecycle"] === "true";
  const reload = isOpen ? `curl -X POST ${at("-/reload")}` : "kill -HUP $(pidof narthex)";
  return (
    <>
      <p>{isOpen ? text.thenReload : text.thenSignal}</p>
      <pre class="example">{`narthex slo check ${path}\n${reload}`}</pre>
    </>
  );
}

function Where() {
  const text = tt().making;
  const { data } = useOnce("configuration", async signal => {
    return patternsIn((await get<{ yaml: string }>("status/config", {}, signal)).data.yaml);
  });
  if (data === null) return null;
  return (
    <>
      <p>{data.length > 0 ? text.put : text.noPattern}</p>
      <pre class="example">{data.length > 0 ? data.join("\n") : tb().slos.noneExample}</pre>
    </>
  );
}
