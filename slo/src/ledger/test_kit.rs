//! Counts from a list of events, and what is promised about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Labels;

use crate::deployment::{Deployment, DeploymentState, Source};
use crate::history::{Counts, History, UncountedFirstValue};
use crate::spec::{Budgeting, Counted, Counter, Indicator, Objective, Options, RatioSide, Share, SourcePlace, Window};

/// Events: when, of which version, how many bad ones of how many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events(pub(crate) Vec<(i64, &'static str, f64, f64)>);

impl Events {
    fn of(&self, from_ms: i64, to_ms: i64) -> impl Iterator<Item = &(i64, &'static str, f64, f64)> {
        self.0.iter().filter(move |(at_ms, ..)| *at_ms > from_ms && *at_ms <= to_ms)
    }
}

impl History for Events {
    fn counts(&self, _: &str, from_ms: i64, to_ms: i64) -> Counts {
        let one = |(_, _, bad, total): &(i64, &str, f64, f64)| Counts { bad: *bad, total: *total, ..Counts::default() };
        self.of(from_ms, to_ms).map(one).fold(Counts::default(), |all, one| all + one)
    }

    fn steps(&self, id: &str, from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<Counts> {
        let starts = (0..).map(|step| from_ms + step * step_ms).take_while(|start| *start < to_ms);
        starts.map(|start| self.counts(id, start, (start + step_ms).min(to_ms))).collect()
    }

    fn began_ms(&self, _: &str) -> Option<i64> {
        self.0.first().map(|(at_ms, ..)| *at_ms)
    }

    fn newest_ms(&self, _: &str) -> Option<i64> {
        self.0.last().map(|(at_ms, ..)| *at_ms)
    }

    fn uncounted(&self, _: &str, _: i64, _: i64) -> Vec<UncountedFirstValue> {
        Vec::new()
    }

    fn by_labels(&self, _: &str, names: &[String], from_ms: i64, to_ms: i64) -> Vec<(Labels, Counts)> {
        let mut by_version: BTreeMap<&str, Counts> = BTreeMap::new();
        for (_, version, bad, total) in self.of(from_ms, to_ms) {
            let counts = by_version.entry(version).or_default();
            *counts = *counts + Counts { bad: *bad, total: *total, ..Counts::default() };
        }
        let named = |version: &str| Labels::from_pairs(names.iter().map(|name| (name.as_str(), version)));
        by_version.into_iter().map(|(version, counts)| (named(version), counts)).collect()
    }
}

/// A promise of events.
pub(crate) fn objective(id: &str, service: &str, percent: &str, attribution: &[&str]) -> Objective {
    let counted = || Counted::Exactly(Counter { text: String::new(), terms: Vec::new() });
    Objective {
        id: id.to_owned(),
        name: id.to_owned(),
        title: id.to_owned(),
        description: String::new(),
        service: service.to_owned(),
        product: None,
        labels: BTreeMap::new(),
        percent: percent.to_owned(),
        target: Share::from_percent(percent).unwrap(),
        window: Window::Rolling { length_ms: 28 * 86_400_000 },
        budgeting: Budgeting::Occurrences,
        indicator: Indicator::Events { side: RatioSide::Bad, counted: counted(), total: counted() },
        burn: Arc::default(),
        options: Arc::new(Options {
            attribution: attribution.iter().map(|name| (*name).to_owned()).collect(),
            ..Options::default()
        }),
        source: SourcePlace::default(),
    }
}

/// A deployment that went well.
pub(crate) fn deployment(service: &str, version: &str, started_ms: i64) -> Deployment {
    Deployment {
        id: format!("{service}-{version}"),
        service: service.to_owned(),
        version: version.to_owned(),
        environment: "production".to_owned(),
        change: "feature".to_owned(),
        state: DeploymentState::Succeeded,
        started_ms,
        ended_ms: Some(started_ms),
        committed_ms: None,
        url: None,
        actor: None,
        run: None,
        source: Source::Api,
    }
}
