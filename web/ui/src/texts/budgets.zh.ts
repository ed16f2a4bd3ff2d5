// 错误预算相关的文字。

import type { BudgetState } from "../api/budgets";
import type { BudgetTexts } from "./budgets";

const states: Record<BudgetState, string> = {
  nodata: "无数据",
  healthy: "正常",
  caution: "注意",
  critical: "紧急",
  exhausted: "已耗尽",
};

export const budgetsZh: BudgetTexts = {
  tabsLabel: "错误预算页面",
  state: states,
  filter: "按名称、服务或产品筛选",
  filterLabel: "筛选",
  stateLabel: "状态",
  any: "全部",
  showAll: "显示全部",
  back: "全部目标",
  backToProducts: "全部产品",

  events: (n, unit) => (unit === "slices" ? `${n} 个时间片` : `${n} 个事件`),
  unit: { events: "事件", slices: "时间片" },

  slos: {
    failed: "无法读取目标",
    missing: "此服务器不维护错误预算。",
    missingDo: "它不是 narthex，或版本过旧。",
    none: "还没有目标。",
    noneDo: "用 OpenSLO v1 编写，或导入 Sloth、Pyrra 的文件，并在 prometheus.yml 中指明：",
    noneExample: "narthex:\n  slo_files: [slo/*.yml]",
    noneCheck: "narthex slo check FILE 会指出错误所在的行。",
    noneMatch: "没有符合条件的目标。",
    sentence: (n, exhausted, burning) =>
      n === 0
        ? ""
        : [
            `${n} 个目标`,
            exhausted > 0 ? `${exhausted} 个预算耗尽` : "",
            burning > 0 ? `${burning} 个消耗过快` : "",
            exhausted + burning === 0 ? "承诺均已兑现" : "",
          ]
            .filter(Boolean)
            .join(" · "),
    errors: n => `${n} 个文档无法读取`,
    objective: "目标",
    left: "剩余预算",
    sli: "实测",
    target: "承诺",
    burn: "消耗速率",
    burnHint: "当前预算的消耗速度：1 表示恰好在窗口结束时用完。",
    forecast: "预测",
    covered: "测量覆盖",
    noProduct: "未归属产品",
  },

  forecast: {
    none: "足够用到窗口结束之后",
    gone: when => `按当前速度，${when}耗尽`,
    recovers: when => `${when}恢复余量`,
    nodata: "暂无依据",
  },

  slo: {
    failed: "无法读取该目标",
    unknown: id => `没有名为 ${id} 的目标。`,
    left: "预算剩余",
    overdrawn: "已超支",
    promise: (percent, unit, length, rolling) =>
      `${rolling ? `任意 ${length} 内` : `每个 ${length} 周期内`}，${percent} % 的${unit}达标。`,
    tiles: {
      sli: "实测",
      spent: "不达标",
      allowed: "允许",
      remaining: "还可失败",
      total: "总数",
      coverage: "测量覆盖",
      window: "窗口",
    },
    burndown: "预算余量走势",
    burndownFailed: "无法读取余量走势",
    burndownNone: "这段时间内尚无计数。",
    leftLine: "余量",
    evenLine: "匀速消耗",
    burns: "何时通知谁",
    burnsNone: "预算消耗时不会通知任何人：该目标没有告警策略。",
    severity: "紧急程度",
    windows: "窗口",
    factor: "触发阈值",
    long: "长窗口",
    short: "短窗口",
    detects: "完全中断多久后通知",
    never: "永不：目标过低，此组合无法触发",
    firing: "触发中",
    quiet: "未触发",
    toldAs: severity => `事件较少，按 ${severity} 通知`,
    uncounted: "未计入的首个值",
    uncountedWhy: "无法确定这些序列是否从零开始：narthex 首次看到抓取目标时它们已存在，或出现在中断之后。",
    series: "序列",
    value: "值",
    seen: "首次出现",
    evaluation: {
      exact: "由原始计数器精确计数。",
      sampled: "每次评估时用查询采样：该指标不是计数器之和。",
      composite: "由其他目标组合而成。",
    },
    low: percent => `仅 ${percent} 的时间得到测量；未测量的时间既不算好也不算坏。`,
    review: day => `应在 ${day} 前复审。`,
    service: "服务",
    product: "产品",
    alerts: "相关告警",
    query: "相关序列",
  },

  products: {
    failed: "无法读取产品",
    none: "还没有产品。",
    noneDo: "产品把其各服务的目标合并为一份预算。请在同一目录编写 kind 为 Product（narthex/v1）的文档。",
    sentence: (n, exhausted) =>
      n === 0 ? "" : `${n} 个产品${exhausted > 0 ? ` · ${exhausted} 个预算耗尽` : " · 均有余量"}`,
    unknown: name => `没有名为 ${name} 的产品。`,
    components: "预算构成",
    role: { own: "自有", upstream: "上游" },
    roleTitle: "归属",
    bad: "不达标",
    method: {
      events: "所有目标的不达标事件之和除以事件总数。",
      anyBad: "任一目标不达标，则该时间片不达标。",
      weightedBurn: "各目标的消耗速率按权重相加。",
      series: "用户依次需要其中每一项。",
    },
    owners: "产品负责人",
    engineers: "研发",
    policy: "策略",
    informational: "仅展示，不计入",
    burn: "消耗速率",
  },

  home: {
    title: "错误预算",
    all: n => `全部 ${n} 个产品`,
  },
};
