// What the reader chose once and keeps: theme, language, time zone. They are the browser's, not the link's: a colleague
// who opens a link sees the same data in their own language.

import { effect, signal } from "@preact/signals";
import type { Zone } from "./format/time";

export type Theme = "auto" | "light" | "dark";
export type Language = "en" | "zh-CN";

export const theme = signal<Theme>(stored("theme", ["auto", "light", "dark"], "auto"));
export const language = signal<Language>(stored("language", ["en", "zh-CN"], ofBrowser(navigator.languages)));
export const zone = signal<Zone>(stored("zone", ["local", "utc"], "local"));

/** Applies the choices to the document, now and whenever they change. */
export function followPreferences(): void {
  effect(() => {
    if (theme.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  });
  effect(() => {
    document.documentElement.lang = language.value;
  });
}

export function chooseTheme(value: Theme): void {
  theme.value = value;
  keep("theme", value);
}

export function chooseLanguage(value: Language): void {
  language.value = value;
  keep("language", value);
}

export function chooseZone(value: Zone): void {
  zone.value = value;
  keep("zone", value);
}

/** The first of the browser's languages that there is a table for. */
function ofBrowser(languages: readonly string[]): Language {
  const first = languages.find(language => /^(en|zh)\b/i.test(language));
  return first !== undefined && /^zh/i.test(first) ? "zh-CN" : "en";
}

// Storage may be full or forbidden; a preference is not worth an error.

function stored<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  const value = read(key);
  return allowed.find(one => one === value) ?? otherwise;
}

export function read(key: string): string | null {
  try {
    return localStorage.getItem(`narthex.${key}`);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`narthex.${key}`, value);
  } catch {
    // Kept until the page is closed, then.
  }
}
