//! Budgets of objectives and products at any instant: what was counted, held against what was promised.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;

use super::status::{
    BudgetStatus, BurnStatus, ComponentStatus, ConfidenceStatus, ForecastStatus, RateStatus, SamplingStatus,
    UncountedStatus, WindowStatus,
};
use super::versions::Versions;
use super::{Amount, ExpectedPoint, Measured, Moment, Point, ProductStatus, Status, expected};
use crate::burn::{Burning, Confidence, PairBurn, burn_rate, detection_ms, no_data_after_ms};
use crate::forecast::{self, Forecast, Known, N_STEPS, NOW_MS, Pace};
use crate::history::{Counts, History};
use crate::product::{Composed, Composite, Slices};
use crate::spec::{
    Budgeting, BurnPair, BurnPolicy, Catalog, Component, CompositionMethod, Counted, Indicator, Objective, Product,
    Role, Window,
};
use crate::window::{Span, duration_text};

/// Nothing for so long is no data, where a policy says nothing else: the look-back of queries, in milliseconds.
const STALE_MS: i64 = 5 * 60_000;
/// The windows over which a product's burn rates are shown, in milliseconds.
const PRODUCT_WINDOWS_MS: [i64; 6] = [300_000, 1_800_000, 3_600_000, 21_600_000, 86_400_000, 259_200_000];
/// What stands before a product's name where objectives are named by their ids.
const PRODUCT_PREFIX: &str = "product/";

/// The key of a product among those of objectives.
pub(crate) fn product_key(name: &str) -> String {
    format!("{PRODUCT_PREFIX}{name}")
}

/// The product of a key; `None` for that of an objective.
pub(crate) fn product_of_key(key: &str) -> Option<&str> {
    key.strip_prefix(PRODUCT_PREFIX)
}

/// Slices of composites that are kept from tick to tick, by key.
pub(crate) type KeptSlices = Mutex<HashMap<String, Arc<Slices>>>;

/// What budgets are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evaluation<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) history: &'a dyn History,
    /// By the id of an objective or the key of a product.
    pub(crate) versions: &'a BTreeMap<String, Versions>,
    pub(crate) slices: &'a KeptSlices,
}

/// What has a budget.
#[derive(Clone, Debug)]
struct Subject<'a> {
    key: String,
    versions: Versions,
    window: &'a Window,
    counter: Counter<'a>,
    newest_ms: Option<i64>,
    began_ms: Option<i64>,
    /// Nothing for longer than this is no data, in milliseconds.
    stale_ms: i64,
    /// The shortest window over which burning is looked at, in milliseconds.
    shortest_ms: i64,
}

/// How its events are counted.
#[derive(Clone, Debug)]
enum Counter<'a> {
    Objective(&'a str),
    Composite(Composite<'a>),
    Sliced(Composite<'a>, Arc<Slices>),
}

/// What a tick sees of an objective.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) measured: Measured,
    /// What was counted in each of the windows asked for.
    pub(crate) windows: Vec<(i64, Counts)>,
    /// What each pair sees.
    pub(crate) pairs: Vec<PairBurn>,
    /// All good and bad events there ever were; `None` where that is not known.
    pub(crate) ever: Option<Counts>,
    pub(crate) newest_ms: Option<i64>,
}

impl<'a> Evaluation<'a> {
    fn composed(&self) -> Composed<'a> {
        Composed::new(self.catalog, self.history)
    }

    fn objective_subject(&self, objective: &'a Objective, at_ms: Option<i64>, now_ms: i64) -> (Subject<'a>, i64) {
        let always = || Versions::always(objective.target, &objective.percent);
        let (newest_ms, began_ms) = self.reach(&objective.id, 0);
        let at_ms = at_ms.unwrap_or_else(|| newest_ms.unwrap_or(now_ms));
        let counter = match Composite::of_objective(objective) {
            None => Counter::Objective(&objective.id),
            Some(composite) => self.counter(&objective.id, composite, &objective.window, at_ms),
        };
        let subject = Subject {
            key: objective.id.clone(),
            versions: self.versions.get(&objective.id).cloned().unwrap_or_else(always),
            window: &objective.window,
            counter,
            newest_ms,
            began_ms,
            stale_ms: no_data_after_ms(&objective.burn, objective.target).unwrap_or(STALE_MS),
            shortest_ms: objective.burn.pairs.iter().map(|pair| pair.short_ms).min().unwrap_or(NOW_MS),
        };
        (subject, at_ms)
    }

    fn product_subject(&self, product: &'a Product, at_ms: Option<i64>, now_ms: i64) -> (Subject<'a>, i64) {
        let composite = Composite::of_product(product, self.catalog);
        let (newest_ms, began_ms) = self.reach_of(composite.components(), 0);
        let at_ms = at_ms.unwrap_or_else(|| newest_ms.unwrap_or(now_ms));
        let key = product_key(&product.name);
        // What components promise together changes with them, and is not kept.
        let own = product.target.as_ref().and_then(|_| self.versions.get(&key)).cloned();
        let target = composite.target();
        let versions = own.unwrap_or_else(|| Versions::always(target, &target.percent_text()));
        let counter = self.counter(&key, composite, &product.window, at_ms);
        let window = &product.window;
        let (stale_ms, shortest_ms) = (STALE_MS, NOW_MS);
        (Subject { key, versions, window, counter, newest_ms, began_ms, stale_ms, shortest_ms }, at_ms)
    }

    /// The newest sample of an objective and its first; of a composite those of its components.
    fn reach(&self, id: &str, depth: usize) -> (Option<i64>, Option<i64>) {
        match self.catalog.objectives.get(id).map(|objective| &objective.indicator) {
            Some(Indicator::Composite(composition)) if depth < 8 => self.reach_of(&composition.components, depth + 1),
            _ => (self.history.newest_ms(id), self.history.began_ms(id)),
        }
    }

    fn reach_of(&self, components: &[Component], depth: usize) -> (Option<i64>, Option<i64>) {
        widest(components.iter().map(|component| self.reach(&component.objective, depth)))
    }

    fn counter(&self, key: &str, composite: Composite<'a>, window: &Window, at_ms: i64) -> Counter<'a> {
        if !composite.is_sliced() {
            return Counter::Composite(composite);
        }
        let from_ms = window.span_at(at_ms).from_ms;
        let kept = self.slices.lock().get(key).filter(|kept| kept.covers(from_ms, at_ms, composite.slice_ms)).cloned();
        let slices = kept.unwrap_or_else(|| Arc::new(Slices::of(&self.composed(), &composite, from_ms, at_ms)));
        Counter::Sliced(composite, slices)
    }

    /// Takes the kept slices of a composite to an instant; at each tick, so that budgets of composites cost what is new.
    fn keep_slices(&self, subject: &mut Subject<'a>, at_ms: i64) {
        let Counter::Sliced(composite, slices) = &mut subject.counter else { return };
        let from_ms = subject.window.span_at(at_ms).from_ms;
        let mut kept = self.slices.lock();
        match kept.get_mut(&subject.key).filter(|kept| kept.reaches(from_ms, composite.slice_ms)) {
            Some(kept) => {
                Arc::make_mut(kept).move_to(&self.composed(), composite, from_ms, at_ms);
                *slices = Arc::clone(kept);
            }
            None => {
                kept.insert(subject.key.clone(), Arc::clone(slices));
            }
        }
    }

    fn counts(&self, counter: &Counter<'a>, from_ms: i64, to_ms: i64) -> Counts {
        match counter {
            Counter::Objective(id) => self.history.counts(id, from_ms, to_ms),
            Counter::Composite(composite) => self.composed().counts_of(composite, from_ms, to_ms),
            Counter::Sliced(composite, slices) if slices.covers(from_ms, to_ms, composite.slice_ms) => {
                slices.counts(from_ms, to_ms)
            }
            Counter::Sliced(composite, _) => self.composed().counts_of(composite, from_ms, to_ms),
        }
    }

    /// What was counted in windows of some lengths that end at an instant.
    fn windows(&self, counter: &Counter<'a>, lengths_ms: &[i64], at_ms: i64) -> Vec<Counts> {
        let from_ms = lengths_ms.iter().map(|length_ms| at_ms - length_ms);
        match counter {
            Counter::Objective(id) => self.history.windows(id, &from_ms.collect::<Vec<_>>(), at_ms),
            Counter::Composite(_) | Counter::Sliced(..) => {
                from_ms.map(|from_ms| self.counts(counter, from_ms, at_ms)).collect()
            }
        }
    }

    fn steps(&self, counter: &Counter<'a>, span: Span, step_ms: i64) -> Vec<Counts> {
        let Span { from_ms, to_ms } = span;
        match counter {
            Counter::Objective(id) => self.history.steps(id, from_ms, to_ms, step_ms),
            Counter::Composite(composite) => self.composed().steps_of(composite, from_ms, to_ms, step_ms),
            Counter::Sliced(..) => {
                let begins = (from_ms..to_ms).step_by(usize::try_from(step_ms.max(1)).unwrap_or(usize::MAX));
                begins.map(|begin_ms| self.counts(counter, begin_ms, (begin_ms + step_ms).min(to_ms))).collect()
            }
        }
    }

    /// What was counted of a product in each step of a span.
    pub(crate) fn product_steps(&self, product: &'a Product, span: Span, step_ms: i64) -> Vec<Counts> {
        let (subject, _) = self.product_subject(product, Some(span.to_ms), span.to_ms);
        self.steps(&subject.counter, span, step_ms)
    }

    /// What was counted of an objective in each step of a span.
    pub(crate) fn objective_steps(&self, objective: &'a Objective, span: Span, step_ms: i64) -> Vec<Counts> {
        let (mut subject, _) = self.objective_subject(objective, Some(span.to_ms), span.to_ms);
        self.reach_back(&mut subject, span.from_ms, span.to_ms);
        self.steps(&subject.counter, span, step_ms)
    }

    /// What was counted of an objective in a span.
    pub(crate) fn objective_counts(&self, objective: &'a Objective, span: Span) -> Counts {
        let (subject, _) = self.objective_subject(objective, Some(span.to_ms), span.to_ms);
        self.counts(&subject.counter, span.from_ms, span.to_ms)
    }

    /// How many bad events of an objective were allowed in a span, by each target while it was in force.
    pub(crate) fn objective_allowed(&self, objective: &'a Objective, span: Span) -> f64 {
        let (subject, _) = self.objective_subject(objective, Some(span.to_ms), span.to_ms);
        subject.versions.allowed(span, |from_ms, to_ms| self.counts(&subject.counter, from_ms, to_ms)).1
    }

    /// The first sample of an objective; of a composite that of its components.
    pub(crate) fn objective_began_ms(&self, objective: &Objective) -> Option<i64> {
        match &objective.indicator {
            // It need not be one of the catalog.
            Indicator::Composite(composition) => self.reach_of(&composition.components, 1).1,
            _ => self.reach(&objective.id, 0).1,
        }
    }

    /// `seen_ms` is the instant from which freshness is looked at; `None` for the past.
    fn measured(&self, subject: &Subject<'a>, at_ms: i64, seen_ms: Option<i64>) -> Measured {
        let span = subject.window.span_at(at_ms);
        let so_far = Span { to_ms: span.to_ms.min(at_ms), ..span };
        let counts = |from_ms, to_ms| self.counts(&subject.counter, from_ms, to_ms);
        let (mut counted, allowed) = subject.versions.allowed(so_far, counts);
        if let Counter::Sliced(composite, _) = &subject.counter {
            let times = self.composed().events_of(composite, so_far.from_ms, so_far.to_ms);
            (counted.measured_ms, counted.expected_ms) = (times.measured_ms, times.expected_ms);
        }
        let is_empty = counted.total <= 0.0 && counted.measured_ms <= 0.0;
        let is_stale = |seen_ms: i64| subject.newest_ms.is_none_or(|newest_ms| seen_ms - newest_ms > subject.stale_ms);
        let is_unknown = is_empty || seen_ms.is_some_and(is_stale);
        Measured { at_ms, span, target: subject.versions.at(at_ms).target, counts: counted, allowed, is_unknown }
    }

    /// What a tick has to know of an objective at an instant, over some windows.
    pub(crate) fn look(&self, objective: &'a Objective, windows_ms: &[i64], at_ms: i64) -> Look {
        let (mut subject, at_ms) = self.objective_subject(objective, Some(at_ms), at_ms);
        self.keep_slices(&mut subject, at_ms);
        self.look_at(&subject, &objective.burn, windows_ms, at_ms)
    }

    fn look_at(&self, subject: &Subject<'a>, burn: &BurnPolicy, windows_ms: &[i64], at_ms: i64) -> Look {
        let measured = self.measured(subject, at_ms, Some(at_ms));
        let mut windows: Vec<(i64, Counts)> = Vec::with_capacity(windows_ms.len());
        windows.extend(windows_ms.iter().copied().zip(self.windows(&subject.counter, windows_ms, at_ms)));
        let pairs = burn.pairs.iter().map(|pair| {
            let over = |window_ms: i64| {
                let found = windows.iter().find(|(ms, _)| *ms == window_ms);
                found.map_or_else(|| self.counts(&subject.counter, at_ms - window_ms, at_ms), |(_, counts)| *counts)
            };
            let low = burn.low_traffic.as_ref();
            PairBurn::of(pair, low, measured.target, over(pair.long_ms), over(pair.short_ms))
        });
        let pairs = pairs.collect();
        let is_sliced = matches!(subject.counter, Counter::Sliced(..));
        let began_ms = subject.began_ms.filter(|_| !is_sliced);
        let ever = began_ms.map(|began_ms| self.counts(&subject.counter, began_ms - 1, at_ms));
        Look { measured, windows, pairs, ever, newest_ms: subject.newest_ms }
    }

    /// Takes the slices of a product to an instant. What a tick has to know of it where it has alerts of its own, and what it
    /// promises in percent.
    pub(crate) fn look_at_product(&self, product: &'a Product, at_ms: i64) -> Option<(Look, String)> {
        let (mut subject, at_ms) = self.product_subject(product, Some(at_ms), at_ms);
        self.keep_slices(&mut subject, at_ms);
        let burn = product.burn.as_ref()?;
        let windows = burn.pairs.iter().flat_map(|pair| [pair.long_ms, pair.short_ms]);
        let windows: Vec<i64> = windows.collect::<BTreeSet<i64>>().into_iter().collect();
        let percent = subject.versions.at(at_ms).percent.clone();
        Some((self.look_at(&subject, burn, &windows, at_ms), percent))
    }

    /// An objective at an instant; `None` for its newest sample.
    pub(crate) fn status(&self, objective: &'a Objective, at_ms: Option<i64>, now_ms: i64) -> Status {
        let seen_ms = at_ms.is_none().then_some(now_ms);
        let (subject, at_ms) = self.objective_subject(objective, at_ms, now_ms);
        let measured = self.measured(&subject, at_ms, seen_ms);
        let so_far = (measured.span.from_ms, measured.span.to_ms.min(at_ms));
        let uncounted = self.history.uncounted(&objective.id, so_far.0, so_far.1);
        // What fails now says nothing of the past.
        let failing = seen_ms.and_then(|_| self.history.sampling_error(&objective.id));
        Status {
            id: objective.id.clone(),
            name: objective.name.clone(),
            title: objective.title.clone(),
            description: objective.description.clone(),
            product: objective.product.clone(),
            service: objective.service.clone(),
            objective: subject.versions.at(at_ms).percent.clone(),
            window: WindowStatus::of(subject.window, measured.span),
            at: Moment(at_ms),
            unit: unit(objective, &subject.counter),
            evaluation: evaluation(&objective.indicator),
            good: Amount(measured.counts.good()),
            bad: Amount(measured.counts.bad),
            total: Amount(measured.counts.total),
            sli: measured.sli(),
            budget: BudgetStatus::of(&measured),
            coverage: measured.counts.coverage(),
            uncounted_first_values: uncounted.into_iter().map(UncountedStatus::from).collect(),
            uncounted_first_values_left_out: self.history.n_uncounted_left_out(&objective.id, so_far.0, so_far.1),
            sampling_error: failing.map(SamplingStatus::from),
            burn: objective
                .burn
                .pairs
                .iter()
                .map(|pair| self.burn_status(objective, &subject, &measured, pair))
                .collect(),
            forecast: self.forecast(&subject, &measured),
            state: measured.state(),
            review_by: objective.options.review_by.map(|date| date.to_string()),
            group: objective.options.group.clone(),
        }
    }

    fn burn_status(
        &self,
        objective: &Objective,
        subject: &Subject<'a>,
        measured: &Measured,
        pair: &BurnPair,
    ) -> BurnStatus {
        let over = |window_ms: i64| self.counts(&subject.counter, measured.at_ms - window_ms, measured.at_ms);
        let low = objective.burn.low_traffic.as_ref();
        let burn = PairBurn::of(pair, low, measured.target, over(pair.long_ms), over(pair.short_ms));
        let confidence = |confidence: Confidence| ConfidenceStatus {
            lower_bound: confidence.lower_bound,
            threshold: confidence.threshold,
            bad: Amount(confidence.bad),
            enough: confidence.enough,
        };
        BurnStatus {
            severity: pair.severity.as_str().to_owned(),
            long: duration_text(pair.long_ms),
            short: duration_text(pair.short_ms),
            factor: pair.factor,
            long_burn: finite(burn.long),
            short_burn: finite(burn.short),
            firing: burn.burning != Burning::No,
            told_as: match &burn.burning {
                Burning::Unsure(severity) => Some(severity.as_str().to_owned()),
                Burning::No | Burning::Yes => None,
            },
            confidence: burn.confidence.map(confidence),
            detects_after_seconds: detection_ms(pair, measured.target).map(|ms| ms as f64 / 1000.0),
        }
    }

    fn forecast(&self, subject: &Subject<'a>, measured: &Measured) -> ForecastStatus {
        let Some([_, pace, _]) = self.paces(subject, measured) else { return ForecastStatus::default() };
        let is_quiet = measured.counts.bad <= 0.0 && pace.bad <= 0.0;
        let forecast = match is_quiet && subject.window.is_rolling() {
            true => Forecast::default(),
            false => self.foreseeing(subject, measured, |known| Forecast::of(known, pace)),
        };
        ForecastStatus {
            exhausted_at: forecast.exhausted_at_ms.map(Moment),
            recovers_at: forecast.recovers_at_ms.map(Moment),
            remaining_ratio_at_end: forecast.remaining_ratio_at_end,
            burn: pace.burn_rate(measured.target.rest().as_f64()),
        }
    }

    /// The slowest of the paces that a forecast looks at, the one that it goes by, the fastest; `None` before the first sample.
    fn paces(&self, subject: &Subject<'a>, measured: &Measured) -> Option<[Pace; 3]> {
        let counts = |from_ms, to_ms| self.counts(&subject.counter, from_ms, to_ms);
        Some(Pace::spread(measured.at_ms, subject.began_ms?, subject.shortest_ms, counts))
    }

    /// Asks what is known of the time after an instant.
    fn foreseeing<T>(&self, subject: &Subject<'a>, measured: &Measured, ask: impl FnOnce(&Known<'_>) -> T) -> T {
        let is_rolling = subject.window.is_rolling();
        let step_ms = forecast::step_ms(measured.span, is_rolling, measured.at_ms);
        let leaving = match is_rolling {
            true => self.steps(&subject.counter, measured.span, step_ms),
            false => Vec::new(),
        };
        ask(&Known {
            at_ms: measured.at_ms,
            step_ms,
            n_steps: N_STEPS,
            is_rolling,
            rest: measured.target.rest().as_f64(),
            bad: measured.counts.bad,
            allowed: measured.allowed,
            leaving: &leaving,
        })
    }

    /// What is to be expected of an objective's budget after an instant, between what it goes by at best and at worst.
    pub(crate) fn objective_expected(&self, objective: &'a Objective, at_ms: i64) -> Vec<ExpectedPoint> {
        let (subject, at_ms) = self.objective_subject(objective, Some(at_ms), at_ms);
        self.expected(&subject, at_ms)
    }

    /// The same of a product's.
    pub(crate) fn product_expected(&self, product: &'a Product, at_ms: i64) -> Vec<ExpectedPoint> {
        let (subject, at_ms) = self.product_subject(product, Some(at_ms), at_ms);
        self.expected(&subject, at_ms)
    }

    fn expected(&self, subject: &Subject<'a>, at_ms: i64) -> Vec<ExpectedPoint> {
        let measured = self.measured(subject, at_ms, None);
        let paces = self.paces(subject, &measured).filter(|_| measured.allowed > 0.0);
        let Some(paces) = paces else { return Vec::new() };
        self.foreseeing(subject, &measured, |known| expected::points(known, paces))
    }

    /// A product at an instant; `None` for the newest sample of its components.
    pub(crate) fn product_status(&self, product: &'a Product, at_ms: Option<i64>, now_ms: i64) -> ProductStatus {
        let seen_ms = at_ms.is_none().then_some(now_ms);
        let (subject, at_ms) = self.product_subject(product, at_ms, now_ms);
        let measured = self.measured(&subject, at_ms, seen_ms);
        let composite = Composite::of_product(product, self.catalog);
        let components = composite.components().iter();
        let rate = |window_ms: i64| RateStatus {
            window: duration_text(window_ms),
            rate: finite(burn_rate(self.counts(&subject.counter, at_ms - window_ms, at_ms), measured.target)),
        };
        ProductStatus {
            name: product.name.clone(),
            title: product.title.clone(),
            product_owners: product.product_owners.clone(),
            engineering_owners: product.engineering_owners.clone(),
            objective: subject.versions.at(at_ms).percent.clone(),
            window: WindowStatus::of(subject.window, measured.span),
            at: Moment(at_ms),
            method: method_name(product.composition.method),
            unit: if composite.is_sliced() { "slices" } else { "events" },
            good: Amount(measured.counts.good()),
            bad: Amount(measured.counts.bad),
            total: Amount(measured.counts.total),
            sli: measured.sli(),
            budget: BudgetStatus::of(&measured),
            coverage: measured.counts.coverage(),
            burn: PRODUCT_WINDOWS_MS.into_iter().map(rate).collect(),
            forecast: self.forecast(&subject, &measured),
            state: measured.state(),
            components: components.filter_map(|component| self.component(component, &measured, seen_ms)).collect(),
            informational: product.informational.clone(),
            policy: product.policy.clone(),
            firing: Vec::new(),
        }
    }

    /// The share of a product's budget that would be left if its own objectives alone counted.
    pub(crate) fn remaining_without_upstream(&self, product: &'a Product, now_ms: i64) -> Option<f64> {
        let (mut subject, at_ms) = self.product_subject(product, None, now_ms);
        let own = Composite::of_product(product, self.catalog).without_upstream();
        subject.counter = if own.is_sliced() {
            let from_ms = product.window.span_at(at_ms).from_ms;
            let slices = Slices::of(&self.composed(), &own, from_ms, at_ms);
            Counter::Sliced(own, Arc::new(slices))
        } else {
            Counter::Composite(own)
        };
        self.measured(&subject, at_ms, None).remaining_ratio()
    }

    fn component(&self, component: &Component, of: &Measured, seen_ms: Option<i64>) -> Option<ComponentStatus> {
        let objective = self.catalog.objectives.get(&component.objective)?;
        let (subject, at_ms) = self.objective_subject(objective, Some(of.at_ms), of.at_ms);
        let measured = self.measured(&subject, at_ms, seen_ms);
        let counts = self.counts(&subject.counter, of.span.from_ms, of.span.to_ms.min(at_ms));
        Some(ComponentStatus {
            slo: objective.id.clone(),
            title: objective.title.clone(),
            role: match component.role {
                Role::Own => "own",
                Role::Upstream => "upstream",
            },
            weight: component.weight,
            objective: subject.versions.at(at_ms).percent.clone(),
            sli: counts.error_ratio().map(|ratio| 1.0 - ratio),
            bad: Amount(counts.bad),
            remaining_ratio: measured.remaining_ratio(),
            state: measured.state(),
        })
    }

    /// The burn rate of an objective over a window.
    pub(crate) fn objective_burn(
        &self,
        objective: &'a Objective,
        window_ms: i64,
        at_ms: Option<i64>,
        now_ms: i64,
    ) -> f64 {
        let (subject, at_ms) = self.objective_subject(objective, at_ms, now_ms);
        self.burn(&subject, window_ms, at_ms)
    }

    /// The burn rate of a product over a window.
    pub(crate) fn product_burn(&self, product: &'a Product, window_ms: i64, at_ms: Option<i64>, now_ms: i64) -> f64 {
        let (subject, at_ms) = self.product_subject(product, at_ms, now_ms);
        self.burn(&subject, window_ms, at_ms)
    }

    fn burn(&self, subject: &Subject<'a>, window_ms: i64, at_ms: i64) -> f64 {
        let counts = self.counts(&subject.counter, at_ms - window_ms, at_ms);
        burn_rate(counts, subject.versions.at(at_ms).target)
    }

    /// The window of an objective at an instant, for who wants a burn-down of it.
    pub(crate) fn objective_span(&self, objective: &'a Objective, at_ms: Option<i64>, now_ms: i64) -> Span {
        let at_ms = at_ms.unwrap_or_else(|| self.reach(&objective.id, 0).0.unwrap_or(now_ms));
        Span { to_ms: at_ms, ..objective.window.span_at(at_ms) }
    }

    /// What was left of an objective's budget at some instants.
    pub(crate) fn objective_points(&self, objective: &'a Objective, instants_ms: &[i64]) -> Vec<Point> {
        let Some((first_ms, last_ms)) = instants_ms.first().zip(instants_ms.last()) else { return Vec::new() };
        let (mut subject, _) = self.objective_subject(objective, Some(*last_ms), *last_ms);
        self.reach_back(&mut subject, *first_ms, *last_ms);
        instants_ms.iter().map(|at_ms| point(&self.measured(&subject, *at_ms, None))).collect()
    }

    /// What was left of a product's budget at some instants.
    pub(crate) fn product_points(&self, product: &'a Product, instants_ms: &[i64]) -> Vec<Point> {
        let Some((first_ms, last_ms)) = instants_ms.first().zip(instants_ms.last()) else { return Vec::new() };
        let (mut subject, _) = self.product_subject(product, Some(*last_ms), *last_ms);
        self.reach_back(&mut subject, *first_ms, *last_ms);
        instants_ms.iter().map(|at_ms| point(&self.measured(&subject, *at_ms, None))).collect()
    }

    /// Slices from the window of the first instant on, so that they are counted once for all.
    fn reach_back(&self, subject: &mut Subject<'a>, first_ms: i64, last_ms: i64) {
        let Counter::Sliced(composite, slices) = &mut subject.counter else { return };
        let from_ms = subject.window.span_at(first_ms).from_ms;
        if !slices.covers(from_ms, last_ms, composite.slice_ms) {
            *slices = Arc::new(Slices::of(&self.composed(), composite, from_ms, last_ms));
        }
    }
}

/// The newest of all and the first of all.
fn widest(reaches: impl Iterator<Item = (Option<i64>, Option<i64>)>) -> (Option<i64>, Option<i64>) {
    reaches
        .fold((None, None), |(newest, began), (newer, older)| (newest.max(newer), began.into_iter().chain(older).min()))
}

fn point(measured: &Measured) -> Point {
    Point {
        at: Moment(measured.at_ms),
        remaining_ratio: measured.remaining_ratio(),
        bad: Amount(measured.counts.bad),
        total: Amount(measured.counts.total),
        allowed: Amount(measured.allowed),
    }
}

fn unit(objective: &Objective, counter: &Counter<'_>) -> &'static str {
    let is_sliced = matches!(counter, Counter::Sliced(..)) || objective.budgeting != Budgeting::Occurrences;
    if is_sliced { "slices" } else { "events" }
}

fn evaluation(indicator: &Indicator) -> &'static str {
    let is_exact = |counted: &Counted| matches!(counted, Counted::Exactly(_));
    match indicator {
        Indicator::Events { counted, total, .. } if is_exact(counted) && is_exact(total) => "exact",
        Indicator::Events { .. } | Indicator::Threshold { .. } | Indicator::Ratio { .. } => "sampled",
        Indicator::Composite(_) => "composite",
    }
}

fn method_name(method: CompositionMethod) -> &'static str {
    match method {
        CompositionMethod::Events => "events",
        CompositionMethod::AnyBad => "anyBad",
        CompositionMethod::WeightedBurn => "weightedBurn",
        CompositionMethod::Series => "series",
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
