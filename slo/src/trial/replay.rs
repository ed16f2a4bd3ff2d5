//! Alerts of the past: what live budgets would have told at each tick.

use alerting::rules::AlertState;
use model::Labels;
use query::Cancel;

use super::ticks::{Ticks, Windows};
use crate::budget::{Alerts, Claim, Versions, burn_labels};
use crate::burn::{Burning, PairBurn};
use crate::history::Counts;
use crate::spec::{Objective, Severity};

/// The limit `trial_alerts`: so many alerts are listed, the newest ones. All are counted.
pub const MAX_ALERTS: usize = 1000;

/// An alert that fired.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fired {
    /// Which pair.
    pub(super) pair: usize,
    pub(super) severity: Severity,
    /// When the burn began that it tells of.
    pub(super) began_ms: i64,
    pub(super) fired_ms: i64,
    pub(super) resolved_ms: Option<i64>,
    pub(super) peak_burn: f64,
}

/// What a pair tells, as urgently as that.
#[derive(Debug)]
struct Kind {
    pair: usize,
    severity: Severity,
    /// Those of its alerts.
    alert_labels: Labels,
    /// They stand for those here, being shorter: they are compared at each tick.
    labels: Labels,
    /// Which of all alerts that fired fires now.
    firing: Option<usize>,
}

/// An objective that is looked at tick by tick.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    objective: &'a Objective,
    versions: &'a Versions,
    kinds: Vec<Kind>,
    /// Some kinds have the same labels, and so are one alert.
    has_twins: bool,
    /// What burns at the tick that is looked at: its kind, and how fast.
    burning: Vec<(usize, f64)>,
    alerts: Alerts,
    pub(super) fired: Vec<Fired>,
    pub(super) n_left_out: usize,
    pub(super) n_pages: usize,
    pub(super) n_tickets: usize,
}

impl<'a> Replay<'a> {
    pub(super) fn new(objective: &'a Objective, versions: &'a Versions) -> Replay<'a> {
        Replay {
            objective,
            versions,
            kinds: Vec::new(),
            has_twins: false,
            burning: Vec::new(),
            alerts: Alerts::default(),
            fired: Vec::new(),
            n_left_out: 0,
            n_pages: 0,
            n_tickets: 0,
        }
    }

    /// All ticks, unless it is stopped. Those at which nothing is told and nothing can burn are passed over.
    pub(super) fn run(mut self, windows: Windows<'_>, cancel: &Cancel) -> Replay<'a> {
        let mut counts = Vec::new();
        for ticks in windows.ticks.blocks().take_while(|_| !cancel.is_canceled()) {
            if self.alerts.is_empty() && !windows.may_burn(self.objective, self.versions, &ticks) {
                continue;
            }
            for at_ms in ticks {
                read(windows, self.objective, at_ms, &mut counts);
                let n_fired = self.n_fired();
                self.tick(at_ms, &counts);
                self.trace(self.n_fired() - n_fired, windows.ticks);
            }
        }
        self
    }

    fn n_fired(&self) -> usize {
        self.n_left_out + self.fired.len()
    }

    /// Finds where the burns began that the newest alerts tell of.
    fn trace(&mut self, n_new: usize, ticks: &Ticks) {
        for fired in self.fired.iter_mut().rev().take(n_new) {
            let allowed_ratio = self.versions.at(fired.fired_ms).target.rest().as_f64();
            fired.began_ms = ticks.burn_began_ms(&self.objective.burn.pairs[fired.pair], allowed_ratio, fired.fired_ms);
        }
    }

    /// Looks at a tick, of which the counts of each pair's windows are known. Answers whether any pair burns.
    pub(super) fn tick(&mut self, at_ms: i64, counts: &[(Counts, Counts)]) -> bool {
        self.burning.clear();
        for (number, (long, short)) in counts.iter().enumerate() {
            if let Some((severity, burn)) = self.told(number, *long, *short, at_ms) {
                let kind = self.kind(number, severity);
                self.burning.push((kind, burn));
            }
        }
        self.step(at_ms);
        !self.burning.is_empty()
    }

    /// Looks at a tick at which nothing burns.
    pub(super) fn quiet_tick(&mut self, at_ms: i64) {
        self.burning.clear();
        self.step(at_ms);
    }

    /// How urgently a pair is told, and how fast its long window burns.
    fn told(&self, number: usize, long: Counts, short: Counts, at_ms: i64) -> Option<(Severity, f64)> {
        if long.bad <= 0.0 || short.bad <= 0.0 {
            return None;
        }
        let pair = &self.objective.burn.pairs[number];
        let target = self.versions.at(at_ms).target;
        // Few events make it less urgent, and never burn; to ask how sure it is costs more than to ask whether.
        let plain = PairBurn::of(pair, None, target, long, short);
        if plain.burning == Burning::No {
            return None;
        }
        let low = self.objective.burn.low_traffic.as_ref();
        let burn = if low.is_some() { PairBurn::of(pair, low, target, long, short) } else { plain };
        let severity = burn.told_as(pair)?.clone();
        Some((severity, burn.long))
    }

    fn kind(&mut self, pair: usize, severity: Severity) -> usize {
        let known = self.kinds.iter().position(|kind| kind.pair == pair && kind.severity == severity);
        known.unwrap_or_else(|| {
            let alert_labels = burn_labels(self.objective, &self.objective.burn.pairs[pair], &severity);
            let twin = self.kinds.iter().find(|kind| kind.alert_labels == alert_labels);
            self.has_twins |= twin.is_some();
            let number = self.kinds.len().to_string();
            let labels = twin.map_or_else(|| Labels::from_pairs([("kind", &*number)]), |twin| twin.labels.clone());
            self.kinds.push(Kind { pair, severity, alert_labels, labels, firing: None });
            self.kinds.len() - 1
        })
    }

    fn step(&mut self, at_ms: i64) {
        if self.burning.is_empty() && self.alerts.is_empty() {
            return;
        }
        if !self.goes_on() {
            let claims = self.burning.iter().map(|(kind, burn)| self.claim(&self.kinds[*kind], *burn)).collect();
            for alert in self.alerts.step(claims, |_| true, at_ms).changed {
                let instance = &alert.instance;
                match instance.state {
                    AlertState::Firing => self.fires(&instance.labels, at_ms),
                    AlertState::Inactive => self.ends(&instance.labels, at_ms),
                    AlertState::Pending => {}
                }
            }
        }
        for (kind, burn) in &self.burning {
            let firing = self.kinds[*kind].firing.and_then(|fired| fired.checked_sub(self.n_left_out));
            if let Some(fired) = firing.and_then(|at| self.fired.get_mut(at)) {
                fired.peak_burn = fired.peak_burn.max(*burn);
            }
        }
    }

    /// Whether all alerts that there are fire, and all of them burn on: nothing becomes of them then. That is so at most ticks of
    /// a promise that cannot be kept.
    fn goes_on(&self) -> bool {
        let is_firing = |(kind, _): &(usize, f64)| self.kinds[*kind].firing.is_some();
        !self.has_twins && self.burning.len() == self.alerts.len() && self.burning.iter().all(is_firing)
    }

    fn claim(&self, kind: &Kind, burn: f64) -> Claim {
        let hold_ms = self.objective.burn.pairs[kind.pair].for_ms;
        Claim {
            objective: String::new(),
            labels: kind.labels.clone(),
            annotations: Labels::empty(),
            value: burn,
            hold_ms,
        }
    }

    fn fires(&mut self, labels: &Labels, at_ms: i64) {
        let Some(kind) = self.kinds.iter().find(|kind| kind.labels == *labels) else { return };
        let (pair, severity) = (kind.pair, kind.severity.clone());
        match severity {
            Severity::Page => self.n_pages += 1,
            Severity::Ticket | Severity::Other(_) => self.n_tickets += 1,
        }
        if self.fired.len() >= MAX_ALERTS {
            self.fired.remove(0);
            self.n_left_out += 1;
        }
        self.note_firing(labels, Some(self.n_fired()));
        let (began_ms, fired_ms) = (at_ms, at_ms);
        self.fired.push(Fired { pair, severity, began_ms, fired_ms, resolved_ms: None, peak_burn: 0.0 });
    }

    fn ends(&mut self, labels: &Labels, at_ms: i64) {
        let fired = self.kinds.iter().find(|kind| kind.labels == *labels).and_then(|kind| kind.firing);
        let at = fired.and_then(|fired| fired.checked_sub(self.n_left_out));
        if let Some(fired) = at.and_then(|at| self.fired.get_mut(at)) {
            fired.resolved_ms = Some(at_ms);
        }
        self.note_firing(labels, None);
    }

    fn note_firing(&mut self, labels: &Labels, firing: Option<usize>) {
        self.kinds.iter_mut().filter(|kind| kind.labels == *labels).for_each(|kind| kind.firing = firing);
    }
}

/// Reads what was counted in the windows of all pairs.
pub(super) fn read(windows: Windows<'_>, objective: &Objective, at_ms: i64, counts: &mut Vec<(Counts, Counts)>) {
    counts.clear();
    counts.extend(objective.burn.pairs.iter().map(|pair| windows.of_pair(pair, at_ms)));
}
