//! The server's flags: Prometheus's names, one row each.
//!
//! The table feeds the parser, `--help`, `--help-all`, `/api/v1/status/flags` and the warning that names what is not
//! built yet. A flag that Prometheus knows and narthex does not act on is read and checked all the same, because people
//! start narthex with the command lines they have.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use model::duration::PromDuration;

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: `--flag`, or `--no-flag`.
    Switch,
    /// Any text.
    Text,
    /// Any text, and the flag may be repeated.
    Texts,
    /// A duration such as `15s`.
    Duration,
    /// A whole number, `5e7` allowed.
    Number,
}

/// How far a flag is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Acted on, and shown by `--help`.
    Common,
    /// Acted on, and shown by `--help-all`.
    Built,
    /// Means nothing here: it tunes what narthex does not have.
    Moot,
    /// Not built yet.
    Later,
}

/// One flag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    pub(crate) state: State,
    pub(crate) help: &'static str,
}

const fn flag(name: &'static str, kind: Kind, default: &'static str, state: State, help: &'static str) -> Flag {
    Flag { name, kind, default, state, help }
}

/// All flags, in the order in which help shows them.
pub(crate) const FLAGS: &[Flag] = {
    use Kind::{Duration, Number, Switch, Text, Texts};
    use State::{Built, Common, Later, Moot};
    &[
        flag("config.file", Text, "", Common, "Configuration [./prometheus.yml if it is there]"),
        flag("web.listen-address", Texts, "0.0.0.0:9090", Common, "Where to listen; may be repeated"),
        flag("storage.tsdb.path", Text, "data/", Common, "Where samples are kept"),
        flag("web.config.file", Text, "", Common, "TLS, basic authentication and headers of the web server"),
        flag("web.external-url", Text, "", Common, "The URL under which others reach narthex"),
        flag("web.enable-lifecycle", Switch, "false", Common, "Allow POST /-/reload and /-/quit"),
        flag("web.enable-remote-write-receiver", Switch, "false", Common, "Take samples at /api/v1/write"),
        flag("enable-feature", Texts, "", Common, "Features, separated by commas; --help-all names them"),
        flag("log.level", Text, "info", Built, "debug, info, warn or error"),
        flag("log.format", Text, "logfmt", Built, "logfmt or json"),
        flag("config.auto-reload", Switch, "false", Built, "Reload when a configuration file has changed"),
        flag("config.auto-reload-interval", Duration, "30s", Built, "How often to look for changes"),
        flag("web.read-timeout", Duration, "5m", Built, "Close a connection whose request takes longer, or that idles"),
        flag("web.max-connections", Number, "512", Built, "Connections at the same time (limit web_connections)"),
        flag("web.route-prefix", Text, "", Built, "Path before all routes; default: the path of --web.external-url"),
        flag("web.enable-admin-api", Switch, "false", Built, "Allow deletion, sealing and snapshots"),
        flag("web.page-title", Text, "narthex", Built, "Title of the pages"),
        flag("web.cors.origin", Text, ".*", Built, "Origins whose pages may ask, an anchored regular expression"),
        flag("web.max-notifications-subscribers", Number, "16", Later, "Subscribers of live notifications"),
        flag("web.user-assets", Text, "", Later, "Directory served under /user"),
        flag(
            "web.remote-write-receiver.accepted-protobuf-messages",
            Texts,
            "prometheus.WriteRequest",
            Later,
            "Messages that /api/v1/write takes",
        ),
        flag("web.enable-otlp-receiver", Switch, "false", Later, "Take OTLP metrics"),
        flag("web.console.templates", Text, "consoles", Later, "Directory of console templates"),
        flag("web.console.libraries", Text, "console_libraries", Later, "Directory of console libraries"),
        flag("web.search.max-limit", Number, "10000", Later, "Highest limit that the search API takes"),
        flag("storage.tsdb.retention.time", Duration, "", Common, "How long to keep samples"),
        flag("storage.tsdb.retention.size", Text, "", Built, "How many bytes of samples to keep"),
        flag("storage.tsdb.no-lockfile", Switch, "false", Moot, "The lock is the kernel's and leaves nothing behind"),
        flag("storage.tsdb.head-chunks-write-queue-size", Number, "0", Moot, "There is no such queue"),
        flag("storage.tsdb.delay-compact-file.path", Text, "", Later, "Delay compaction until blocks are uploaded"),
        flag("storage.tsdb.wal-segment-size", Text, "", Moot, "Segments are as long as their series need"),
        flag("storage.tsdb.wal-compression", Switch, "true", Moot, "The log is always compact"),
        flag("storage.tsdb.min-block-duration", Duration, "2h", Later, "Length of the first blocks"),
        flag("storage.tsdb.max-block-duration", Duration, "", Later, "Length of compacted blocks"),
        flag("storage.agent.path", Text, "data-agent/", Later, "Where the agent keeps samples"),
        flag("storage.agent.wal-compression", Switch, "true", Later, "Compress the agent's log"),
        flag("storage.agent.retention.min-time", Duration, "5m", Later, "Age at which the agent may drop samples"),
        flag("storage.agent.retention.max-time", Duration, "4h", Later, "Age at which the agent must drop samples"),
        flag("storage.agent.checkpoint-from-in-memory-series", Switch, "false", Later, "Agent checkpoints"),
        flag("storage.agent.checkpoint-batch-size", Number, "1000", Later, "Agent checkpoints"),
        flag("storage.agent.no-lockfile", Switch, "false", Moot, "The lock is the kernel's and leaves nothing behind"),
        flag("storage.remote.flush-deadline", Duration, "1m", Later, "How long to flush remote writes at shutdown"),
        flag("storage.remote.read-sample-limit", Number, "5e7", Built, "Samples in one remote read"),
        flag("storage.remote.read-concurrent-limit", Number, "10", Built, "Remote reads at the same time"),
        flag("storage.remote.read-max-bytes-in-frame", Number, "1048576", Built, "Bytes in one frame of a remote read"),
        flag("rules.alert.for-outage-tolerance", Duration, "1h", Built, "Outage after which pending alerts begin anew"),
        flag("rules.alert.for-grace-period", Duration, "10m", Moot, "State is restored exactly, whatever `for` is"),
        flag("rules.alert.resend-delay", Duration, "1m", Built, "Least time before an alert is sent again"),
        flag("rules.max-concurrent-evals", Number, "4", Moot, "Rules of a group are evaluated one after the other"),
        flag(
            "alertmanager.notification-queue-capacity",
            Number,
            "10000",
            Built,
            "Alerts waiting for each Alertmanager",
        ),
        flag("alertmanager.notification-batch-size", Number, "256", Built, "Alerts in one batch"),
        flag("alertmanager.drain-notification-queue-on-shutdown", Switch, "true", Built, "Send what waits at shutdown"),
        flag("alertmanager.config.file", Text, "", Built, "Who is told of alerts: an alertmanager.yml"),
        flag("dispatch.start-delay", Duration, "0s", Built, "How long no group of alerts is looked at after the start"),
        flag("slo.files", Texts, "", Built, "Service-level objectives; may be repeated"),
        flag("slo.retention.time", Duration, "400d", Built, "How long to keep the counts of objectives"),
        flag("dashboards.files", Texts, "", Later, "Dashboards; may be repeated"),
        flag("query.lookback-delta", Duration, "5m", Built, "How far back an instant selector looks"),
        flag("query.timeout", Duration, "2m", Built, "Longest time of a query (limit query_time)"),
        flag("query.max-concurrency", Number, "20", Built, "Queries at the same time (limit query_concurrency)"),
        flag("query.max-samples", Number, "50000000", Built, "Samples in one query's memory (limit query_samples)"),
        flag("auto-gomaxprocs", Switch, "true", Moot, "There is no Go runtime to tune"),
        flag("auto-gomemlimit", Switch, "true", Moot, "There is no Go runtime to tune"),
        flag("auto-gomemlimit.ratio", Text, "0.9", Moot, "There is no Go runtime to tune"),
        flag("agent", Switch, "false", Later, "Run as an agent: no queries, no rules"),
    ]
};

/// A feature of `--enable-feature`, and whether it is built.
pub(crate) const FEATURES: &[(&str, FeatureState)] = {
    use FeatureState::{AlwaysOn, Built, Later, Moot};
    &[
        ("auto-reload-config", Built),
        ("promql-binop-fill-modifiers", Built),
        ("promql-delayed-name-removal", Built),
        ("promql-experimental-functions", Built),
        ("promql-extended-range-selectors", Built),
        ("promql-per-step-stats", Built),
        ("use-start-timestamps", Built),
        ("extra-scrape-metrics", Built),
        ("promql-at-modifier", AlwaysOn),
        ("promql-negative-offset", AlwaysOn),
        ("promql-duration-expr", AlwaysOn),
        ("st-storage", AlwaysOn),
        ("histograms-st-encoding", AlwaysOn),
        ("native-histograms", Later),
        ("ooo-native-histograms", Later),
        ("concurrent-rule-eval", Later),
        ("created-timestamp-zero-ingestion", Later),
        ("delayed-compaction", Later),
        ("exemplar-storage", Later),
        ("otlp-deltatocumulative", Later),
        ("otlp-native-delta-ingestion", Later),
        ("search-api", Later),
        ("st-synthesis", Later),
        ("type-and-unit-labels", Later),
        ("fast-startup", Moot),
        ("memory-snapshot-on-shutdown", Moot),
        ("metadata-wal-records", Later),
        ("old-ui", Moot),
        ("use-uncached-io", Moot),
        ("xor2-encoding", Moot),
    ]
};

/// How far a feature is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeatureState {
    /// Can be switched on.
    Built,
    /// Is on without being asked for.
    AlwaysOn,
    /// Tunes what narthex does not have.
    Moot,
    /// Not built yet.
    Later,
}

/// The flags of a running server.
#[derive(Clone, Debug)]
pub(crate) struct Flags {
    /// The value of each flag, as text, by name.
    values: BTreeMap<&'static str, String>,
    /// The values of those that may be repeated.
    lists: BTreeMap<&'static str, Vec<String>>,
    /// Those that were given.
    given: Vec<&'static str>,
}

/// Why a flag was not understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FlagError {
    #[error("--{name} takes a duration such as 15s or 1h30m: {error}")]
    Duration { name: &'static str, error: model::duration::DurationError },
    #[error("--{name} takes a whole number, not '{value}'")]
    Number { name: &'static str, value: String },
    #[error("--{name} takes {expected}, not '{value}'")]
    Choice { name: &'static str, expected: &'static str, value: String },
}

/// Adds the flags to a command.
pub(crate) fn declare(command: Command) -> Command {
    FLAGS.iter().fold(command, |command, flag| {
        let arg = Arg::new(flag.name).long(flag.name).help(flag.help);
        match flag.kind {
            Kind::Switch => {
                let on = arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("BOOL");
                let off = Arg::new(format!("no-{}", flag.name))
                    .long(format!("no-{}", flag.name))
                    .action(ArgAction::SetTrue)
                    .overrides_with(flag.name)
                    .hide(true);
                command.arg(on).arg(off)
            }
            Kind::Texts => command.arg(arg.action(ArgAction::Append).value_name(value_name(flag))),
            Kind::Text | Kind::Duration | Kind::Number => {
                command.arg(arg.value_name(value_name(flag)).overrides_with(flag.name))
            }
        }
    })
}

/// What help shows in place of a flag's value.
fn value_name(flag: &Flag) -> &'static str {
    match (flag.kind, flag.name) {
        (Kind::Duration, _) => "DURATION",
        (Kind::Number, _) => "N",
        (_, "web.listen-address") => "HOST:PORT",
        (_, "enable-feature") => "NAMES",
        (_, name) if name.ends_with(".file") => "FILE",
        (_, name) if name.ends_with(".path") => "DIR",
        (_, name) if name.ends_with("-url") => "URL",
        _ => "TEXT",
    }
}

/// The flags that most people need, a line each, for `--help`.
pub(crate) fn help_common() -> String {
    let flags = || FLAGS.iter().filter(|flag| flag.state == State::Common);
    let width = flags().map(|flag| usage(flag).len()).max().unwrap_or(0).max(HELP_FLAGS[0].0.len());
    let mut out = String::from("Flags of the server:\n");
    for flag in flags() {
        let default = if flag.default.is_empty() || flag.kind == Kind::Switch {
            String::new()
        } else {
            format!(" [{}]", flag.default)
        };
        out.push_str(&format!("  {:width$}  {}{default}\n", usage(flag), flag.help));
    }
    for (usage, help) in HELP_FLAGS {
        out.push_str(&format!("  {usage:width$}  {help}\n"));
    }
    out
}

/// What is no flag of the server.
const HELP_FLAGS: [(&str, &str); 3] = [
    ("-h, --help", "Print this"),
    ("--help-all", "Print all flags and features"),
    ("-V, --version", "Print the version"),
];

/// A flag as it is written.
fn usage(flag: &Flag) -> String {
    if flag.kind == Kind::Switch { format!("--{}", flag.name) } else { format!("--{}={}", flag.name, value_name(flag)) }
}

/// All flags and features, for `--help-all`.
pub(crate) fn help_all() -> String {
    let mut out = String::from("Flags of the server\n\n");
    for flag in FLAGS {
        let note = match flag.state {
            State::Common | State::Built => String::new(),
            State::Moot => " [has no effect]".to_owned(),
            State::Later => " [not built yet]".to_owned(),
        };
        let default = if flag.default.is_empty() { String::new() } else { format!(" [default: {}]", flag.default) };
        out.push_str(&format!("  {}\n          {}{default}{note}\n", usage(flag), flag.help));
    }
    out.push_str("\nFeatures of --enable-feature\n\n");
    for (name, state) in FEATURES {
        let note = match state {
            FeatureState::Built => "",
            FeatureState::AlwaysOn => "always on",
            FeatureState::Moot => "has no effect",
            FeatureState::Later => "not built yet",
        };
        out.push_str(format!("  {name:<36}{note}").trim_end());
        out.push('\n');
    }
    out
}

impl Flags {
    /// Reads the flags that were given; the others have their defaults.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Flags, FlagError> {
        let mut flags = Flags { values: BTreeMap::new(), lists: BTreeMap::new(), given: Vec::new() };
        for flag in FLAGS {
            let given: Vec<String> = matches.get_many::<String>(flag.name).into_iter().flatten().cloned().collect();
            let is_off = flag.kind == Kind::Switch && matches.get_flag(&format!("no-{}", flag.name));
            if !given.is_empty() || is_off {
                flags.given.push(flag.name);
            }
            let value = match given.last() {
                _ if is_off => "false".to_owned(),
                None => flag.default.to_owned(),
                Some(_) if flag.kind == Kind::Texts => given.join(","),
                Some(value) => value.clone(),
            };
            check(flag, &value)?;
            let list = if given.is_empty() && !flag.default.is_empty() { vec![value.clone()] } else { given };
            flags.lists.insert(flag.name, list);
            flags.values.insert(flag.name, value);
        }
        Ok(flags)
    }

    /// The value of a flag as text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The value of a flag that names a file or a directory, if it is set.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        let text = self.text(name);
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    /// The values of a flag that may be repeated.
    pub(crate) fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The value of a flag that takes a duration.
    pub(crate) fn duration(&self, name: &str) -> Duration {
        self.text(name).parse::<PromDuration>().unwrap_or_default().to_std()
    }

    /// The value of a flag that takes a number.
    pub(crate) fn number(&self, name: &str) -> u64 {
        number(self.text(name)).unwrap_or_default()
    }

    /// Whether a feature was asked for.
    pub(crate) fn has_feature(&self, name: &str) -> bool {
        self.features().any(|feature| feature == name)
    }

    /// Every flag with its value, as `/api/v1/status/flags` shows them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// What was asked for and will not happen, in one sentence each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let named = |state: State| {
            let flags = FLAGS.iter().filter(|flag| flag.state == state && self.given.contains(&flag.name));
            flags.map(|flag| format!("--{}", flag.name)).collect::<Vec<_>>()
        };
        let features = |state: FeatureState| {
            let known = |name: &str| FEATURES.iter().any(|(known, s)| *known == name && *s == state);
            self.features().filter(|name| known(name)).map(str::to_owned).collect::<Vec<_>>()
        };
        let unknown: Vec<String> = self
            .features()
            .filter(|name| !FEATURES.iter().any(|(known, _)| known == name))
            .map(str::to_owned)
            .collect();
        let mut later = named(State::Later);
        later.extend(features(FeatureState::Later).into_iter().map(|name| format!("--enable-feature={name}")));
        let mut warnings = Vec::new();
        if !later.is_empty() {
            warnings.push(format!("not built yet, and without effect: {}", later.join(", ")));
        }
        if !unknown.is_empty() {
            warnings.push(format!("unknown features, ignored as Prometheus does: {}", unknown.join(", ")));
        }
        warnings
    }

    fn features(&self) -> impl Iterator<Item = &str> {
        self.list("enable-feature")
            .iter()
            .flat_map(|list| list.split(','))
            .map(str::trim)
            .filter(|name| !name.is_empty())
    }
}

fn check(flag: &Flag, value: &str) -> Result<(), FlagError> {
    let choice = |expected| Err(FlagError::Choice { name: flag.name, expected, value: value.to_owned() });
    match (flag.kind, flag.name) {
        (Kind::Duration, _) if !value.is_empty() => {
            value.parse::<PromDuration>().map(drop).map_err(|error| FlagError::Duration { name: flag.name, error })
        }
        (Kind::Number, _) if number(value).is_none() => {
            Err(FlagError::Number { name: flag.name, value: value.to_owned() })
        }
        (Kind::Switch, _) if value != "true" && value != "false" => choice("true or false"),
        (_, "log.level") if !["debug", "info", "warn", "error"].contains(&value) => {
            choice("debug, info, warn or error")
        }
        (_, "log.format") if !["logfmt", "json"].contains(&value) => choice("logfmt or json"),
        _ => Ok(()),
    }
}

/// A whole number, also in the form `5e7`.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        let (digits, exponent) = text.split_once(['e', 'E'])?;
        digits.parse::<u64>().ok()?.checked_mul(10u64.checked_pow(exponent.parse().ok()?)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Flags, String> {
        let command = declare(Command::new("narthex").no_binary_name(true));
        let matches = command.try_get_matches_from(args).map_err(|error| error.to_string())?;
        Flags::from_matches(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn prometheus_command_lines_are_read() {
        let flags = read(&[
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path",
            "/prometheus",
            "--storage.tsdb.retention.time=30d",
            "--web.enable-lifecycle",
            "--no-storage.tsdb.wal-compression",
            "--query.max-samples=5e7",
            "--enable-feature=exemplar-storage,promql-experimental-functions",
            "--enable-feature=made-up",
            "--web.listen-address=127.0.0.1:9090",
            "--web.listen-address=[::1]:9090",
        ])
        .unwrap();
        assert_eq!(flags.path("config.file"), Some("/etc/prometheus/prometheus.yml".into()));
        assert_eq!((flags.is_on("web.enable-lifecycle"), flags.is_on("web.enable-admin-api")), (true, false));
        assert!(!flags.is_on("storage.tsdb.wal-compression"));
        assert_eq!((flags.number("query.max-samples"), flags.duration("query.timeout").as_secs()), (50_000_000, 120));
        assert_eq!(flags.list("web.listen-address"), ["127.0.0.1:9090", "[::1]:9090"]);
        assert!(flags.has_feature("promql-experimental-functions") && !flags.has_feature("search-api"));
        assert_eq!(
            flags.warnings(),
            [
                "not built yet, and without effect: --enable-feature=exemplar-storage",
                "unknown features, ignored as Prometheus does: made-up"
            ]
        );
    }

    #[test]
    fn defaults_are_prometheus_defaults() {
        let flags = read(&[]).unwrap();
        assert_eq!(flags.list("web.listen-address"), ["0.0.0.0:9090"]);
        assert_eq!((flags.text("storage.tsdb.path"), flags.path("config.file")), ("data/", None));
        assert_eq!(flags.all().count(), FLAGS.len());
        assert_eq!(flags.warnings(), Vec::<String>::new());
    }

    #[test]
    fn bad_values_are_named() {
        for (arg, want) in [
            (
                "--query.timeout=5",
                "--query.timeout takes a duration such as 15s or 1h30m: not a valid duration string: \"5\"",
            ),
            ("--query.max-samples=many", "--query.max-samples takes a whole number, not 'many'"),
            ("--web.enable-lifecycle=maybe", "--web.enable-lifecycle takes true or false, not 'maybe'"),
            ("--log.level=loud", "--log.level takes debug, info, warn or error, not 'loud'"),
        ] {
            assert_eq!(read(&[arg]).unwrap_err(), want);
        }
        assert!(read(&["--query.timeut=5m"]).unwrap_err().contains("--query.timeout"), "a near name is suggested");
    }

    #[test]
    fn help_fits_a_screen() {
        let help = super::super::command().render_help().to_string();
        let (n_lines, longest) = (help.lines().count(), help.lines().map(|line| line.chars().count()).max());
        assert!(n_lines <= 40 && longest <= Some(100), "{n_lines} lines, the longest {longest:?}:\n{help}");
    }
}
