//! Alerting rules: what their expression says becomes instances, and those become samples and alerts.

use std::collections::{BTreeMap, HashMap};

use model::labels::METRIC_NAME;
use model::sample::Value as SampleValue;
use model::{Labels, LabelsBuilder};
use parking_lot::Mutex;
use query::VectorSample;

use super::instance::{AlertState, Instance, Step, Timing};
use super::output::Row;
use super::sink::RuleAlert;
use super::text::{self, Text, TextError};
use super::world::{RuleError, RuleHost, World, template_value};
use crate::Alert;

/// The label that holds the name of an alert.
const ALERT_NAME: &str = "alertname";
/// The series that says what an instance is.
const ALERTS: &str = "ALERTS";
/// The series that says since when it is active.
const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";

/// What an alerting rule has beyond what all rules have.
#[derive(Debug)]
pub(super) struct Alerting {
    name: String,
    hold_ms: i64,
    keep_firing_ms: i64,
    labels: Vec<(String, Text)>,
    annotations: Vec<(String, Text)>,
    /// Labels as they are written, which the samples of instances have beneath their own.
    written_labels: Labels,
    instances: Mutex<Instances>,
}

/// The instances of a rule.
#[derive(Debug, Default)]
struct Instances {
    by_labels: HashMap<Labels, Entry>,
    /// Those that fired when the rule had more than its group's `limit`: they are told as over when those who heard of them
    /// would take them for that anyway.
    lapsing: Vec<Instance>,
}

#[derive(Debug)]
struct Entry {
    instance: Instance,
    is_found: bool,
    /// Labels of its samples, and for which state.
    series: Option<(AlertState, Labels, Labels)>,
}

/// The times of an evaluation, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// What it is for.
    pub(super) slot_ms: i64,
    /// Samples up to this one have come into it.
    pub(super) fresh_at_ms: i64,
}

/// What an evaluation came to.
#[derive(Debug, Default)]
pub(super) struct Evaluated {
    /// What is to be written.
    pub(super) rows: Vec<Row>,
    /// What became another than it was.
    pub(super) changed: Vec<Instance>,
    /// What is no longer.
    pub(super) gone: Vec<Labels>,
    /// Templates that could not be filled in, and why.
    pub(super) warnings: Vec<String>,
}

impl Alerting {
    /// A rule.
    ///
    /// # Errors
    /// When a label or an annotation is no template.
    pub(super) fn new(
        name: &str,
        (hold_ms, keep_firing_ms): (i64, i64),
        written_labels: &Labels,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Alerting, TextError> {
        let text = |(key, text): (&str, &str)| Ok((key.to_owned(), Text::new(name, text)?));
        let annotations = annotations.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Ok(Alerting {
            name: name.to_owned(),
            hold_ms,
            keep_firing_ms,
            labels: written_labels.iter().map(text).collect::<Result<_, _>>()?,
            annotations: annotations.map(text).collect::<Result<_, _>>()?,
            written_labels: written_labels.clone(),
            instances: Mutex::default(),
        })
    }

    pub(super) fn durations_ms(&self) -> (i64, i64) {
        (self.hold_ms, self.keep_firing_ms)
    }

    /// The annotations as they are written.
    pub(super) fn annotations(&self) -> Labels {
        Labels::from_pairs(self.annotations.iter().map(|(name, text)| (name.as_str(), text.as_written())))
    }

    /// Evaluates the rule: `samples` is what its expression says. What it comes to is added to `evaluated`, where it fails, too.
    ///
    /// # Errors
    /// When two samples come to the same alert, where nothing is changed; and when there are more than `limit`, where all
    /// instances are dropped.
    pub(super) fn evaluate(
        &self,
        samples: &[VectorSample],
        times: Times,
        limit: usize,
        world: &World<'_>,
        evaluated: &mut Evaluated,
    ) -> Result<(), RuleError> {
        let mut found: HashMap<Labels, Instance> = HashMap::with_capacity(samples.len());
        for sample in samples {
            let instance = self.instance(sample, times.slot_ms, world, &mut evaluated.warnings);
            if found.insert(instance.labels.clone(), instance).is_some() {
                return Err(RuleError::SameAlert);
            }
        }
        let mut instances = self.instances.lock();
        instances.find(found);
        let n_active = self.step(&mut instances, times, world, evaluated);
        if limit > 0 && n_active > limit {
            instances.drop_all(evaluated);
            return Err(RuleError::Limit { limit, n: n_active, what: "alerts" });
        }
        for entry in instances.by_labels.values_mut().filter(|entry| entry.instance.state != AlertState::Inactive) {
            self.push_rows(entry, &mut evaluated.rows);
        }
        Ok(())
    }

    /// The instance that a sample brings up.
    fn instance(&self, sample: &VectorSample, slot_ms: i64, world: &World<'_>, warnings: &mut Vec<String>) -> Instance {
        let all = || self.labels.iter().chain(&self.annotations);
        let needs_data = all().any(|(_, text)| !text.is_plain());
        let data = needs_data.then(|| {
            let value = template_value(&sample.value);
            text::data(&sample.labels, world.external_labels, world.external_url, &value)
        });
        let mut host = RuleHost { world, slot_ms };
        let mut expand = |text: &Text| match &data {
            None => text.as_written().to_owned(),
            Some(data) => text.expanded(data, &mut host).unwrap_or_else(|error| {
                warnings.push(error.clone());
                error
            }),
        };
        let mut labels = sample.labels.to_builder();
        labels.remove(METRIC_NAME);
        for (name, text) in &self.labels {
            labels.set(name, &expand(text));
        }
        labels.set(ALERT_NAME, &self.name);
        let annotations: Vec<(&str, String)> =
            self.annotations.iter().map(|(name, text)| (name.as_str(), expand(text))).collect();
        let annotations = Labels::from_pairs(annotations.iter().map(|(name, text)| (*name, text.as_str())));
        let value = match sample.value {
            SampleValue::Float(value) => value,
            SampleValue::Histogram(_) => 0.0,
        };
        Instance::new(labels.build(), annotations, value, slot_ms)
    }

    /// Takes all instances to the time of the evaluation; answers how many are pending or fire.
    fn step(&self, instances: &mut Instances, times: Times, world: &World<'_>, evaluated: &mut Evaluated) -> usize {
        let slot_ms = times.slot_ms;
        let timing = Timing { slot_ms, hold_ms: self.hold_ms, keep_firing_ms: self.keep_firing_ms };
        let mut n_active = 0;
        instances.by_labels.retain(|labels, entry| {
            let before = (!entry.is_new(slot_ms)).then(|| entry.instance.clone());
            let is_fresh = world.freshness.is_fresh(labels, times.fresh_at_ms);
            let step = entry.instance.step(entry.is_found, is_fresh, timing);
            n_active += usize::from(step == Step::Active);
            if step == Step::Gone {
                evaluated.gone.push(labels.clone());
            } else if before.is_none_or(|before| !before.is_as(&entry.instance)) {
                evaluated.changed.push(entry.instance.clone());
            }
            step != Step::Gone
        });
        evaluated.changed.sort_by(|one, other| one.labels.cmp(&other.labels));
        n_active
    }

    /// `ALERTS` and `ALERTS_FOR_STATE` of an instance.
    fn push_rows(&self, entry: &mut Entry, rows: &mut Vec<Row>) {
        let Entry { instance, series, .. } = entry;
        let (alerts, for_state) = match series {
            Some((state, alerts, for_state)) if *state == instance.state => (alerts.clone(), for_state.clone()),
            _ => {
                let (alerts, for_state) = self.series_of(instance);
                *series = Some((instance.state, alerts.clone(), for_state.clone()));
                (alerts, for_state)
            }
        };
        let since_seconds = instance.active_at_ms.div_euclid(1000) as f64;
        rows.push(Row { labels: alerts, value: SampleValue::Float(1.0) });
        rows.push(Row { labels: for_state, value: SampleValue::Float(since_seconds) });
    }

    fn series_of(&self, instance: &Instance) -> (Labels, Labels) {
        let mut labels: LabelsBuilder = self.written_labels.to_builder();
        for (name, value) in &instance.labels {
            labels.set(name, value);
        }
        labels.set(METRIC_NAME, ALERTS_FOR_STATE).set(ALERT_NAME, &self.name);
        let for_state = labels.build();
        labels.set(METRIC_NAME, ALERTS).set("alertstate", instance.state.as_str());
        (labels.build(), for_state)
    }

    /// What those who listen are to hear after an evaluation.
    pub(super) fn alerts(&self, slot_ms: i64, interval_ms: i64, url: &str, world: &World<'_>) -> Vec<RuleAlert> {
        let mut instances = self.instances.lock();
        let mut alerts = instances.lapsed(slot_ms, url);
        for Entry { instance, .. } in instances.by_labels.values_mut() {
            if instance.needs_sending(slot_ms, world.resend_delay_ms) {
                instance.last_sent_ms = Some(slot_ms);
                instance.valid_until_ms = slot_ms + 4 * interval_ms.max(world.resend_delay_ms);
                alerts.push(told(instance, slot_ms, url));
            }
        }
        alerts.sort_by(|one, other| one.alert.labels.cmp(&other.alert.labels));
        alerts
    }

    /// What those who listen are to hear where the evaluation failed.
    pub(super) fn lapsed(&self, slot_ms: i64, url: &str) -> Vec<RuleAlert> {
        self.instances.lock().lapsed(slot_ms, url)
    }

    /// All instances, sorted by labels; with `is_active_only` without those that have ended.
    pub(super) fn instances(&self, is_active_only: bool) -> Vec<Instance> {
        let instances = self.instances.lock();
        let all = instances.by_labels.values().map(|entry| &entry.instance);
        let mut all: Vec<Instance> =
            all.filter(|instance| !is_active_only || instance.state != AlertState::Inactive).cloned().collect();
        all.sort_by(|one, other| one.labels.cmp(&other.labels));
        all
    }

    /// The worst of its instances; `Inactive` where there are none.
    pub(super) fn state(&self) -> AlertState {
        let instances = self.instances.lock();
        let states = instances.by_labels.values().map(|entry| entry.instance.state);
        states.max().unwrap_or(AlertState::Inactive)
    }

    /// Takes over instances, of a rule that this one replaces or of the last run.
    pub(super) fn adopt(&self, adopted: Vec<Instance>) {
        let mut instances = self.instances.lock();
        for instance in adopted {
            let entry = Entry { instance, is_found: false, series: None };
            instances.by_labels.insert(entry.instance.labels.clone(), entry);
        }
    }

    /// Whether it has no instances.
    pub(super) fn is_empty(&self) -> bool {
        self.instances.lock().by_labels.is_empty()
    }

    /// The rule is no more: its instances, which leave it.
    pub(super) fn take_instances(&self) -> Vec<Instance> {
        let mut instances = self.instances.lock();
        let Instances { by_labels, lapsing } = std::mem::take(&mut *instances);
        let mut all: Vec<Instance> = by_labels.into_values().map(|entry| entry.instance).chain(lapsing).collect();
        all.sort_by(|one, other| one.labels.cmp(&other.labels));
        all
    }

    /// The clock has been set.
    pub(super) fn shift(&self, by_ms: i64) {
        let mut instances = self.instances.lock();
        let Instances { by_labels, lapsing } = &mut *instances;
        by_labels.values_mut().map(|entry| &mut entry.instance).chain(lapsing).for_each(|one| one.shift(by_ms));
    }
}

/// An instance as those who listen hear of it.
pub(super) fn told(instance: &Instance, now_ms: i64, url: &str) -> RuleAlert {
    let alert = Alert {
        labels: instance.labels.clone(),
        annotations: instance.annotations.clone(),
        starts_at_ms: instance.fired_at_ms.unwrap_or(instance.active_at_ms),
        ends_at_ms: instance.resolved_at_ms,
        generator_url: url.to_owned(),
        updated_at_ms: now_ms,
        is_timeout: false,
    };
    RuleAlert { alert, valid_until_ms: instance.valid_until_ms }
}

impl Entry {
    /// Whether the evaluation at a time brought it up.
    fn is_new(&self, slot_ms: i64) -> bool {
        self.is_found && self.instance.state == AlertState::Pending && self.instance.active_at_ms == slot_ms
    }
}

impl Instances {
    /// Notes what an evaluation found.
    fn find(&mut self, found: HashMap<Labels, Instance>) {
        self.by_labels.values_mut().for_each(|entry| entry.is_found = false);
        for (labels, instance) in found {
            match self.by_labels.get_mut(&labels) {
                Some(entry) if entry.instance.state != AlertState::Inactive => {
                    entry.is_found = true;
                    entry.instance.value = instance.value;
                    entry.instance.annotations = instance.annotations;
                }
                _ => drop(self.by_labels.insert(labels, Entry { instance, is_found: true, series: None })),
            }
        }
    }

    /// Drops all instances because there are too many.
    fn drop_all(&mut self, evaluated: &mut Evaluated) {
        evaluated.changed.clear();
        for (labels, entry) in self.by_labels.drain() {
            evaluated.gone.push(labels);
            let is_known = entry.instance.last_sent_ms.is_some() && entry.instance.state == AlertState::Firing;
            if is_known {
                self.lapsing.push(entry.instance);
            }
        }
    }

    /// What was dropped, and would by now be taken for over by all who heard of it.
    fn lapsed(&mut self, slot_ms: i64, url: &str) -> Vec<RuleAlert> {
        let Instances { by_labels, lapsing } = self;
        let fires = |entry: &Entry| entry.instance.state == AlertState::Firing;
        lapsing.retain(|instance| !by_labels.get(&instance.labels).is_some_and(fires));
        let is_over = |instance: &mut Instance| instance.valid_until_ms <= slot_ms;
        let over = lapsing.extract_if(.., is_over).map(|mut instance| {
            let ended_ms = instance.valid_until_ms;
            instance.resolve(ended_ms);
            told(&instance, slot_ms, url)
        });
        over.collect()
    }
}
