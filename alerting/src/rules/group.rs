//! Groups: rules that are evaluated one after the other, each reading what those before it wrote.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::Labels;
use model::duration::PromDuration;
use model::storage::Append;
use parking_lot::Mutex;
use query::syntax::Options as ParseOptions;

use super::alerting::{Evaluated, Times, told};
use super::file::GroupConfig;
use super::instance::{AlertState, Instance};
use super::output::mark_stale;
use super::rule::{BadRule, Health, Rule, RuleKey, RuleStatus};
use super::sink::RuleAlert;
use super::slot::Slots;
use super::world::{RuleError, World};
use crate::template::table_link;

/// What groups take from the configuration of the server.
#[derive(Clone, Copy, Debug)]
pub struct GroupDefaults {
    /// `global.evaluation_interval`, in milliseconds.
    pub interval_ms: i64,
    /// `global.rule_query_offset`, in milliseconds.
    pub query_offset_ms: i64,
    /// What PromQL has beyond its stable core.
    pub parse: ParseOptions,
}

/// A group of rules. It does nothing by itself: whoever has it says when it is evaluated, and over what.
#[derive(Debug)]
pub struct Group {
    name: String,
    file: String,
    slots: Slots,
    query_offset_ms: i64,
    limit: usize,
    rules: Vec<Rule>,
    /// Series of rules that are no more, which the next evaluation marks as ended.
    departed: Mutex<Vec<Labels>>,
    progress: Mutex<Progress>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    evaluation_time: Duration,
    last_evaluation_ms: Option<i64>,
    last_slot_ms: Option<i64>,
    n_iterations: u64,
    n_missed: u64,
    n_evaluations: u64,
    n_failures: u64,
    n_last_samples: u64,
}

/// What an evaluation of a group came to.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// What those who listen are to hear.
    pub alerts: Vec<RuleAlert>,
    /// Which instances are no longer what they were.
    pub changes: Vec<Changes>,
    /// How many samples its rules gave.
    pub n_samples: usize,
    /// Rules that failed, by name, and why.
    pub failures: Vec<(String, RuleError)>,
    /// Labels and annotations that could not be filled in, by the rule's name.
    pub warnings: Vec<(String, String)>,
    /// How long each rule took.
    pub durations: Vec<Duration>,
}

/// What has changed among the instances of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// Which rule of its group, counted from 0.
    pub rule: usize,
    /// The instances that have become another than they were, as they are now.
    pub changed: Vec<Instance>,
    /// The labels of those that are no longer.
    pub gone: Vec<Labels>,
}

/// The instances of a rule that is no more, or has not been found again since the last run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Orphans {
    pub(super) file: String,
    pub(super) group: String,
    pub(super) rule: RuleKey,
    pub(super) instances: Vec<Instance>,
}

impl Group {
    /// A group of a file that was checked.
    ///
    /// # Errors
    /// When a rule is none.
    pub fn new(file: &str, config: &GroupConfig, defaults: &GroupDefaults) -> Result<Group, BadRule> {
        let interval_ms = match config.interval.as_millis() {
            0 => defaults.interval_ms,
            interval_ms => interval_ms,
        };
        let rule = |rule| Rule::new(rule, config, defaults.parse);
        Ok(Group {
            name: config.name.clone(),
            file: file.to_owned(),
            slots: Slots::of(file, &config.name, interval_ms),
            query_offset_ms: config.query_offset.map_or(defaults.query_offset_ms, PromDuration::as_millis),
            limit: usize::try_from(config.limit).unwrap_or(0),
            rules: config.rules.iter().map(rule).collect::<Result<_, _>>()?,
            departed: Mutex::default(),
            progress: Mutex::default(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file it stands in.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// When it is evaluated.
    pub fn slots(&self) -> Slots {
        self.slots
    }

    /// Evaluates all rules as of a time, in milliseconds since the Unix epoch. Queries see samples up to that time less the
    /// query offset, and what is written has that time. A rule that fails, or panics, fails alone.
    pub fn evaluate_at(&self, slot_ms: i64, world: &World<'_>) -> Evaluation {
        let (began, began_ms) = (world.clock.elapsed(), world.clock.now_ms());
        let mut evaluation = Evaluation::default();
        for (number, rule) in self.rules.iter().enumerate() {
            self.evaluate_rule(number, rule, slot_ms, world, &mut evaluation);
        }
        self.mark_departed(slot_ms, world.append);
        let mut progress = self.progress.lock();
        progress.evaluation_time = world.clock.elapsed().saturating_sub(began);
        progress.last_evaluation_ms = Some(began_ms);
        progress.last_slot_ms = Some(slot_ms);
        progress.n_iterations += 1;
        progress.n_evaluations += self.rules.len() as u64;
        progress.n_failures += evaluation.failures.len() as u64;
        progress.n_last_samples = evaluation.n_samples as u64;
        drop(progress);
        evaluation
    }

    fn evaluate_rule(&self, number: usize, rule: &Rule, slot_ms: i64, world: &World<'_>, all: &mut Evaluation) {
        let (began, began_ms) = (world.clock.elapsed(), world.clock.now_ms());
        let guarded = AssertUnwindSafe(|| self.try_rule(number, rule, slot_ms, world, all));
        let result = catch_unwind(guarded).unwrap_or_else(|panic| Err(RuleError::Panic(panic_text(&*panic))));
        let took = world.clock.elapsed().saturating_sub(began);
        all.durations.push(took);
        let mut progress = rule.progress.lock();
        progress.evaluation_time = took;
        progress.last_evaluation_ms = Some(began_ms);
        progress.health = if result.is_ok() { Health::Good } else { Health::Bad };
        progress.last_error = result.as_ref().err().map(ToString::to_string);
        drop(progress);
        if let Err(error) = result {
            all.failures.push((rule.name.clone(), error));
        }
    }

    fn try_rule(
        &self,
        number: usize,
        rule: &Rule,
        slot_ms: i64,
        world: &World<'_>,
        all: &mut Evaluation,
    ) -> Result<(), RuleError> {
        let at_ms = slot_ms - self.query_offset_ms;
        let rows = match &rule.alerting {
            None => rule.recorded(world.samples(&rule.expr, at_ms)?, self.limit)?,
            Some(alerting) => {
                let url = generator_url(world.external_url, &rule.query);
                let settle_ms = rule.settle_ms.load(Ordering::Relaxed);
                let times = Times { slot_ms, fresh_at_ms: at_ms - settle_ms };
                let mut evaluated = Evaluated::default();
                let result = world
                    .samples(&rule.expr, at_ms)
                    .and_then(|samples| alerting.evaluate(&samples, times, self.limit, world, &mut evaluated));
                let rows = std::mem::take(&mut evaluated.rows);
                all.note(number, rule, evaluated);
                if let Err(error) = result {
                    all.alerts.extend(alerting.lapsed(slot_ms, &url));
                    return Err(error);
                }
                all.alerts.extend(alerting.alerts(slot_ms, self.slots.interval_ms, &url, world));
                rows
            }
        };
        all.n_samples += rows.len();
        let refusal = rule.output.lock().write(world.append, &self.source_name(number), &rows, at_ms)?;
        refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// What the store knows a rule by.
    fn source_name(&self, number: usize) -> Labels {
        let rule = number.to_string();
        Labels::from_pairs([("rule_file", &*self.file), ("rule_group", &*self.name), ("rule", &rule)])
    }

    fn mark_departed(&self, slot_ms: i64, append: &dyn Append) {
        let mut departed = self.departed.lock();
        if !departed.is_empty() && mark_stale(append, &departed, slot_ms - self.query_offset_ms).is_ok() {
            departed.clear();
        }
    }

    /// Notes how long after a start its rules read what is made of old samples, because other rules record it. To be done as
    /// often as recording rules stand upon each other.
    pub(super) fn settle(&self, all: &[Arc<Group>]) {
        for (number, rule) in self.rules.iter().enumerate() {
            let mut longest_ms = 0;
            for group in all {
                let is_own = std::ptr::eq(&**group, self);
                for (other, recorder) in group.rules.iter().enumerate().filter(|(_, recorder)| rule.reads(recorder)) {
                    // What an earlier rule of the same evaluation records is as new as what it was made of.
                    let age_ms = if is_own && other < number { 0 } else { group.slots.interval_ms };
                    longest_ms = longest_ms.max(age_ms + recorder.settle_ms.load(Ordering::Relaxed));
                }
            }
            rule.settle_ms.store(longest_ms, Ordering::Relaxed);
        }
    }

    /// How many evaluations were left out because they were late.
    pub(super) fn add_missed(&self, n_missed: u64) {
        let mut progress = self.progress.lock();
        progress.n_missed += n_missed;
        progress.n_iterations += n_missed;
    }

    /// The clock was set back.
    pub(super) fn shift(&self, by_ms: i64) {
        self.rules.iter().filter_map(|rule| rule.alerting.as_ref()).for_each(|alerting| alerting.shift(by_ms));
    }

    /// Whether another group is the same in all that is written.
    pub(super) fn is_as(&self, other: &Group) -> bool {
        let written = |group: &Group| (group.slots, group.query_offset_ms, group.limit, group.rules.len());
        (&self.name, &self.file, written(self)) == (&other.name, &other.file, written(other))
            && self.rules.iter().zip(&other.rules).all(|(one, other)| one.is_as(other))
    }

    /// What its rules are known by.
    pub(super) fn keys(&self) -> Vec<RuleKey> {
        let mut seen: BTreeMap<(&str, &Labels), usize> = BTreeMap::new();
        let key = |rule: &'_ Rule, number| RuleKey { name: rule.name.clone(), labels: rule.labels.clone(), number };
        let numbered = self.rules.iter().map(|rule| {
            let n_before = seen.entry((&rule.name, &rule.labels)).or_default();
            *n_before += 1;
            key(rule, *n_before - 1)
        });
        numbered.collect()
    }

    /// Takes over the state of the group that this one replaces: rules with the same name and labels are the same.
    /// Answers the instances of rules that are no more; their series end with the next evaluation.
    pub(super) fn adopt(&self, from: &Group) -> Vec<Orphans> {
        *self.progress.lock() = *from.progress.lock();
        let mut series = std::mem::take(&mut *from.departed.lock());
        let mut old: BTreeMap<RuleKey, &Rule> = from.keys().into_iter().zip(&from.rules).collect();
        let mut orphans = Vec::new();
        for (key, rule) in self.keys().into_iter().zip(&self.rules) {
            let Some(old) = old.remove(&key) else { continue };
            rule.output.lock().adopt(&mut old.output.lock());
            match (&rule.alerting, &old.alerting) {
                (Some(alerting), Some(old)) => alerting.adopt(old.take_instances()),
                _ => orphans.extend(from.orphans(key, old)),
            }
        }
        for (key, rule) in old {
            series.extend(rule.output.lock().take_series());
            orphans.extend(from.orphans(key, rule));
        }
        self.departed.lock().append(&mut series);
        orphans
    }

    /// The group is no more: its series, and its instances.
    pub(super) fn take_apart(&self) -> (Vec<Labels>, Vec<Orphans>) {
        let mut series = std::mem::take(&mut *self.departed.lock());
        let mut orphans = Vec::new();
        for (key, rule) in self.keys().into_iter().zip(&self.rules) {
            series.extend(rule.output.lock().take_series());
            orphans.extend(self.orphans(key, rule));
        }
        (series, orphans)
    }

    fn orphans(&self, key: RuleKey, rule: &Rule) -> Option<Orphans> {
        let instances = rule.alerting.as_ref()?.take_instances();
        let orphans = Orphans { file: self.file.clone(), group: self.name.clone(), rule: key, instances };
        (!orphans.instances.is_empty()).then_some(orphans)
    }

    /// Takes over instances that a rule of the same name and labels has left, here or in another group, where the rule has
    /// none itself. Answers those that stay orphans.
    pub(super) fn restore(&self, orphans: Vec<Orphans>, is_moved: bool) -> Vec<Orphans> {
        let keys = self.keys();
        let mut left = Vec::new();
        for orphan in orphans {
            let is_ours = is_moved || (orphan.file == self.file && orphan.group == self.name);
            let heir = keys.iter().position(|key| is_ours && *key == orphan.rule).map(|number| &self.rules[number]);
            match heir.and_then(|rule| rule.alerting.as_ref()) {
                Some(alerting) if alerting.is_empty() => alerting.adopt(orphan.instances),
                _ => left.push(orphan),
            }
        }
        left
    }

    /// Whether a rule of the group writes a series.
    pub(super) fn writes(&self, series: &Labels) -> bool {
        self.rules.iter().any(|rule| rule.output.lock().writes(series))
    }

    /// All that there is to remember of its instances.
    pub(super) fn all_as_changes(&self) -> Vec<Changes> {
        let all = self.instances().into_iter().filter(|(_, instances)| !instances.is_empty());
        all.map(|(rule, changed)| Changes { rule, changed, gone: Vec::new() }).collect()
    }

    /// All instances of its rules, by the number of the rule.
    pub fn instances(&self) -> Vec<(usize, Vec<Instance>)> {
        let alerting =
            self.rules.iter().enumerate().filter_map(|(number, rule)| Some((number, rule.alerting.as_ref()?)));
        alerting.map(|(number, alerting)| (number, alerting.instances(false))).collect()
    }

    /// Writes no more.
    pub(super) fn close(&self, append: &dyn Append) {
        self.rules.iter().for_each(|rule| rule.output.lock().close(append));
    }

    /// How it is doing; `has_alerts` says whether the instances of its alerts are wanted.
    pub fn status(&self, has_alerts: bool) -> GroupStatus {
        let progress = *self.progress.lock();
        let rules: Vec<RuleStatus> = self.rules.iter().map(|rule| rule.status(has_alerts)).collect();
        GroupStatus {
            name: self.name.clone(),
            file: self.file.clone(),
            interval_ms: self.slots.interval_ms,
            limit: self.limit,
            query_offset_ms: self.query_offset_ms,
            evaluation_time: progress.evaluation_time,
            last_evaluation_ms: progress.last_evaluation_ms,
            last_slot_ms: progress.last_slot_ms,
            n_iterations: progress.n_iterations,
            n_missed: progress.n_missed,
            n_evaluations: progress.n_evaluations,
            n_failures: progress.n_failures,
            n_last_samples: progress.n_last_samples,
            rules,
        }
    }
}

impl Evaluation {
    fn note(&mut self, number: usize, rule: &Rule, evaluated: Evaluated) {
        let Evaluated { changed, gone, warnings, .. } = evaluated;
        self.warnings.extend(warnings.into_iter().map(|warning| (rule.name.clone(), warning)));
        if !(changed.is_empty() && gone.is_empty()) {
            self.changes.push(Changes { rule: number, changed, gone });
        }
    }
}

impl Orphans {
    /// What those who listen are to hear: what fired is over, for its rule is no more. What was over is told once more.
    pub(super) fn ended(mut self, now_ms: i64, url: &str) -> Vec<RuleAlert> {
        for instance in self.instances.iter_mut().filter(|instance| instance.state == AlertState::Firing) {
            instance.resolve(now_ms);
        }
        let ended = self.instances.iter().filter(|instance| instance.resolved_at_ms.is_some());
        ended.map(|instance| told(instance, now_ms, url)).collect()
    }
}

/// Where one sees what an expression gives.
pub(super) fn generator_url(external_url: &str, query: &str) -> String {
    format!("{external_url}{}", table_link(query))
}

/// What a panic says.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no words").to_owned()
}

/// How a group is doing. Times are in milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub struct GroupStatus {
    /// Its name.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// How far its evaluations are apart, in milliseconds.
    pub interval_ms: i64,
    /// How many series or alerts a rule may have; 0 for any number.
    pub limit: usize,
    /// How much older than the time of an evaluation its samples are, in milliseconds.
    pub query_offset_ms: i64,
    /// How long the last evaluation took.
    pub evaluation_time: Duration,
    /// When it began, by the wall clock.
    pub last_evaluation_ms: Option<i64>,
    /// The time that it was for.
    pub last_slot_ms: Option<i64>,
    /// How many evaluations were due, those left out included.
    pub n_iterations: u64,
    /// How many were left out because they were late.
    pub n_missed: u64,
    /// How often rules were evaluated.
    pub n_evaluations: u64,
    /// How often that failed.
    pub n_failures: u64,
    /// How many samples the last evaluation gave.
    pub n_last_samples: u64,
    /// Its rules, in the order of the file.
    pub rules: Vec<RuleStatus>,
}
