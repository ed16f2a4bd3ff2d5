// The head that the four pages of alerting share: title, sentence, primary action, and the way between them.

import "./alerting.css";
import type { ComponentChildren } from "preact";
import { alertingPages, type Page } from "../links";
import { href } from "../router";
import { t } from "../texts";
import { ta } from "../texts/alerting";
import { Done } from "./done";
import { SilenceDialog } from "./silencing";

interface Props {
  page: Page;
  sentence: string;
  action?: ComponentChildren;
  children: ComponentChildren;
}

export function Frame({ page, sentence, action, children }: Props) {
  return (
    <div class="alerting">
      <div class="title">
        <h1>{t().pages[page]}</h1>
        <p>{sentence}</p>
        {action}
      </div>
      <nav class="tabs sections" aria-label={ta().tabsLabel}>
        {alertingPages.map(one => (
          <a key={one} href={href(one)} aria-current={one === page ? "page" : undefined}>
            {t().pages[one]}
          </a>
        ))}
      </nav>
      <div class="content">{children}</div>
      <Done />
      <SilenceDialog />
    </div>
  );
}
