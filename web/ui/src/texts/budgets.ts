// The texts of budgets, apart from the others: the first paint of another page needs none of them.

import { language } from "../preferences";
import { budgetsEn } from "./budgets.en";
import { budgetsZh } from "./budgets.zh";

export type BudgetTexts = typeof budgetsEn;

export function tb(): BudgetTexts {
  return language.value === "zh-CN" ? budgetsZh : budgetsEn;
}
