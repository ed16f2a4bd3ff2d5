// The texts of alerts, rules, silences and notifications, apart from the others: the first paint of another page needs none
// of them.

import { language } from "../preferences";
import { alertingEn } from "./alerting.en";
import { alertingZh } from "./alerting.zh";

export type AlertingTexts = typeof alertingEn;

export function ta(): AlertingTexts {
  return language.value === "zh-CN" ? alertingZh : alertingEn;
}
