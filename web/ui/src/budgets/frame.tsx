// The head that the pages of budgets share: title, sentence, primary action, and the way between them.

import "./budgets.css";
import type { ComponentChildren } from "preact";
import { budgetPages, type Page } from "../links";
import { href } from "../router";
import { t } from "../texts";
import { tb } from "../texts/budgets";

interface Props {
  page: Page;
  /** What stands for the page's own name, where one thing is shown. */
  title?: string;
  sentence: string;
  /** The one thing to do here. */
  action?: ComponentChildren;
  children: ComponentChildren;
}

export function Frame({ page, title, sentence, action, children }: Props) {
  return (
    <div class="budgets">
      <div class="title">
        <h1>{title ?? t().pages[page]}</h1>
        <p>{sentence}</p>
        {action}
      </div>
      <nav class="tabs sections" aria-label={tb().tabsLabel}>
        {budgetPages.map(one => (
          <a key={one} href={href(one)} aria-current={one === page ? "page" : undefined}>
            {t().pages[one]}
          </a>
        ))}
      </nav>
      <div class="content">{children}</div>
    </div>
  );
}
