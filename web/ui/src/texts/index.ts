// The texts of the page, one table per language. `t()` is the present one; whoever calls it while drawing is drawn again
// when the language changes.

import { language } from "../preferences";
import { en } from "./en";
import { zh } from "./zh";

export type Texts = typeof en;

export function t(): Texts {
  return language.value === "zh-CN" ? zh : en;
}
