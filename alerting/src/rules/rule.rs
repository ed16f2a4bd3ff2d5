//! Rules: what they are, and how their last evaluation went.

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use model::labels::METRIC_NAME;
use model::{Labels, LabelsBuilder, Matcher};
use parking_lot::Mutex;
use query::VectorSample;
use query::syntax::{Expr, Options as ParseOptions, parse};

use super::alerting::Alerting;
use super::file::{GroupConfig, RuleConfig};
use super::instance::{AlertState, Instance};
use super::output::{Output, Row};
use super::world::RuleError;

/// How a rule is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Health {
    /// It has not been evaluated yet.
    #[default]
    Unknown,
    /// Its last evaluation went well.
    Good,
    /// Its last evaluation failed.
    Bad,
}

impl Health {
    /// The text in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Unknown => "unknown",
            Health::Good => "ok",
            Health::Bad => "err",
        }
    }
}

/// A rule of a group.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    /// With those of the group.
    pub(super) labels: Labels,
    /// The expression, as PromQL prints it.
    pub(super) query: String,
    /// That text, parsed.
    pub(super) expr: Expr,
    /// The metric names that it reads, one matcher for each selector; `None` for any name.
    pub(super) reads: Vec<Option<Matcher>>,
    /// How long after the targets have been scraped what it reads is made of new samples, in milliseconds: others record it.
    pub(super) settle_ms: AtomicI64,
    /// `None` for a recording rule.
    pub(super) alerting: Option<Alerting>,
    pub(super) progress: Mutex<Progress>,
    pub(super) output: Mutex<Output>,
}

/// What is known of evaluations.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) health: Health,
    pub(super) last_error: Option<String>,
    pub(super) evaluation_time: Duration,
    /// By the wall clock.
    pub(super) last_evaluation_ms: Option<i64>,
}

/// Why a rule that was read cannot be made: it was not checked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadRule(String);

/// What a rule was, for whoever takes over its state: name, labels, and which of those with the same ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RuleKey {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) number: usize,
}

impl Rule {
    /// A rule of a file that was checked.
    pub(super) fn new(config: &RuleConfig, group: &GroupConfig, options: ParseOptions) -> Result<Rule, BadRule> {
        let bad = |error: &dyn std::fmt::Display| BadRule(format!("rule {}: {error}", config.name()));
        let query = parse(&config.expr, options).map_err(|error| bad(&error))?.to_string();
        let expr = parse(&query, options).map_err(|error| bad(&error))?;
        let mut labels = LabelsBuilder::new();
        for (name, value) in group.labels.iter().chain(&config.labels) {
            labels.set(name, value);
        }
        let labels = labels.build();
        let durations = (config.hold.as_millis(), config.keep_firing_for.as_millis());
        let alerting = (!config.alert.is_empty())
            .then(|| Alerting::new(&config.alert, durations, &labels, &config.annotations))
            .transpose()
            .map_err(|error| bad(&error))?;
        Ok(Rule {
            name: config.name().to_owned(),
            labels,
            query,
            reads: expr.selectors().map(name_matcher).collect(),
            expr,
            settle_ms: AtomicI64::new(0),
            alerting,
            progress: Mutex::default(),
            output: Mutex::default(),
        })
    }

    /// Whether it reads what a recording rule writes.
    pub(super) fn reads(&self, other: &Rule) -> bool {
        let matches = |name: &Option<Matcher>| name.as_ref().is_none_or(|name| name.matches(&other.name));
        other.alerting.is_none() && self.reads.iter().any(matches)
    }

    /// The series of a recording rule.
    pub(super) fn recorded(&self, samples: Vec<VectorSample>, limit: usize) -> Result<Vec<Row>, RuleError> {
        let mut rows: Vec<Row> = Vec::with_capacity(samples.len());
        for sample in samples {
            let mut labels = sample.labels.to_builder();
            labels.set(METRIC_NAME, &self.name);
            for (name, value) in &self.labels {
                labels.set(name, value);
            }
            rows.push(Row { labels: labels.build(), value: sample.value });
        }
        let mut distinct: Vec<&Labels> = rows.iter().map(|row| &row.labels).collect();
        distinct.sort_unstable();
        if distinct.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(RuleError::SameSeries);
        }
        if limit > 0 && rows.len() > limit {
            return Err(RuleError::Limit { limit, n: rows.len(), what: "series" });
        }
        Ok(rows)
    }

    /// Whether another rule is the same in all that is written.
    pub(super) fn is_as(&self, other: &Rule) -> bool {
        let written = |rule: &Rule| {
            let alerting = rule.alerting.as_ref();
            (alerting.map(|alerting| (alerting.durations_ms(), alerting.annotations())), rule.labels.clone())
        };
        self.name == other.name && self.query == other.query && written(self) == written(other)
    }

    /// How it is doing.
    pub(super) fn status(&self, has_alerts: bool) -> RuleStatus {
        let progress = self.progress.lock().clone();
        let kind = match &self.alerting {
            None => RuleKind::Recording,
            Some(alerting) => {
                let (hold_ms, keep_firing_ms) = alerting.durations_ms();
                RuleKind::Alerting(AlertingStatus {
                    hold_ms,
                    keep_firing_ms,
                    annotations: alerting.annotations(),
                    state: progress.last_evaluation_ms.map(|_| alerting.state()),
                    alerts: if has_alerts { alerting.instances(true) } else { Vec::new() },
                })
            }
        };
        RuleStatus {
            name: self.name.clone(),
            query: self.query.clone(),
            labels: self.labels.clone(),
            kind,
            health: progress.health,
            last_error: progress.last_error,
            evaluation_time: progress.evaluation_time,
            last_evaluation_ms: progress.last_evaluation_ms,
        }
    }
}

fn name_matcher(matchers: &[Matcher]) -> Option<Matcher> {
    matchers.iter().find(|matcher| matcher.name() == METRIC_NAME).cloned()
}

/// How a rule is doing.
#[derive(Clone, Debug)]
pub struct RuleStatus {
    /// Its name.
    pub name: String,
    /// Its expression, as PromQL prints it.
    pub query: String,
    /// Its labels, with those of its group, as they are written.
    pub labels: Labels,
    /// What it is.
    pub kind: RuleKind,
    /// How its last evaluation went.
    pub health: Health,
    /// Why it failed, if it did.
    pub last_error: Option<String>,
    /// How long it took.
    pub evaluation_time: Duration,
    /// When it was, by the wall clock, in milliseconds since the Unix epoch.
    pub last_evaluation_ms: Option<i64>,
}

/// What a rule is.
#[derive(Clone, Debug)]
pub enum RuleKind {
    /// It writes series.
    Recording,
    /// It raises alerts.
    Alerting(AlertingStatus),
}

/// What an alerting rule has beyond what all rules have.
#[derive(Clone, Debug)]
pub struct AlertingStatus {
    /// `for`, in milliseconds.
    pub hold_ms: i64,
    /// `keep_firing_for`, in milliseconds.
    pub keep_firing_ms: i64,
    /// The annotations as they are written.
    pub annotations: Labels,
    /// The worst of its instances; `None` before its first evaluation.
    pub state: Option<AlertState>,
    /// Its instances that are pending or fire, sorted by labels.
    pub alerts: Vec<Instance>,
}
