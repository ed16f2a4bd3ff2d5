//! Targets: from what discovery found to what is scraped.
//!
//! The labels of a target, and what the configuration adds to them, go through relabelling; what comes out decides the
//! URL, the interval and the timeout, and which labels the target's series get. Steps, names and texts of errors are
//! Prometheus's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use model::duration::{DurationError, PromDuration};
use model::relabel::Rules;
use model::{Labels, LabelsBuilder, name};
use net::form;
use xxhash_rust::xxh3::Xxh3;

use crate::discovery::TargetGroup;

const ADDRESS: &str = "__address__";
const SCHEME: &str = "__scheme__";
const METRICS_PATH: &str = "__metrics_path__";
const SCRAPE_INTERVAL: &str = "__scrape_interval__";
const SCRAPE_TIMEOUT: &str = "__scrape_timeout__";
/// A Unix socket through which the target is reached, whatever its address says.
const UNIX_SOCKET: &str = "__unix_socket__";
const PARAM_PREFIX: &str = "__param_";
const META_PREFIX: &str = "__meta_";
const INTERNAL_PREFIX: &str = "__";
const JOB: &str = "job";
const INSTANCE: &str = "instance";

/// Switches about histograms, which a target carries as labels. Native histograms are not scraped yet.
const HISTOGRAM_SWITCHES: [(&str, &str); 3] = [
    ("__convert_classic_histograms_to_nhcb__", "convert classic histograms to nhcb"),
    ("__always_scrape_classic_histograms__", "always scrape classic histograms"),
    ("__scrape_native_histograms__", "scrape native histograms"),
];

/// What a scrape configuration says of its targets.
#[derive(Clone, Debug)]
pub struct TargetSettings {
    /// `job_name`
    pub job_name: String,
    /// `scrape_interval`
    pub scrape_interval: PromDuration,
    /// `scrape_timeout`
    pub scrape_timeout: PromDuration,
    /// `metrics_path`
    pub metrics_path: String,
    /// `scheme`
    pub scheme: String,
    /// `params`
    pub params: BTreeMap<String, Vec<String>>,
    /// `relabel_configs`
    pub relabel: Rules,
    /// `convert_classic_histograms_to_nhcb`, `always_scrape_classic_histograms`, `scrape_native_histograms`
    pub histogram_switches: [bool; 3],
}

/// Something to scrape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// All labels behind relabelling, without `__meta_*`.
    pub(crate) all_labels: Labels,
    /// The labels that its series get.
    pub labels: Labels,
    /// The labels before relabelling.
    pub discovered_labels: Labels,
    /// What is asked.
    pub url: String,
    /// The Unix socket through which it is asked (label `__unix_socket__`).
    pub socket: Option<PathBuf>,
    /// How often.
    pub interval: Duration,
    /// For how long at most.
    pub timeout: Duration,
}

/// Why a target can't be scraped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Relabelling has left no address.
    #[error("no address")]
    NoAddress,
    /// The address is more than a host and a port.
    #[error("{} is not a valid hostname", name::quoted(.0))]
    Address(String),
    /// `__scrape_interval__` is no duration.
    #[error("error parsing scrape interval: {0}")]
    Interval(DurationError),
    /// `__scrape_interval__` is 0.
    #[error("scrape interval cannot be 0")]
    ZeroInterval,
    /// `__scrape_timeout__` is no duration.
    #[error("error parsing scrape timeout: {0}")]
    Timeout(DurationError),
    /// `__scrape_timeout__` is 0.
    #[error("scrape timeout cannot be 0")]
    ZeroTimeout,
    /// The timeout is longer than the interval.
    #[error("scrape timeout cannot be greater than scrape interval ({} > {})", name::quoted(.timeout), name::quoted(.interval))]
    LongTimeout {
        /// The timeout as written.
        timeout: String,
        /// The interval as written.
        interval: String,
    },
    /// A switch that is neither on nor off.
    #[error("error parsing {what}: strconv.ParseBool: parsing {}: invalid syntax", name::quoted(.value))]
    Switch {
        /// Which.
        what: &'static str,
        /// Its value.
        value: String,
    },
}

/// What became of a target that discovery found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Target(Target),
    /// Relabelling drops it; its labels before that.
    Dropped(Labels),
}

/// The targets of a group, in its order, or why one is none.
pub(crate) fn targets_of(
    group: &TargetGroup,
    settings: &TargetSettings,
) -> impl Iterator<Item = Result<Made, (String, TargetError)>> {
    group.targets.iter().enumerate().map(move |(number, target)| {
        let discovered = discovered_labels(target, &group.labels, settings);
        make(discovered, settings).map_err(|error| (format!("instance {number} in group {}", group.source), error))
    })
}

/// A target's labels before relabelling: its own, its group's, the configuration's.
fn discovered_labels(target: &Labels, group: &Labels, settings: &TargetSettings) -> Labels {
    let mut builder = group.to_builder();
    for (name, value) in target {
        builder.set(name, value);
    }
    let mut default = |name: &str, value: &str| {
        if builder.get(name).is_empty() {
            builder.set(name, value);
        }
    };
    default(JOB, &settings.job_name);
    default(SCRAPE_INTERVAL, &settings.scrape_interval.to_string());
    default(SCRAPE_TIMEOUT, &settings.scrape_timeout.to_string());
    default(METRICS_PATH, &settings.metrics_path);
    default(SCHEME, &settings.scheme);
    for ((name, _), is_on) in HISTOGRAM_SWITCHES.iter().zip(settings.histogram_switches) {
        default(name, if is_on { "true" } else { "false" });
    }
    for (name, values) in &settings.params {
        default(&format!("{PARAM_PREFIX}{name}"), values.first().map_or("", String::as_str));
    }
    builder.build()
}

fn make(discovered_labels: Labels, settings: &TargetSettings) -> Result<Made, TargetError> {
    let mut builder = discovered_labels.to_builder();
    if !settings.relabel.apply_to_builder(&mut builder) {
        return Ok(Made::Dropped(discovered_labels));
    }
    check_address(builder.get(ADDRESS))?;
    let (interval, timeout) = times(&builder)?;
    check_switches(&builder)?;
    builder.retain(|name| !name.starts_with(META_PREFIX));
    if builder.get(INSTANCE).is_empty() {
        let address = builder.get(ADDRESS).to_owned();
        builder.set(INSTANCE, &address);
    }
    let all_labels = builder.build();
    let labels = all_labels.without(|name| name.starts_with(INTERNAL_PREFIX));
    // Without labels a target's series could not be told from any other's.
    if labels.is_empty() {
        return Ok(Made::Dropped(discovered_labels));
    }
    let url = url(&all_labels, &settings.params);
    let socket = all_labels.get(UNIX_SOCKET).map(PathBuf::from);
    Ok(Made::Target(Target { all_labels, labels, discovered_labels, url, socket, interval, timeout }))
}

fn check_address(address: &str) -> Result<(), TargetError> {
    if address.is_empty() {
        Err(TargetError::NoAddress)
    } else if address.contains('/') {
        Err(TargetError::Address(address.to_owned()))
    } else {
        Ok(())
    }
}

fn times(labels: &LabelsBuilder) -> Result<(Duration, Duration), TargetError> {
    let (interval_text, timeout_text) = (labels.get(SCRAPE_INTERVAL), labels.get(SCRAPE_TIMEOUT));
    let interval: PromDuration = interval_text.parse().map_err(TargetError::Interval)?;
    if interval.is_zero() {
        return Err(TargetError::ZeroInterval);
    }
    let timeout: PromDuration = timeout_text.parse().map_err(TargetError::Timeout)?;
    if timeout.is_zero() {
        return Err(TargetError::ZeroTimeout);
    }
    if timeout > interval {
        let (timeout, interval) = (timeout_text.to_owned(), interval_text.to_owned());
        return Err(TargetError::LongTimeout { timeout, interval });
    }
    Ok((interval.to_std(), timeout.to_std()))
}

fn check_switches(labels: &LabelsBuilder) -> Result<(), TargetError> {
    const BOOLEANS: [&str; 12] = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
    for (name, what) in HISTOGRAM_SWITCHES {
        let value = labels.get(name);
        if !value.is_empty() && !BOOLEANS.contains(&value) {
            return Err(TargetError::Switch { what, value: value.to_owned() });
        }
    }
    Ok(())
}

fn url(labels: &Labels, params: &BTreeMap<String, Vec<String>>) -> String {
    let mut params = params.clone();
    for (name, value) in labels.iter().filter_map(|(name, value)| Some((name.strip_prefix(PARAM_PREFIX)?, value))) {
        let values = params.entry(name.to_owned()).or_default();
        match values.first_mut() {
            Some(first) => value.clone_into(first),
            None => values.push(value.to_owned()),
        }
    }
    let label = |name| labels.get(name).unwrap_or_default();
    let path = escaped_path(label(METRICS_PATH));
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    let pairs = params.iter().flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str())));
    let query = form::encode(pairs);
    let question_mark = if query.is_empty() { "" } else { "?" };
    format!("{}://{}{slash}{path}{question_mark}{query}", label(SCHEME), label(ADDRESS))
}

fn escaped_path(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

impl Target {
    /// A number that is the same for the same target after a restart: its identity, and its place in the interval. Only
    /// what is asked and the labels of the series count, so that a target with another interval is the same target.
    pub fn hash(&self) -> u64 {
        let mut hash = Xxh3::new();
        hash.update(&self.labels.fingerprint(0).to_le_bytes());
        hash.update(self.url.as_bytes());
        if let Some(socket) = &self.socket {
            hash.update(socket.as_os_str().as_encoded_bytes());
        }
        hash.digest()
    }

    /// Whether two targets are scraped in the same way.
    pub(crate) fn is_scraped_like(&self, other: &Target) -> bool {
        let how = |target: &Target| (target.interval, target.timeout);
        self.url == other.url && self.socket == other.socket && self.labels == other.labels && how(self) == how(other)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use model::name::ValidationScheme;
    use model::yaml::Document;

    use super::*;

    fn settings(params: &[(&str, &[&str])], rules: &str) -> TargetSettings {
        let rules: Vec<model::relabel::RelabelConfig> = Document::parse(rules).unwrap().read().0.unwrap();
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        TargetSettings {
            job_name: "j".to_owned(),
            scrape_interval: PromDuration::from_secs(15),
            scrape_timeout: PromDuration::from_secs(10),
            metrics_path: "/metrics".to_owned(),
            scheme: "http".to_owned(),
            params: params.iter().map(|(name, list)| ((*name).to_owned(), values(list))).collect(),
            relabel: Rules::new(&rules, ValidationScheme::Utf8).unwrap(),
            histogram_switches: [false, true, false],
        }
    }

    fn made(target: &[(&str, &str)], group: &[(&str, &str)], settings: &TargetSettings) -> Result<Made, String> {
        let group = TargetGroup {
            source: "0".to_owned(),
            targets: vec![Labels::from_pairs(target.iter().copied())],
            labels: Labels::from_pairs(group.iter().copied()),
        };
        let made = targets_of(&group, settings).next().unwrap();
        made.map_err(|(place, error)| format!("{place}: {error}"))
    }

    fn target(target: &[(&str, &str)], group: &[(&str, &str)], settings: &TargetSettings) -> Target {
        match made(target, group, settings).unwrap() {
            Made::Target(target) => target,
            Made::Dropped(labels) => panic!("dropped: {labels}"),
        }
    }

    #[test]
    fn labels_come_from_target_group_and_configuration() {
        let target = target(
            &[("__address__", "a:1"), ("x", "target"), ("__meta_m", "1")],
            &[("x", "group"), ("y", "group"), ("job", "of the group")],
            &settings(&[], "[]"),
        );
        assert_eq!(target.labels.to_string(), r#"{instance="a:1", job="of the group", x="target", y="group"}"#);
        assert_eq!(
            target.discovered_labels.to_string(),
            r#"{__address__="a:1", __always_scrape_classic_histograms__="true", __convert_classic_histograms_to_nhcb__="false", __meta_m="1", __metrics_path__="/metrics", __scheme__="http", __scrape_interval__="15s", __scrape_native_histograms__="false", __scrape_timeout__="10s", job="of the group", x="target", y="group"}"#
        );
        assert_eq!(target.all_labels.get("__meta_m"), None);
    }

    #[test]
    fn labels_make_the_url() {
        let check = |extra: &[(&str, &str)], params: &[(&str, &[&str])], url: &str| {
            let labels = [&[("__address__", "a:1")], extra].concat();
            assert_eq!(target(&labels, &[], &settings(params, "[]")).url, url);
        };
        check(&[], &[], "http://a:1/metrics");
        check(&[("__scheme__", "https"), ("__metrics_path__", "x y?z/é")], &[], "https://a:1/x%20y%3Fz/%C3%A9");
        check(&[], &[("b", &["1", "2"]), ("a", &["x y&"])], "http://a:1/metrics?a=x+y%26&b=1&b=2");
        check(&[("__param_b", "9"), ("__param_c", "é")], &[("b", &["1", "2"])], "http://a:1/metrics?b=9&b=2&c=%C3%A9");
        check(&[("__address__", "[::1]:9090")], &[], "http://[::1]:9090/metrics");
    }

    #[test]
    fn relabelling_decides() {
        let rules = "[{source_labels: [drop], regex: '1', action: drop}, {source_labels: [every], regex: (.+), target_label: __scrape_interval__}]";
        let settings = settings(&[], rules);
        let slow = target(&[("__address__", "a:1"), ("every", "1m")], &[], &settings);
        assert_eq!((slow.interval, slow.timeout), (Duration::from_secs(60), Duration::from_secs(10)));
        assert!(matches!(made(&[("__address__", "a:1"), ("drop", "1")], &[], &settings), Ok(Made::Dropped(_))));
    }

    #[test]
    fn what_cannot_be_scraped_is_named() {
        let check = |labels: &[(&str, &str)], message: &str| {
            let error = made(labels, &[], &settings(&[], "[]")).unwrap_err();
            assert_eq!(error, format!("instance 0 in group 0: {message}"));
        };
        let address = ("__address__", "a:1");
        check(&[("x", "1")], "no address");
        check(&[("__address__", "http://a:1")], "\"http://a:1\" is not a valid hostname");
        check(
            &[address, ("__scrape_interval__", "x")],
            "error parsing scrape interval: not a valid duration string: \"x\"",
        );
        check(&[address, ("__scrape_interval__", "0")], "scrape interval cannot be 0");
        check(&[address, ("__scrape_timeout__", "0s")], "scrape timeout cannot be 0");
        check(
            &[address, ("__scrape_timeout__", "16s")],
            "scrape timeout cannot be greater than scrape interval (\"16s\" > \"15s\")",
        );
        check(
            &[address, ("__scrape_native_histograms__", "maybe")],
            "error parsing scrape native histograms: strconv.ParseBool: parsing \"maybe\": invalid syntax",
        );
    }

    #[test]
    fn an_interval_does_not_make_another_target() {
        let of = |interval: &str| {
            target(&[("__address__", "a:1"), ("__scrape_interval__", interval)], &[], &settings(&[], "[]"))
        };
        assert_eq!(of("15s").hash(), of("30s").hash());
        assert!(!of("15s").is_scraped_like(&of("30s")));
        let other = target(&[("__address__", "b:1")], &[], &settings(&[], "[]"));
        assert_ne!(of("15s").hash(), other.hash());
        let socket = [("__address__", "a:1"), ("__unix_socket__", "/run/a.sock")];
        let socket = target(&socket, &[], &settings(&[], "[]"));
        assert_eq!((socket.socket.as_deref(), &*socket.url), (Some(Path::new("/run/a.sock")), "http://a:1/metrics"));
        assert_ne!(of("15s").hash(), socket.hash());
    }
}
