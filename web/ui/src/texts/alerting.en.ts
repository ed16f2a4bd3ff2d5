// The texts of alerts, rules, silences and notifications in English.

import type { InstanceState } from "../alerting/instances";
import type { DeliveryStatus } from "../api/alerting";

const plural = (n: number, one: string, many: string) =>
  `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;

const parts = (...texts: string[]) => texts.filter(Boolean).join(", ");

export const alertingEn = {
  tabsLabel: "Pages of alerting",
  undo: "Undo",
  cancel: "Cancel",
  showAll: "Show all",
  filter: 'Filter: words, or severity="page"',
  filterLabel: "Filter by matchers or words",
  stateLabel: "State",
  all: "All",
  product: { none: "Without a product" },
  severity: { none: "Without a severity" },

  alerts: {
    sentence: (firing: number, pending: number, quiet: number) =>
      firing + pending + quiet === 0
        ? ""
        : `${parts(
            firing > 0 ? `${plural(firing, "alert fires", "alerts fire")}` : "Nothing fires aloud",
            pending > 0 ? `${pending} pending` : "",
            quiet > 0 ? `${quiet} kept quiet` : "",
          )}.`,
    failed: "The alerts could not be read.",
    state: { firing: "Firing", pending: "Pending", quiet: "Quiet" } as Record<InstanceState, string>,
    counts: { firing: "firing", pending: "pending", quiet: "quiet" } as Record<InstanceState, string>,
    keepsFiring: "keeps firing",
    keepsFiringWhy: "The expression no longer holds; keep_firing_for holds the alert.",
    since: "since",
    silenced: "silenced",
    inhibited: "inhibited",
    muted: "muted",
    silence: "Silence",
    silenceAll: "Silence all",
    sent: "sent from elsewhere",
    noLabels: "no further labels",
    nothing: "Nothing fires.",
    nothingWhy: (rules: number) =>
      `${plural(rules, "alerting rule is", "alerting rules are")} watching. What fires will stand here, the loudest first.`,
    noRules: "No alert yet: there are no alerting rules.",
    noRulesDo: "Name a rule file in prometheus.yml, write a rule into it, and reload:",
    noneMatch: "No alert matches.",
    chain: {
      rule: "Rule",
      group: "Group",
      told: "Told",
      for: (text: string) => `for ${text}`,
      keep: (text: string) => `keeps firing for ${text}`,
      ask: "Run the query",
      openRule: "Open the rule",
      openSource: "Open its source",
      foreign: "Another program sent this alert.",
      pending: (left: string) => `Not routed yet: it fires in ${left}, if it lasts.`,
      pendingSoon: "Not routed yet: it fires at the next evaluation, if it lasts.",
      notRouted: "Not routed here.",
      notRoutedWhy: "Only what fires has a group; Alertmanagers elsewhere have their own.",
      grouped: (n: number) =>
        n <= 1 ? "alone in its group" : `with ${n - 1} other${n === 2 ? "" : "s"} in its group`,
      byNothing: "not grouped by any label",
      to: "to",
      silencedBy: "silenced, ends",
      silencedByAny: "silenced",
      inhibitedBy: (n: number) => `inhibited by ${plural(n, "alert", "alerts")}`,
      mutedBy: (names: string) => `muted by ${names}`,
      nobody: "Nobody has been told yet.",
      noRecord: "What was sent is not recorded by this server.",
      failed: "What was sent could not be read.",
      more: (n: number) => `All ${n} notifications`,
    },
    explain: {
      /** What happened, by narthex's word for it. */
      what: { told: "Told", failed: "Failed", waiting: "On the way", quiet: "Kept quiet" } as Record<
        string,
        string
      >,
      /** Why nobody was told, by narthex's words for it. */
      quiet: {} as Record<string, string>,
      ask: "Why was I not paged?",
      failed: "The reason could not be read.",
      route: "Route",
      receiver: "Receiver",
      timers: "Timers",
      next: "next look",
      quietBy: "Kept quiet",
      toldAt: "told",
      repeatAt: "again",
      /** What an integration knows, by narthex's words for it. */
      knows: {} as Record<string, string>,
      steps: "What happened, step by step",
      noSteps: "Nothing has happened to it yet.",
    },
  },

  silencing: {
    title: "Silence",
    titleEdit: "Change the silence",
    titleNew: "New silence",
    which: "What is silenced",
    name: "Label",
    operator: "Operator",
    value: "Value",
    operators: { "=": "is", "!=": "is not", "=~": "matches", "!~": "does not match" } as Record<
      string,
      string
    >,
    add: "Add a matcher",
    remove: (name: string) => `Remove the matcher of ${name || "no label"}`,
    howLong: "For how long",
    until: "Until",
    by: "By",
    byHint: "your name",
    unnamed: "unnamed",
    comment: "Comment",
    commentHint: "why, or a ticket",
    create: (span: string) => `Silence for ${span}`,
    createUntil: "Silence",
    save: "Save",
    failed: "The silence could not be saved.",
    previewFailed: "What it hides could not be read.",
    hides: (n: number) => (n === 0 ? "Hides no alert at present" : `Hides ${plural(n, "alert", "alerts")}`),
    ofAll: (n: number, all: number) => `${n} of all ${all}: is that meant?`,
    notYet: "What begins to fire later is hidden too, as long as it matches.",
    more: (n: number) => `and ${n} more`,
    needsMatcher: "A matcher is missing: name at least one label and its value.",
    needsSome: "At least one matcher must ask for a value: these would hide every alert.",
    unreadable: "Write a time as 2026-11-24 10:31.",
    past: "The end lies in the past.",
    done: (until: string) => `Silenced until ${until}.`,
    saved: "The silence was changed.",
    expired: "The silence has ended.",
    restored: "The silence is in force again.",
  },

  silences: {
    sentence: (active: number, pending: number, hidden: number) =>
      active + pending === 0
        ? ""
        : `${parts(
            active > 0
              ? `${plural(active, "silence is", "silences are")} in force`
              : "No silence is in force",
            pending > 0 ? `${pending} to come` : "",
            hidden > 0 ? `${plural(hidden, "alert is", "alerts are")} hidden` : "",
          )}.`,
    failed: "The silences could not be read.",
    missing: "This server keeps no silences.",
    missingDo: "Silences belong to an Alertmanager; narthex has one built in.",
    new: "New silence",
    state: { active: "In force", pending: "To come", expired: "Ended" },
    current: "Current",
    ends: "ends",
    ended: "ended",
    begins: "begins",
    by: (name: string) => `by ${name}`,
    hides: (n: number) => (n === 0 ? "hides nothing now" : `hides ${plural(n, "alert", "alerts")}`),
    extend: "Extend",
    extendBy: (span: string) => `By ${span}`,
    extended: (until: string) => `Extended until ${until}.`,
    change: "Change",
    expire: "End",
    copy: "Copy",
    failedChange: "The silence could not be changed.",
    none: "Nothing is silenced.",
    noneDo: "Silence an alert on its page with two clicks, or write a silence ahead of planned work.",
    noneEnded: "No silence has ended in the last days.",
    noneMatch: "No silence matches.",
  },

  rules: {
    sentence: (rules: number, groups: number, failing: number) =>
      `${plural(rules, "rule", "rules")} in ${plural(groups, "group", "groups")}${
        failing > 0 ? `, ${failing} ${failing === 1 ? "fails" : "fail"}` : ""
      }.`,
    failed: "The rules could not be read.",
    filter: "Filter by name, expression or label",
    kindLabel: "Which rules",
    kinds: { all: "All", failing: "Failing", alerting: "Alerting", recording: "Recording" },
    health: { ok: "Evaluated", err: "Fails", unknown: "Not yet" },
    healthOfGroup: (failing: number, n: number) =>
      failing > 0
        ? `${failing} of ${n} ${n === 1 ? "rule fails" : "rules fail"}`
        : plural(n, "rule", "rules"),
    every: (text: string) => `every ${text}`,
    took: (took: string, share: string) => `took ${took}, ${share} of its interval`,
    evaluated: "evaluated",
    never: "not evaluated yet",
    missed: (n: number) => `${plural(n, "slot", "slots")} missed`,
    missedWhy: "Evaluations that were skipped in the last hour because the one before was not done.",
    alerting: "alert",
    recording: "records",
    for: (text: string) => `for ${text}`,
    firing: (n: number) => `${n} firing`,
    pending: (n: number) => `${n} pending`,
    facts: {
      expression: "Expression",
      labels: "Labels",
      annotations: "Annotations",
      for: "For",
      atOnce: "fires at once",
      keep: "Keeps firing for",
      evaluation: "Evaluation",
      last: "Last evaluation",
      file: "File",
      history: "Last 24 hours",
      alerts: "Alerts",
      seeAlerts: (n: number) => `See ${plural(n, "alert", "alerts")}`,
    },
    run: "Run the query",
    none: "There are no rules.",
    noneDo: "Name a rule file in prometheus.yml, write rules into it, and reload:",
    noneMatch: "No rule matches.",
    history: (most: number, share: string) =>
      most === 0
        ? "Did not fire in the last 24 hours"
        : `Fired ${share} of the last 24 hours, ${most} at once at most`,
    neverFired: "did not fire",
    fired: (share: string, most: number) => `fired ${share} of the time, at most ${most} at once`,
    historyFailed: "The history could not be read.",
    test: {
      title: "Back-test",
      range: "Over the last",
      run: "Back-test",
      again: "Run again",
      running: "Replaying the rule over what is stored…",
      failed: "The rule could not be replayed.",
      never: "It would not have fired.",
      neverDo: "Try a longer range, a lower threshold or a shorter for.",
      sentence: (times: number, total: string, longest: string, pages: number) =>
        `It would have fired ${times === 1 ? "once" : `${times} times`}, for ${total} in all, ${longest} at the longest, and sent ${plural(pages, "notification", "notifications")}.`,
      onlyPending: (n: number) =>
        `It would have been pending ${n === 1 ? "once" : `${n} times`}, and never have fired.`,
      leftOut:
        "Silences, inhibition, and mute and active time intervals are not asked when notifications are counted.",
      took: (took: string) => `Replayed in ${took}.`,
      incomplete: (failed: number, all: number) =>
        `${failed} of ${plural(all, "evaluation", "evaluations")} failed:`,
      pending: "pending",
      firing: "firing",
      row: (labels: string, firing: number, total: string) =>
        `${labels}: fired ${firing === 1 ? "once" : `${firing} times`}, ${total} in all`,
      interval: (state: string, from: string, to: string, long: string) =>
        `${state}, ${from} – ${to} (${long})`,
      fewer: (n: number, all: number) => `The ${n} longest of ${all} are drawn.`,
      missing: "This server has no back-test.",
    },
  },

  notifications: {
    sentence: (n: number, failed: number, waiting: number) =>
      n === 0
        ? ""
        : `${parts(
            failed > 0
              ? plural(failed, "notification failed", "notifications failed")
              : "All that was sent arrived",
            waiting > 0 ? `${waiting} on the way` : "",
          )}.`,
    failed: "The notifications could not be read.",
    missing: "This server sends no notifications itself.",
    missingDo: "narthex does, and keeps a record of each.",
    receivers: "Receivers",
    receiversFailed: "The receivers could not be read.",
    receiver: "Receiver",
    kinds: "Kinds",
    state: "State",
    lastSent: "Last delivered",
    noneSent: "nothing yet",
    delivers: "Delivers",
    fails: "Fails",
    waiting: "On the way",
    idle: "Nothing sent yet",
    test: "Send a test",
    testing: "Sending…",
    tested: (took: string) => `Arrived in ${took}.`,
    testFailed: "The test did not arrive.",
    testNothing: "This receiver has no integration: nothing was sent.",
    log: "Log",
    statusLabel: "Status",
    status: {
      delivered: "Delivered",
      waiting: "On the way",
      failed: "Failed",
      suppressed: "Held back",
    } as Record<DeliveryStatus, string>,
    allReceivers: "All receivers",
    ofAlert: "Of one alert",
    reason: {
      "first notification": "first",
      "new alerts added": "new alerts",
      "all alerts resolved": "all resolved",
      "some alerts resolved": "some resolved",
      "repeat interval elapsed": "repeat",
      test: "test",
    } as Record<string, string>,
    alerts: (firing: number, resolved: number) =>
      parts(firing > 0 ? `${firing} firing` : "", resolved > 0 ? `${resolved} resolved` : ""),
    attempts: (n: number) => plural(n, "attempt", "attempts"),
    took: (text: string) => `took ${text}`,
    decided: "Decided",
    id: "Id",
    group: "Group",
    noGroup: "not grouped by any label",
    alertsTitle: "Alerts",
    attemptsTitle: "Attempts",
    attempt: (n: number) => `Attempt ${n}`,
    arrived: "arrived",
    next: "next",
    body: "As sent",
    noAttempt: "No attempt has ended yet.",
    firing: "firing",
    resolved: "resolved",
    none: "Nothing has been sent yet.",
    noneDo:
      "Each notification will stand here: to whom, why, what was sent and whether it arrived. Receivers stand in alertmanager.yml, which --alertmanager.config.file names:",
    noneMatch: "No notification matches.",
    showMore: (n: number) => `Show ${n} more`,
  },

  home: {
    firing: (n: number) => `${plural(n, "alert fires", "alerts fire")}`,
    all: (n: number) => `All ${n} alerts`,
    quiet: (n: number) => `${n} kept quiet`,
    failed: "The alerts could not be read.",
  },
};
