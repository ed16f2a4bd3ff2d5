// The frame of every page, and which page it frames. Pages are loaded when they are first opened.

import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { cutMiddle } from "./format/labels";
import type { Page } from "./links";
import { Failure } from "./parts/failure";
import { lazily } from "./parts/lazily";
import { href, place } from "./router";
import { Banner } from "./shell/banner";
import { Bar } from "./shell/bar";
import { KeySheet } from "./shell/keys";
import { Search } from "./shell/search";
import { t } from "./texts";

const views: Record<Page, ComponentType> = {
  home: lazily(async () => (await import("./pages/home/page")).default),
  query: lazily(async () => (await import("./pages/query/page")).default),
  slos: lazily(async () => (await import("./pages/slos/page")).default),
  products: lazily(async () => (await import("./pages/products/page")).default),
  gates: lazily(async () => (await import("./pages/gates/page")).default),
  reports: lazily(async () => (await import("./pages/reports/page")).default),
  alerts: lazily(async () => (await import("./pages/alerts/page")).default),
  rules: lazily(async () => (await import("./pages/rules/page")).default),
  silences: lazily(async () => (await import("./pages/silences/page")).default),
  notifications: lazily(async () => (await import("./pages/notifications/page")).default),
  targets: lazily(async () => (await import("./pages/targets/page")).default),
  status: lazily(async () => (await import("./pages/status/page")).default),
};

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
  const [broken] = useErrorBoundary();
  if (broken !== undefined)
    return <Failure what={t().pageBroke} error={broken} onRetry={() => window.location.reload()} />;
  const View = views[page];
  return <View />;
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
