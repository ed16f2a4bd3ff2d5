//! The instances of an alert, taken from step to step by the state machine of live alerts.

use std::collections::HashMap;

use model::labels::METRIC_NAME;
use model::sample::Value as SampleValue;
use model::{Labels, LabelsBuilder};
use query::VectorSample;

use super::history::Chunk;
use super::run::Setting;
use super::{History, Interval};
use crate::rules::{
    AlertState, Instance, RuleConfig, RuleError, Step, Text, TextError, Timing, template_value, text_data,
};
use crate::template::{Host, Sample};

/// The label that holds the name of an alert.
const ALERT_NAME: &str = "alertname";

/// A rule at work.
#[derive(Debug)]
pub(super) struct Machine<'m> {
    setting: &'m Setting<'m>,
    name: String,
    labels: Vec<(String, Text)>,
    hold_ms: i64,
    keep_firing_ms: i64,
    /// All instances there have been.
    known: Vec<Known>,
    by_labels: HashMap<Labels, usize>,
    /// Those that are pending or fire.
    active: Vec<usize>,
    pub(super) n_failed: usize,
    pub(super) first_failure: Option<String>,
    pub(super) n_intervals: usize,
}

#[derive(Debug)]
struct Known {
    instance: Option<Instance>,
    /// The last step at which the expression had it; counted from 1.
    found_at: usize,
    history: History,
}

/// The instances of the series of a chunk, as far as they are known.
#[derive(Debug)]
struct Identities {
    /// For each series the value for which it is, and the instance.
    last: Vec<Option<(u64, usize)>>,
}

impl<'m> Machine<'m> {
    /// A rule before the first step.
    ///
    /// # Errors
    /// When a label is no template.
    pub(super) fn new(rule: &RuleConfig, setting: &'m Setting<'m>) -> Result<Machine<'m>, TextError> {
        let text = |(name, text): (&String, &String)| Ok((name.clone(), Text::new(&rule.alert, text)?));
        Ok(Machine {
            setting,
            name: rule.alert.clone(),
            labels: rule.labels.iter().map(text).collect::<Result<_, _>>()?,
            hold_ms: rule.hold.as_millis(),
            keep_firing_ms: rule.keep_firing_for.as_millis(),
            known: Vec::new(),
            by_labels: HashMap::new(),
            active: Vec::new(),
            n_failed: 0,
            first_failure: None,
            n_intervals: 0,
        })
    }

    /// Goes through the steps of a chunk.
    pub(super) fn take(&mut self, chunk: &Chunk, start_ms: i64, step_ms: i64) {
        if let Some(failure) = &chunk.failure {
            self.fail(failure);
            return;
        }
        let mut identities = Identities { last: vec![None; chunk.series.len()] };
        let mut found = Vec::new();
        for step in chunk.first..chunk.first + chunk.n_steps {
            let slot_ms = start_ms + step as i64 * step_ms;
            found.clear();
            for (series, value) in chunk.at(step) {
                let id = self.identified(&mut identities, series, &chunk.series[series], value, slot_ms);
                // Marked at once, so that a second one is seen; if there is one, nothing else of this step counts.
                found.push((id, std::mem::replace(&mut self.known[id].found_at, step + 1)));
            }
            if found.iter().any(|(_, found_before)| *found_before == step + 1) {
                self.fail("vector contains metrics with the same labelset after applying alert labels");
                continue;
            }
            self.step(step, slot_ms, &found);
        }
    }

    fn fail(&mut self, failure: &str) {
        self.n_failed += 1;
        self.first_failure.get_or_insert_with(|| failure.to_owned());
    }

    /// The instance that a sample brings up.
    fn identified(
        &mut self,
        identities: &mut Identities,
        series: usize,
        labels: &Labels,
        value: &SampleValue,
        slot_ms: i64,
    ) -> usize {
        let bits = match value {
            SampleValue::Float(value) => value.to_bits(),
            SampleValue::Histogram(_) => 0,
        };
        let is_fixed = self.labels.iter().all(|(_, text)| text.is_plain());
        // A template may say something else for another value, and, where it asks or tells the time, at another time.
        let is_of_value =
            matches!(value, SampleValue::Float(_)) && self.labels.iter().all(|(_, text)| !is_of_time(text));
        match identities.last[series] {
            Some((_, id)) if is_fixed => return id,
            Some((of, id)) if is_of_value && of == bits => return id,
            _ => {}
        }
        let labels = self.alert_labels(labels, value, slot_ms);
        let id = match self.by_labels.get(&labels) {
            Some(id) => *id,
            None => {
                let history = History { labels: labels.clone(), intervals: Vec::new() };
                self.known.push(Known { instance: None, found_at: 0, history });
                self.by_labels.insert(labels, self.known.len() - 1);
                self.known.len() - 1
            }
        };
        identities.last[series] = Some((bits, id));
        id
    }

    fn alert_labels(&self, sample: &Labels, value: &SampleValue, slot_ms: i64) -> Labels {
        let Setting { external_labels, external_url, .. } = self.setting;
        let mut labels: LabelsBuilder = sample.to_builder();
        labels.remove(METRIC_NAME);
        let mut host = HistoryHost { setting: self.setting, slot_ms };
        for (name, text) in &self.labels {
            let expanded = if text.is_plain() {
                text.as_written().to_owned()
            } else {
                let data = text_data(sample, external_labels, external_url, &template_value(value));
                text.expanded(&data, &mut host).unwrap_or_else(|error| error)
            };
            labels.set(name, &expanded);
        }
        labels.set(ALERT_NAME, &self.name);
        labels.build()
    }

    /// Takes all instances to a step at which some were found.
    fn step(&mut self, step: usize, slot_ms: i64, found: &[(usize, usize)]) {
        let timing = Timing { slot_ms, hold_ms: self.hold_ms, keep_firing_ms: self.keep_firing_ms };
        let limit = self.setting.group.limit;
        for (id, _) in found {
            let known = &mut self.known[*id];
            if known.instance.is_none() {
                known.instance = Some(Instance::new(Labels::empty(), Labels::empty(), 0.0, slot_ms));
                self.active.push(*id);
            }
        }
        let mut n_active = 0;
        for id in &self.active {
            let Known { instance, found_at, .. } = &mut self.known[*id];
            let is_found = *found_at == step + 1;
            // What has ended is told for a while, and comes up as a new instance: nothing of it matters here.
            if instance.as_mut().is_some_and(|live| live.step(is_found, true, timing) == Step::Active) {
                n_active += 1;
            } else {
                *instance = None;
            }
        }
        let is_over = limit > 0 && n_active > limit;
        let (known, n_intervals) = (&mut self.known, &mut self.n_intervals);
        self.active.retain(|id| {
            let Known { instance, history, .. } = &mut known[*id];
            if is_over {
                *instance = None;
            }
            let state = instance.as_ref().map(|live| live.state);
            *n_intervals += usize::from(history.note(state, slot_ms));
            state.is_some()
        });
        if is_over {
            self.fail(&RuleError::Limit { limit, n: n_active, what: "alerts" }.to_string());
        }
    }

    /// What became of all instances, sorted by labels.
    pub(super) fn into_histories(self, end_ms: i64) -> Vec<History> {
        let ended = self.known.into_iter().map(|mut known| {
            known.history.note(None, end_ms);
            known.history
        });
        let mut histories: Vec<History> = ended.filter(|history| !history.intervals.is_empty()).collect();
        histories.sort_by(|one, other| one.labels.cmp(&other.labels));
        histories
    }
}

/// Whether what a template says may change with time.
fn is_of_time(text: &Text) -> bool {
    !text.is_plain() && ["query", "now"].iter().any(|word| text.as_written().contains(word))
}

/// An interval whose end is not known yet.
const OPEN: i64 = i64::MAX;

impl History {
    /// The instance is something at a time, or nothing; answers whether an interval begins.
    fn note(&mut self, state: Option<AlertState>, at_ms: i64) -> bool {
        let open = self.intervals.last_mut().filter(|interval| interval.end_ms == OPEN);
        if open.as_ref().map(|interval| interval.state) == state {
            return false;
        }
        if let Some(interval) = open {
            interval.end_ms = at_ms;
        }
        let Some(state) = state else { return false };
        self.intervals.push(Interval { state, start_ms: at_ms, end_ms: OPEN });
        true
    }
}

/// The world of templates at a step.
struct HistoryHost<'h> {
    setting: &'h Setting<'h>,
    slot_ms: i64,
}

impl Host for HistoryHost<'_> {
    fn now_ms(&self) -> i64 {
        self.slot_ms
    }

    fn external_url(&self) -> &str {
        self.setting.external_url
    }

    fn query(&mut self, expression: &str) -> Result<Vec<Sample>, String> {
        let Setting { engine, select, options, .. } = self.setting;
        let outcome = engine.instant(*select, expression, self.slot_ms, options).map_err(|error| error.to_string())?;
        let sample = |sample: VectorSample| Sample { value: template_value(&sample.value), labels: sample.labels };
        match outcome.value {
            query::Value::Vector(samples) => Ok(samples.into_iter().map(sample).collect()),
            query::Value::Scalar { value, .. } => {
                let value = template_value(&SampleValue::Float(value));
                Ok(vec![Sample { value, labels: Labels::empty() }])
            }
            _ => Err("rule result is not a vector or scalar".to_owned()),
        }
    }
}
