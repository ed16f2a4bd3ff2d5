// The bar: where one is, where one can go, and the time that all pages show.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { barPageOf, barPages } from "../links";
import { Popover } from "../parts/popover";
import { chooseLanguage, chooseTheme, language, type Theme, theme } from "../preferences";
import { href, place } from "../router";
import { t } from "../texts";
import { TimeControls } from "../time/controls";
import { Mark } from "./mark";
import { searching } from "./search";

export function Bar() {
  const open = useSignal(false);
  const text = t().bar;
  const { page } = place.value;
  // The menu of a narrow page folds when it has led somewhere.
  useEffect(() => {
    open.value = false;
  }, [page, open]);
  return (
    <header class={open.value ? "bar open" : "bar"}>
      <a class="mark" href={href("home")}>
        <Mark />
        narthex
      </a>
      <nav aria-label={text.pages}>
        {barPages.map(other => (
          <a
            key={other}
            href={href(other)}
            aria-current={page !== null && barPageOf(page) === other ? "page" : undefined}
          >
            {t().pages[other]}
          </a>
        ))}
      </nav>
      <span class="space" />
      <button
        type="button"
        class="find"
        aria-label={text.search}
        onClick={() => {
          searching.value = true;
        }}
      >
        <svg
          width="16"
          height="16"
          viewBox="0 0 16 16"
          fill="none"
          stroke="currentColor"
          stroke-width="1.5"
          aria-hidden="true"
        >
          <circle cx="7" cy="7" r="4.5" />
          <path d="m10.5 10.5 3.5 3.5" stroke-linecap="round" />
        </svg>
        <span style={{ flex: 1, textAlign: "left" }}>{text.search}</span>
        <kbd>/</kbd>
      </button>
      <TimeControls />
      <div class="choices">
        <ThemeChoice />
        <LanguageSwitch />
      </div>
      <button
        type="button"
        class="quiet fold"
        aria-expanded={open.value}
        aria-label={text.menu}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <svg
          width="18"
          height="18"
          viewBox="0 0 18 18"
          stroke="currentColor"
          stroke-width="1.5"
          stroke-linecap="round"
          aria-hidden="true"
        >
          <path d="M2 5h14M2 9h14M2 13h14" />
        </svg>
      </button>
    </header>
  );
}

function ThemeChoice() {
  const text = t().bar;
  const options: Theme[] = ["auto", "light", "dark"];
  return (
    <Popover face={<span aria-hidden="true">◐</span>} label={text.theme}>
      {close => (
        <div class="menu">
          {options.map(option => (
            <button
              key={option}
              type="button"
              aria-pressed={theme.value === option}
              onClick={() => {
                chooseTheme(option);
                close();
              }}
            >
              {text.themes[option]}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}

/** Each language is named in itself, for those who do not read the present one. */
function LanguageSwitch() {
  const english = language.value === "en";
  return (
    <button
      type="button"
      class="quiet"
      lang={english ? "zh-CN" : "en"}
      title={english ? "简体中文" : "English"}
      onClick={() => chooseLanguage(english ? "zh-CN" : "en")}
    >
      <span class="unseen">{english ? "简体中文" : "English"}</span>
      {english ? "中" : "EN"}
    </button>
  );
}
