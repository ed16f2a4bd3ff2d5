//! Test files: what they say, as they say it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::duration::PromDuration;
use model::name::quoted;
use model::yaml::{Document, Problem};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Rules are evaluated this often where nothing else is said, in milliseconds.
const DEFAULT_INTERVAL_MS: i64 = 60_000;

/// A file of tests.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "main.unitTestFile", default, deny_unknown_fields)]
pub struct TestFile {
    /// The rule files, or patterns of them, relative to this file.
    pub rule_files: Vec<String>,
    /// How often rules are evaluated; zero for a minute.
    pub evaluation_interval: PromDuration,
    /// Names of groups in the order in which they are evaluated; those that are not named come with the first.
    pub group_eval_order: Vec<String>,
    /// The tests.
    pub tests: Vec<TestGroup>,
    /// Whether floats may differ in their last bit.
    pub fuzzy_compare: bool,
}

/// Series, and what is to be seen over them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "main.testGroup", default, deny_unknown_fields)]
pub struct TestGroup {
    /// How far the samples of a series are apart; zero for the interval of evaluations.
    pub interval: PromDuration,
    /// The series.
    pub input_series: Vec<InputSeries>,
    /// Which alerts fire.
    pub alert_rule_test: Vec<AlertTest>,
    /// What expressions give.
    pub promql_expr_test: Vec<ExprTest>,
    /// `global.external_labels` of the server that is tested.
    pub external_labels: BTreeMap<String, String>,
    /// Its external URL.
    pub external_url: String,
    /// The name of the group.
    pub name: String,
    /// The time of the first samples and the first evaluation.
    pub start_timestamp: StartTime,
}

/// A series in PromQL's notation.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "main.series", default, deny_unknown_fields)]
pub struct InputSeries {
    /// `up{job="a"}`
    pub series: String,
    /// `0+1x5 _ stale`
    pub values: String,
}

/// Which alerts of a name fire at a time.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "main.alertTestCase", default, deny_unknown_fields)]
pub struct AlertTest {
    /// The time, from the start.
    pub eval_time: PromDuration,
    /// The name.
    pub alertname: String,
    /// The alerts.
    pub exp_alerts: Vec<ExpectedAlert>,
}

/// An alert that is to fire.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "main.alert", default, deny_unknown_fields)]
pub struct ExpectedAlert {
    /// Its labels but `alertname`.
    pub exp_labels: BTreeMap<String, String>,
    /// Its annotations.
    pub exp_annotations: BTreeMap<String, String>,
}

/// What an expression gives at a time.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "main.promqlTestCase", default, deny_unknown_fields)]
pub struct ExprTest {
    /// The expression.
    pub expr: String,
    /// The time, from the start.
    pub eval_time: PromDuration,
    /// The samples, in any order.
    pub exp_samples: Vec<ExpectedSample>,
}

/// A sample that is expected.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "main.sample", default, deny_unknown_fields)]
pub struct ExpectedSample {
    /// Its labels, as a selector writes them.
    pub labels: String,
    /// Its value.
    pub value: f64,
    /// Its value where it is a native histogram, in PromQL's notation.
    pub histogram: String,
}

/// A time as RFC 3339, or in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StartTime {
    /// In milliseconds since the Unix epoch.
    pub at_ms: i64,
}

impl<'de> Deserialize<'de> for StartTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StartTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = || D::Error::custom(format_args!("cannot parse {} to a valid timestamp", quoted(&text)));
        let at_ms = match text.parse::<f64>() {
            Ok(seconds) if seconds.abs() < 1e14 => (seconds * 1000.0).floor() as i64,
            Ok(_) => return Err(bad()),
            Err(_) => text.parse::<Timestamp>().map_err(|_| bad())?.as_millisecond(),
        };
        Ok(StartTime { at_ms })
    }
}

impl TestFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// All that is wrong with its form, each with its place.
    pub fn read(text: &str) -> Result<TestFile, Vec<Problem>> {
        let document = Document::parse(text).map_err(|problem| vec![problem])?;
        match document.read::<TestFile>() {
            (Some(file), problems) if problems.is_empty() => Ok(file),
            (None, problems) if problems.is_empty() => Ok(TestFile::default()),
            (_, problems) => Err(problems),
        }
    }

    /// How often rules are evaluated, in milliseconds.
    pub fn interval_ms(&self) -> i64 {
        match self.evaluation_interval.as_millis() {
            0 => DEFAULT_INTERVAL_MS,
            interval_ms => interval_ms,
        }
    }

    /// A name that stands twice in `group_eval_order`.
    pub fn repeated_group(&self) -> Option<&str> {
        let order = &self.group_eval_order;
        let twice = (1..order.len()).find(|at| order[..*at].contains(&order[*at]));
        twice.map(|at| order[at].as_str())
    }
}

impl TestGroup {
    /// What it is called, `number` being its place in the file, counted from 0.
    pub fn shown_name(&self, number: usize) -> String {
        if self.name.is_empty() { format!("unnamed#{number}") } else { self.name.clone() }
    }

    /// The time of the last test from the start, in milliseconds.
    pub(super) fn last_ms(&self) -> i64 {
        let alerts = self.alert_rule_test.iter().map(|test| test.eval_time);
        let all = alerts.chain(self.promql_expr_test.iter().map(|test| test.eval_time));
        all.map(PromDuration::as_millis).max().unwrap_or(0)
    }
}
