// The texts of trials, of new objectives and of reports, apart from the others: few pages need them.

import { language } from "../preferences";
import { trialsEn } from "./trials.en";
import { trialsZh } from "./trials.zh";

export type TrialTexts = typeof trialsEn;

export function tt(): TrialTexts {
  return language.value === "zh-CN" ? trialsZh : trialsEn;
}
