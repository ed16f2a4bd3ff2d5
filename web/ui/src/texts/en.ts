// Every text of the page in English.

const plural = (n: number, one: string, many: string) =>
  `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;

const units: [ms: number, name: string][] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1000, "second"],
];

/** `1 hour`, `90 seconds`: the largest unit that goes into it whole. */
function span(ms: number): string {
  const [size, name] = units.find(([size]) => ms % size === 0) ?? units[3]!;
  const n = Math.round(ms / size);
  return `${n} ${name}${n === 1 ? "" : "s"}`;
}

/** `3 min ago`, `in 2 h`; below a second it is now. */
function relative(seconds: number): string {
  const abs = Math.abs(seconds);
  if (abs < 1) return "now";
  const [size, name] =
    abs < 60 ? [1, "s"] : abs < 3600 ? [60, "min"] : abs < 86_400 ? [3600, "h"] : [86_400, "d"];
  const text = `${Math.floor(abs / Number(size))} ${name}`;
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

export const en = {
  relative,
  copy: "Copy",
  copied: "Copied",
  close: "Close",
  retry: "Try again",
  loading: "Loading",
  warning: "Warning",
  info: "Note",
  pageFailed: "This page could not be loaded. narthex may have been replaced by another version since.",
  pageBroke: "This page cannot show what narthex answered.",
  pages: {
    home: "Home",
    query: "Query",
    slos: "SLOs",
    products: "Products",
    gates: "Gates",
    reports: "Reports",
    alerts: "Alerts",
    rules: "Rules",
    silences: "Silences",
    notifications: "Notifications",
    targets: "Targets",
    status: "Status",
  },

  bar: {
    pages: "Pages",
    search: "Search",
    menu: "Menu",
    theme: "Light or dark",
    themes: { auto: "As the system", light: "Light", dark: "Dark" },
  },

  time: {
    range: "Time range:",
    back: "Back in time",
    forth: "Forth in time",
    refresh: "Refresh:",
    refreshNow: "Refresh now",
    every: (text: string) => `Every ${text}`,
    never: "Off",
    off: "off",
    span,
    last: (ms: number) => `Last ${span(ms).replace(/^1 /, "")}`,
    from: "From",
    to: "To",
    now: "now",
    zone: "Time zone",
    local: "Local",
    show: "Show",
    unreadable: "Write a time as 2026-11-24 10:31 or as Unix seconds.",
    backwards: "The end must lie after the beginning.",
  },

  notFound: {
    title: "No such page",
    why: "narthex has no page at this address. These it has:",
  },

  failure: {
    unreachable:
      "narthex did not answer. Is it running, and is the network there? The page tries again by itself.",
    forbidden: "You may not do this here. Sign in, or ask for a role that may.",
    timeout:
      "The query took longer than --query.timeout allows. A shorter range or a more selective query is faster.",
    notReady: "narthex is not ready yet. The page tries again by itself.",
    tooManySamples: "Select fewer series or a shorter range, or raise --query.max-samples.",
  },

  banner: {
    unreachable: "narthex does not answer",
    unreachableDo: "What is shown is the last that came. The page asks again every second.",
    starting: "narthex is starting",
    startingDo: "Queries work as soon as its log has been read.",
    replaying: (percent: number) =>
      `It has read ${percent} % of its log. Queries work as soon as it is done.`,
    reload: "The last reload failed",
    reloadDo:
      "The configuration from before stays in force. Mend the file and reload; narthex check config names the mistake.",
    open: "Open without authentication",
    openDo:
      "Whoever reaches this port may read and change everything. narthex.tokens or --web.config.file close it.",
    openAccept: "I know",
  },

  search: {
    title: "Search",
    placeholder: "A metric, a target, an SLO, a product, a page, or a query",
    page: "page",
    target: "target",
    metric: "metric",
    slo: "SLO",
    product: "product",
    gate: "gate",
    query: "query",
    run: "Run this query",
    none: (typed: string) => `Nothing is called like “${typed}”.`,
  },

  keys: {
    title: "Keys",
    groups: [
      {
        title: "Pages",
        keys: [
          ["g h", "Home"],
          ["g q", "Query"],
          ["g s", "SLOs"],
          ["g a", "Alerts"],
          ["g t", "Targets"],
          ["g i", "Status"],
          ["/", "Search"],
          ["?", "These keys"],
        ],
      },
      {
        title: "Time",
        keys: [
          ["[ ]", "Back and forth"],
          ["+ −", "Narrower and wider"],
          ["Backspace", "Undo a zoom"],
          [".", "Refresh"],
        ],
      },
      {
        title: "Query",
        keys: [
          ["e", "Edit the query"],
          ["Enter", "Run"],
          ["Shift+Enter", "New line"],
          ["Tab", "Complete"],
          ["↓", "Past queries, in an empty field"],
          ["Esc", "Leave the editor"],
        ],
      },
      {
        title: "Graph, when focused",
        keys: [
          ["← →", "Move the crosshair"],
          ["Shift+← Shift+→", "By ten points"],
        ],
      },
    ] as { title: string; keys: [keys: string, what: string][] }[],
  },

  labels: { more: (n: number) => `${n} more` },
  chart: { gap: "No data at this instant", others: (n: number) => `and ${n} more` },

  query: {
    following: (ms: number, refresh: string | null) =>
      `The last ${span(ms).replace(/^1 /, "")}, ${refresh === null ? "not read again by itself" : `read again every ${refresh}`}.`,
    fixed: "A window that stays; it is not read again by itself.",
    add: "Add panel",
    panel: (letter: string) => `Panel ${letter}`,
    label: "PromQL query",
    placeholder: "A PromQL query, such as up",
    run: "Run",
    cancel: "Cancel",
    cancelled: "Cancelled. Run starts it again.",
    format: "Format",
    duplicate: "Duplicate",
    remove: "Remove",
    views: "View of the result",
    graph: "Graph",
    table: "Table",
    explain: "Explain",
    fix: "Use it",
    failed: "The query failed.",
    unparsed: "There is nothing to explain until the query can be read.",
    series: (n: number) => plural(n, "series", "series"),
    chart: (expr: string, n: number) =>
      `Graph of ${expr}, ${plural(n, "series", "series")}. The arrow keys move the crosshair.`,
    cut: (shown: number, all: number) => `The ${shown} series with the greatest values are drawn, of ${all}.`,
    onlyHistograms: (n: number) =>
      `The result has ${plural(n, "histogram", "histograms")}, which have no single line. histogram_quantile(0.9, …) draws one; the table shows them whole.`,
    histogramsLeftOut: (n: number) =>
      `${plural(n, "series", "series")} of histograms are not drawn; the table shows them.`,
    drawAs: "Draw as",
    lines: "Lines",
    stacked: "Stacked",
    axes: "Axes",
    axesLabel: "Y axis and distance of points:",
    yAxis: "Y axis",
    yAuto: "Auto",
    yZero: "From zero",
    yFit: "Fit",
    step: "Distance of two points",
    stepAuto: "auto",
    stepHint: (range: string) => `Such as 15s; empty chooses one that suits ${range} and the width.`,
    set: "Set",
    common: "All have",
    seriesColumn: "Series",
    metricColumn: "metric",
    columns: { last: "Last", min: "Min", mean: "Mean", max: "Max" },
    isolate: "Show alone",
    unisolate: "Show all series again",
    showAll: (n: number) => `Show all ${n.toLocaleString("en-US")}`,
    at: (time: string) => `At ${time}`,
    value: "Value",
    filter: "Filter these series",
    noneFiltered: (filter: string) => `No series has “${filter}” in its labels.`,
    histogram: (count: string, sum: string) => `${count} observations, sum ${sum}`,
    emptyWhy: "Ask something.",
    emptyDo: "Type a query above: names are completed as you type. Or begin with one of these:",
    examples: [
      "Does each target answer?",
      "How long does a scrape take?",
      "How many samples does each job give?",
      "How many targets of each job are up?",
    ],
    kinds: {
      function: "function",
      aggregation: "aggregation",
      keyword: "keyword",
      constant: "metric",
      gauge: "gauge",
      counter: "counter",
      histogram: "histogram",
      summary: "summary",
      unknown: "metric",
      property: "label",
      text: "value",
      past: "past",
      binOp: "operator",
      unit: "unit",
      number: "number",
    } as Record<string, string>,
  },

  mistake: {
    meant: (word: string) => `Did you mean ${word}?`,
    needsRange: (name: string) => `${name} looks at a window of time: add one, such as [5m].`,
    close: (sign: string) => `A closing ${sign} is missing.`,
    needsMatcher: "Name a metric, or one label with a value.",
    needsQuotes: "A label's value stands in quotes.",
    useEquals: "Values are compared with ==.",
    durations: "Durations are written like 5m or 1h30m, names begin with a letter.",
    rangeInGraph:
      "A graph needs one value per instant: wrap it in rate(…) or max_over_time(…), or look at it in the table.",
    stringInGraph: "A text has no graph; the table shows it.",
  },

  nothing: {
    title: "The query found no series.",
    noMetric: (name: string) => `There is no metric ${name}.`,
    meant: "Did you mean",
    noMatch: (name: string, matcher: string) => `${name} exists, but no series of it has ${matcher}.`,
    values: (label: string) => `Values of ${label}:`,
    notNow: (name: string) =>
      `${name} exists, but not with these labels in this time range. A wider range may show it.`,
    filtered: "Its series exist in this time range, but a comparison or a match leaves none of them.",
  },

  targets: {
    sentence: (up: number, down: number, unknown: number) =>
      [
        plural(up, "target answers", "targets answer"),
        down > 0 ? `${down} ${down === 1 ? "does" : "do"} not` : "",
        unknown > 0 ? `${unknown} not scraped yet` : "",
      ]
        .filter(Boolean)
        .join(", "),
    failed: "The targets could not be read.",
    filter: "Filter by address, label or error",
    healthLabel: "Health",
    all: "All",
    health: { up: "Up", down: "Down", unknown: "Unknown" },
    downOf: (down: number, total: number) => (total === 1 ? "Down" : `${down} of ${total} down`),
    unknownOf: (unknown: number, total: number) => `${unknown} of ${total} not scraped yet`,
    allUp: (total: number) => (total === 1 ? "Up" : `All ${total} up`),
    noneInPool: "No targets",
    none: "Nothing is scraped.",
    noneDo: "Add a target to prometheus.yml and reload:",
    noneMatch: "No target matches.",
    showAll: "Show all targets",
    never: "not scraped yet",
    strip: (n: number, failed: number, longest: string, time: string) =>
      `The last ${n} scrapes, over ${time}: ${failed === 0 ? "none failed" : `${failed} failed`}, the longest took ${longest}`,
    address: "Address",
    interval: "Interval",
    intervalAndTimeout: (interval: string, timeout: string) => `every ${interval}, given up after ${timeout}`,
    series: "Look at",
    durations: "scrape duration",
    allSeries: "its metrics",
    before: "Labels before relabelling",
    after: "Labels after",
    steps: "Relabelling, step by step",
    noSteps: "This pool has no relabelling rules.",
    noChange: "Changes nothing here.",
    droppedHere: "Drops the target",
    lastScrape: "Last scrape",
    samples: (n: number) => plural(n, "sample", "samples"),
    stepsFailed: "The relabelling steps could not be read.",
    dropped: (n: number) => plural(n, "target dropped by relabelling", "targets dropped by relabelling"),
    notKept: (n: number) => `Of ${n} more only the number is kept (keep_dropped_targets).`,
    why: "Why?",
  },

  home: {
    failed: "The targets could not be read.",
    headline: (n: number, down: number) => {
      if (n === 0) return "Nothing is scraped yet";
      if (down > 0) return `${plural(down, "target does", "targets do")} not answer`;
      return n === 1 ? "narthex watches one target, and it answers" : "Everything that is watched answers";
    },
    answering: "Targets answering",
    series: "Series in memory",
    ingest: "Samples scraped per second",
    ingestName: "samples",
    ingestNone: "No scrape in this time range.",
    ingestFailed: "The rate of samples could not be read.",
    down: "Not answering",
    allDown: (n: number) => `All ${n} that do not answer`,
    scraped: "What is scraped",
    pool: "Pool",
    state: "State",
    samples: "Samples per scrape",
    slowest: "Slowest scrape",
    lastScrape: "Last scrape",
    allPools: (n: number) => `All ${n} pools`,
    next: "Next steps",
    addTarget: "Add a target",
    addTargetHow: "In prometheus.yml; the file you already have works as it is.",
    addTargetThen: "Then reload: send SIGHUP, or start narthex with --config.file.",
    ask: "Ask something",
    askHow: "These work on any server:",
    connect: "Connect what you have",
    connectHow: "Grafana: add a data source of type Prometheus with this address.",
    connectGrafana: "Address for Grafana",
    connectWrite:
      "Prometheus or an agent: send samples here; start narthex with --web.enable-remote-write-receiver.",
  },

  status: {
    sentence: (application: string, version: string) =>
      version === "" ? application : `${application} ${version}`,
    failed: "This could not be read.",
    sectionsLabel: "Sections",
    sections: {
      overview: "Overview",
      storage: "Storage",
      limits: "Limits",
      configuration: "Configuration",
      flags: "Flags",
    },
    runtime: "Runtime",
    started: "Started",
    reload: "Configuration",
    reloadGood: "Loaded",
    reloadBad: "The last reload failed",
    retention: "Retention",
    corruptions: "Damage in the log",
    noCorruption: "none found",
    clock: "Clock",
    clockGood: "agrees with this browser's",
    clockOff: (by: string, ahead: boolean) => `${by} ${ahead ? "ahead of" : "behind"} this browser's`,
    host: "Host",
    directory: "Directory",
    authentication: "Authentication",
    authenticationOf: { none: "none: the port is open", basic: "by password" } as Record<string, string>,
    tasks: "Tasks",
    threads: "Threads",
    buildTitle: "Build",
    build: {
      application: "Application",
      version: "Version",
      revision: "Revision",
      branch: "Branch",
      buildUser: "Built by",
      buildDate: "Built on",
      goVersion: "Compiler",
      applicationVersion: "Version",
    } as Record<string, string>,
    series: "Series in memory",
    labelPairs: "Label pairs",
    chunks: "Chunks",
    span: "Time in memory",
    since: "since",
    cardinality:
      "Where series come from. A name or label with far more than the others is what fills the memory.",
    byMetric: "Series by metric",
    byPair: "Series by label and value",
    byLabel: "Values by label",
    byMemory: "Memory by label",
    byTarget: "Series by target",
    onDisk: "On the disk",
    partBlocks: (n: number) => plural(n, "block", "blocks"),
    partDownsampled: "downsampled",
    partLog: "log",
    partCheckpoint: "checkpoint",
    inAll: "in all",
    checkpointed: "last checkpoint",
    bytesPerSample: (n: string) => `${n} bytes per sample`,
    blocksDrawn: (n: number) => `${plural(n, "block", "blocks")} along time`,
    blockHolds: (series: string, samples: string) => `${series} series, ${samples} samples`,
    headDrawn: "in memory and in the log, not sealed yet",
    thinned: (to: string) => `thinned to ${to}`,
    noBlockYet: "No block yet: samples are sealed into one every two hours, and stand in the log until then.",
    noForecast: (kept: string | null) =>
      `Samples are kept for ${kept ?? "ever"}. How much that will be is known after the first block.`,
    grows: (bytes: string, samples: string) => `Grows by ${bytes} a day (${samples} samples).`,
    settles: (kept: string | null, bytes: string | null, free: string | null) => {
      const room = free === null ? "" : ` The disk has ${free} free.`;
      return bytes === null
        ? `Nothing is ever deleted.${room}`
        : `Kept for ${kept ?? "as long as there is room"}, that comes to ${bytes}.${room}`;
    },
    fullAt: (date: Date) =>
      `At this pace the disk is full on ${date.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric" })}. Shorten the retention or enlarge the disk.`,
    nothingYet: "Nothing yet.",
    limit: "Limit",
    use: "In use",
    value: "Value",
    default: "Default",
    noLimit: "no limit",
    fixed: "cannot be changed",
    prometheusApi: "Prometheus API",
    filterFlags: "Filter flags",
    noFlag: (filter: string) => `No flag has “${filter}”.`,
    searchConfig: "Search, Enter for the next",
    lines: (n: number) => plural(n, "line", "lines"),
    hits: (at: number, n: number) => `${at} of ${n}`,
  },
};
