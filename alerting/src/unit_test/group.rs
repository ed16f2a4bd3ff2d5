//! One test group: its series, its rules, its time, and what is seen.

use std::fmt::Debug;
use std::sync::Arc;

use model::duration::PromDuration;
use model::name::quoted;
use model::storage::{Append, Select};
use model::{Clock, Labels};
use query::syntax::Options as ParseOptions;
use query::{Engine, EngineOptions, QueryOptions, Series, Value, VectorSample};

use super::diff::diff;
use super::expected::{ComparedSample, FiringAlert, are_same, expected_alerts, indented, shown_alerts, shown_samples};
use super::file::{AlertTest, ExprTest, TestFile, TestGroup};
use super::series::Input;
use crate::rules::{AlertState, AlwaysFresh, Group, GroupDefaults, RuleFile, RuleKind, World};
use crate::template::duration_text;

/// An empty store.
pub trait TestStore: Select + Append {}

impl<T: Select + Append> TestStore for T {}

/// What the groups of a file are tested with.
#[derive(Debug)]
pub struct Setting<'s> {
    /// The file.
    pub file: &'s TestFile,
    /// The rule files, each with its name.
    pub rules: &'s [(String, RuleFile)],
    /// What PromQL has beyond its stable core.
    pub parse: ParseOptions,
    /// Metric names are dropped at the end of a query instead of by each function.
    pub delayed_name_removal: bool,
    /// Whether alerts that are not as expected are shown line by line.
    pub shows_difference: bool,
    /// Whether all that is in the store at the end is wanted.
    pub dumps: bool,
    /// By which queries time out.
    pub clock: Arc<dyn Clock>,
}

/// How a test group went.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is not as expected, or went wrong; nothing where all is well.
    pub failures: Vec<String>,
    /// All that is in the store at the end, where that was wanted.
    pub dump: Option<String>,
}

/// Tests a group over an empty store.
pub fn run(group: &TestGroup, setting: &Setting<'_>, store: &dyn TestStore) -> Outcome {
    let mut outcome = Outcome::default();
    let result = Test::new(group, setting).and_then(|mut test| test.run(setting, store, &mut outcome));
    outcome.failures.extend(result.err());
    outcome
}

/// A group under test.
struct Test<'t> {
    group: &'t TestGroup,
    input: Input,
    groups: Vec<Group>,
    engine: Engine,
    external_labels: Labels,
}

impl<'t> Test<'t> {
    fn new(group: &'t TestGroup, setting: &Setting<'_>) -> Result<Test<'t>, String> {
        let interval_ms = setting.file.interval_ms();
        let input = Input::new(group, interval_ms)?;
        let defaults = GroupDefaults { interval_ms, query_offset_ms: 0, parse: setting.parse };
        let mut groups = Vec::new();
        for (file, rules) in setting.rules {
            for config in &rules.groups {
                groups.push(Group::new(file, config, &defaults).map_err(|error| format!("{file}: {error}"))?);
            }
        }
        let place = |name: &str| setting.file.group_eval_order.iter().position(|one| one == name).unwrap_or(0);
        groups.sort_by_key(|group| place(group.name()));
        let engine = Engine::new(EngineOptions {
            parse: setting.parse,
            default_subquery_step_ms: interval_ms,
            delayed_name_removal: setting.delayed_name_removal,
            clock: Arc::clone(&setting.clock),
            ..EngineOptions::default()
        });
        let labels = group.external_labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(Test { group, input, groups, engine, external_labels: Labels::from_pairs(labels) })
    }

    fn run(&mut self, setting: &Setting<'_>, store: &dyn TestStore, outcome: &mut Outcome) -> Result<(), String> {
        if let Some(test) = self.group.alert_rule_test.iter().find(|test| test.alertname.is_empty()) {
            let name = &self.group.name;
            let of_group = if name.is_empty() { String::new() } else { format!(" (in TestGroup {name})") };
            let what = "an item under alert_rule_test misses required attribute alertname";
            return Err(format!("{what} at eval_time {}{of_group}", test.eval_time));
        }
        let (start_ms, last_ms) = (self.group.start_timestamp.at_ms, self.group.last_ms());
        let interval_ms = setting.file.interval_ms();
        let mut at_ms = 0;
        while at_ms <= last_ms {
            if let Err(error) = self.input.write_until(start_ms + at_ms, store) {
                outcome.failures.push(error);
            }
            let failed = self.evaluate(start_ms + at_ms, setting, store);
            if !failed.is_empty() {
                outcome.failures.extend(failed);
                return Ok(());
            }
            let mut due: Vec<&AlertTest> = self.group.alert_rule_test.iter().collect();
            due.retain(|test| (at_ms..at_ms + interval_ms).contains(&test.eval_time.as_millis()));
            due.sort_by_key(|test| test.eval_time);
            outcome.failures.extend(due.into_iter().filter_map(|test| self.wrong_alerts(test, setting)));
            at_ms += interval_ms;
        }
        let tests = self.group.promql_expr_test.iter();
        outcome.failures.extend(tests.filter_map(|test| self.wrong_samples(test, start_ms, setting, store)));
        outcome.dump = setting.dumps.then(|| self.dump(start_ms, last_ms, store));
        Ok(())
    }

    /// Evaluates all rules at a time; answers those that failed.
    fn evaluate(&self, at_ms: i64, setting: &Setting<'_>, store: &dyn TestStore) -> Vec<String> {
        let world = World {
            engine: &self.engine,
            select: store,
            append: store,
            freshness: &AlwaysFresh,
            external_labels: &self.external_labels,
            external_url: &self.group.external_url,
            resend_delay_ms: 60_000,
            clock: &*setting.clock,
        };
        let mut failed = Vec::new();
        for group in &self.groups {
            for (rule, error) in group.evaluate_at(at_ms, &world).failures {
                let time = duration_text(at_ms.saturating_mul(1_000_000));
                failed.push(format!("    rule: {rule}, time: {time}, err: {error}"));
            }
        }
        failed
    }

    /// The alerts of a name that fire, sorted.
    fn firing(&self, name: &str) -> Vec<FiringAlert> {
        let mut firing = Vec::new();
        for rule in self.groups.iter().flat_map(|group| group.status(true).rules) {
            let RuleKind::Alerting(alerting) = rule.kind else { continue };
            if rule.name == name {
                let alerts = alerting.alerts.into_iter().filter(|alert| alert.state == AlertState::Firing);
                firing.extend(alerts.map(|one| FiringAlert { labels: one.labels, annotations: one.annotations }));
            }
        }
        firing.sort();
        firing
    }

    /// What to say where other alerts fire than a test expects.
    fn wrong_alerts(&self, test: &AlertTest, setting: &Setting<'_>) -> Option<String> {
        let (expected, got) = (expected_alerts(test), self.firing(&test.alertname));
        if expected == got {
            return None;
        }
        let name = &self.group.name;
        let group = if name.is_empty() { String::new() } else { format!("    name: {name},\n") };
        let head = format!("{group}    alertname: {}, time: {}, ", test.alertname, test.eval_time);
        let (expected, got) = (shown_alerts(&expected), shown_alerts(&got));
        let deep = " ".repeat(12);
        Some(if setting.shows_difference {
            let difference = indented(&format!("\n{}", diff(&expected, &got)), &deep);
            format!("{head}\n        diff:{difference}")
        } else {
            format!("{head}\n        exp:{}, \n        got:{}", indented(&expected, &deep), indented(&got, &deep))
        })
    }

    /// What to say where an expression gives other samples than a test expects.
    fn wrong_samples(
        &self,
        test: &ExprTest,
        start_ms: i64,
        setting: &Setting<'_>,
        store: &dyn TestStore,
    ) -> Option<String> {
        let head = format!("    expr: {}, time: {},", quoted(&test.expr), test.eval_time);
        let compared = self.samples(&test.expr, start_ms + test.eval_time.as_millis(), store).and_then(|samples| {
            let got = samples.iter().map(ComparedSample::of).collect::<Result<Vec<_>, _>>()?;
            let expected = test.exp_samples.iter().map(ComparedSample::expected).collect::<Result<Vec<_>, _>>()?;
            Ok((expected, got))
        });
        match compared {
            Err(error) => Some(format!("{head} err: {error}")),
            Ok((mut expected, mut got)) => {
                let are_same = are_same(&mut expected, &mut got, setting.file.fuzzy_compare);
                (!are_same).then(|| {
                    let (expected, got) = (shown_samples(&expected), shown_samples(&got));
                    format!("{head}\n        exp: {expected}\n        got: {got}")
                })
            }
        }
    }

    fn samples(&self, expr: &str, at_ms: i64, store: &dyn TestStore) -> Result<Vec<VectorSample>, String> {
        let outcome = self.engine.instant(store, expr, at_ms, &QueryOptions::default());
        match outcome.map_err(|error| error.to_string())?.value {
            Value::Vector(samples) => Ok(samples),
            Value::Scalar { timestamp_ms, value } => {
                let value = model::sample::Value::Float(value);
                Ok(vec![VectorSample { labels: Labels::empty(), timestamp_ms, value }])
            }
            Value::String { .. } | Value::Matrix(_) => Err("rule result is not a vector or scalar".to_owned()),
        }
    }

    /// All samples of the store.
    fn dump(&self, start_ms: i64, last_ms: i64, store: &dyn TestStore) -> String {
        let whole_seconds = PromDuration::from_secs(last_ms.div_euclid(1000) + 1);
        let expr = format!("{{__name__=~\".+\"}}[{whole_seconds}]");
        let at_ms = start_ms + whole_seconds.as_millis();
        match self.engine.instant(store, &expr, at_ms, &QueryOptions::default()) {
            Ok(outcome) => match outcome.value {
                Value::Matrix(all) => all.iter().map(shown_series).collect::<Vec<_>>().join("\n"),
                other => format!("unexpected type {}", other.value_type()),
            },
            Err(error) => format!("failed query, expr: {}, err: {error}", quoted(&expr)),
        }
    }
}

fn shown_series(series: &Series) -> String {
    let floats = series.floats.iter().map(|(at_ms, value)| format!("{} @[{at_ms}]", model::float::plain(*value)));
    let text = |histogram| query::syntax::series::histogram_text(histogram).unwrap_or_default();
    let histograms = series.histograms.iter().map(|(at_ms, histogram)| format!("{} @[{at_ms}]", text(histogram)));
    format!("{} =>\n{}", series.labels, floats.chain(histograms).collect::<Vec<_>>().join("\n"))
}
