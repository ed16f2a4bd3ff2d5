// Where the reader is: page and parameters, read from the address and written back to it. Everything that a page shows
// stands in its address, so that a copied link shows the same.

import { signal } from "@preact/signals";
import { at, base } from "./base";
import { type Page, resolve } from "./links";

export interface Place {
  page: Page | null;
  params: URLSearchParams;
}

export const place = signal<Place>({ page: "home", params: new URLSearchParams() });

/** Parameters that follow the reader from page to page. */
const shared = ["range", "end", "refresh"];

export type Params = Record<string, string | null | undefined>;

/** Starts to follow the address bar and clicks on links. */
export function startRouter(): void {
  readAddress();
  addEventListener("popstate", readAddress);
  document.addEventListener("click", followLink);
}

/** The address of a page with these parameters; time range and refresh come along unless they are given. */
export function href(page: Page, params: Params = {}): string {
  const all = new URLSearchParams();
  for (const key of shared) {
    const value = place.value.params.get(key);
    if (value !== null && !(key in params)) all.set(key, value);
  }
  for (const [key, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") all.set(key, value);
  }
  return address(page, all);
}

/** Goes to a page, as a click on its link would. */
export function go(page: Page, params: Params = {}): void {
  show(href(page, params), "push");
}

/** Changes parameters of the present page; null removes one. `replace` where going back to the old ones is no use. */
export function setParams(changes: Params, how: "push" | "replace" = "push"): void {
  const { page, params } = place.peek();
  if (page === null) return;
  const next = new URLSearchParams(params);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") next.delete(key);
    else next.set(key, value);
  }
  show(address(page, next), how);
}

function show(url: string, how: "push" | "replace"): void {
  if (url === window.location.href) return;
  const before = place.peek().page;
  if (how === "push") history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  readAddress();
  if (place.peek().page !== before) scrollTo(0, 0);
}

function readAddress(): void {
  const { pathname, search } = window.location;
  if (!pathname.startsWith(base.pathname)) return;
  const found = resolve(pathname.slice(base.pathname.length), search);
  place.value = found;
  // A foreign link becomes ours at once, so that what is copied from the bar is what is shown.
  if (found.page !== null) history.replaceState(history.state, "", address(found.page, found.params));
}

function address(page: Page, params: URLSearchParams): string {
  // Colons and commas are common in what we write and harmless in a query.
  const query = params.toString().replace(/%3A/g, ":").replace(/%2C/g, ",");
  return at(page === "home" ? "" : page) + (query === "" ? "" : `?${query}`);
}

function followLink(event: MouseEvent): void {
  const plainClick =
    event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (
    !plainClick ||
    event.defaultPrevented ||
    link === null ||
    link.target !== "" ||
    link.hasAttribute("download")
  )
    return;
  const url = new URL(link.href);
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname) || url.hash !== "") return;
  if (resolve(url.pathname.slice(base.pathname.length), "").page === null) return;
  event.preventDefault();
  show(url.href, "push");
}
