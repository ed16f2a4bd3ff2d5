// The frame of every page, and which page it frames. Pages are loaded when they are first opened.

import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { cutMiddle } from "./format/labels";
import type { Page } from "./links";
import { Failure } from "./parts/failure";
import { Progress } from "./parts/progress";
import { href, place } from "./router";
import { Banner } from "./shell/banner";
import { Bar } from "./shell/bar";
import { KeySheet } from "./shell/keys";
import { Search } from "./shell/search";
import { t } from "./texts";

const loaders: Record<Page, () => Promise<{ default: ComponentType }>> = {
  home: () => import("./pages/home/page"),
  query: () => import("./pages/query/page"),
  slos: () => import("./pages/slos/page"),
  products: () => import("./pages/products/page"),
  gates: () => import("./pages/gates/page"),
  alerts: () => import("./pages/alerts/page"),
  rules: () => import("./pages/rules/page"),
  silences: () => import("./pages/silences/page"),
  notifications: () => import("./pages/notifications/page"),
  targets: () => import("./pages/targets/page"),
  status: () => import("./pages/status/page"),
};

const loaded = new Map<Page, ComponentType>();

export function App() {
  const { page, params } = place.value;
  const title = page === null ? t().notFound.title : cutMiddle(params.get("g0.expr") || t().pages[page], 60);
  useEffect(() => {
    document.title = `${title} · narthex`;
  }, [title]);
  return (
    <>
      <Bar />
      <Banner />
      <main>{page === null ? <NotFound /> : <PageOf key={page} page={page} />}</main>
      <Search />
      <KeySheet />
    </>
  );
}

function PageOf({ page }: { page: Page }) {
  const [Found, setFound] = useState(() => loaded.get(page));
  const [error, setError] = useState<Error | null>(null);
  const [broken] = useErrorBoundary();
  useEffect(() => {
    if (Found !== undefined) return;
    loaders[page]().then(
      module => {
        loaded.set(page, module.default);
        setFound(() => module.default);
      },
      (error: Error) => setError(error),
    );
  }, [page, Found]);
  if (error !== null)
    return <Failure what={t().pageFailed} error={error} onRetry={() => window.location.reload()} />;
  if (broken !== undefined)
    return <Failure what={t().pageBroke} error={broken} onRetry={() => window.location.reload()} />;
  return Found === undefined ? <Progress on /> : <Found />;
}

function NotFound() {
  const text = t().notFound;
  return (
    <div class="empty">
      <h1>{text.title}</h1>
      <p class="why">{text.why}</p>
      <p>
        <a href={href("query")}>{t().pages.query}</a> · <a href={href("targets")}>{t().pages.targets}</a> ·{" "}
        <a href={href("status")}>{t().pages.status}</a>
      </p>
    </div>
  );
}
