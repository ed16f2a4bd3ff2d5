//! What was counted for several objectives together, level by level.
//!
//! `events` adds events. `weightedBurn` is the mean of the components' burn rates, each by its weight. `anyBad` and `series` go
//! by slices of time that are aligned to the Unix epoch; a slice belongs to the span that its end lies in, and one that has not
//! ended is not there yet. Who has no slices of its own goes by minutes.

use std::borrow::Cow;

use crate::burn::burn_rate;
use crate::history::{Counts, History};
use crate::spec::{
    Budgeting, Catalog, Component, Composition, CompositionMethod, Indicator, Objective, Product, Role, Share,
};

/// The slices of who has none of its own, in milliseconds.
const SLICE_MS: i64 = 60_000;
/// Composites within composites go at most so deep (`slo_composite_depth`); what lies deeper counts nothing.
const MAX_DEPTH: usize = 8;

/// The counts of all objectives, composites among them.
#[derive(Clone, Copy, Debug)]
pub struct Composed<'a> {
    catalog: &'a Catalog,
    history: &'a dyn History,
}

/// Objectives taken together, ready to be counted.
#[derive(Clone, Debug)]
pub(crate) struct Composite<'c> {
    method: CompositionMethod,
    components: Cow<'c, [Component]>,
    /// What is promised for all of them.
    target: Share,
    /// The length of a slice, in milliseconds.
    pub(crate) slice_ms: i64,
    /// The share of good events that makes a component's slice a good one; `None` for its own target.
    slice_target: Option<Share>,
}

impl<'c> Composite<'c> {
    /// Of a composite objective; `None` where it is none.
    pub(crate) fn of_objective(objective: &'c Objective) -> Option<Composite<'c>> {
        let Indicator::Composite(composition) = &objective.indicator else { return None };
        let (slice_ms, slice_target) = match objective.budgeting {
            Budgeting::Occurrences => (SLICE_MS, None),
            Budgeting::Timeslices { slice_ms, slice_target } => (slice_ms, Some(slice_target)),
            Budgeting::RatioTimeslices { slice_ms } => (slice_ms, None),
        };
        Some(Composite::new(
            composition,
            Cow::Borrowed(&composition.components),
            objective.target,
            slice_ms,
            slice_target,
        ))
    }

    /// Of a product. Without a target of its own it promises what its components promise one after the other.
    pub(crate) fn of_product(product: &'c Product, catalog: &Catalog) -> Composite<'c> {
        let components = components_of(product, catalog);
        let target = match &product.target {
            Some((target, _)) => *target,
            None => together(components.iter().filter_map(|component| catalog.objectives.get(&component.objective))),
        };
        Composite::new(&product.composition, components, target, SLICE_MS, None)
    }

    fn new(
        composition: &Composition,
        components: Cow<'c, [Component]>,
        target: Share,
        slice_ms: i64,
        slice_target: Option<Share>,
    ) -> Composite<'c> {
        Composite { method: composition.method, components, target, slice_ms: slice_ms.max(1), slice_target }
    }

    /// Whether it goes by slices.
    pub(crate) fn is_sliced(&self) -> bool {
        matches!(self.method, CompositionMethod::AnyBad | CompositionMethod::Series)
    }

    /// What is promised for all of them.
    pub(crate) fn target(&self) -> Share {
        self.target
    }

    /// The same of those components alone that are the product's own.
    pub(crate) fn without_upstream(mut self) -> Composite<'c> {
        self.components = self.components.iter().filter(|one| one.role == Role::Own).cloned().collect();
        self
    }

    /// Who it is made of.
    pub(crate) fn components(&self) -> &[Component] {
        &self.components
    }
}

/// Who a product is made of: those it names, or else all objectives that name it.
pub(crate) fn components_of<'p>(product: &'p Product, catalog: &Catalog) -> Cow<'p, [Component]> {
    if !product.composition.components.is_empty() {
        return Cow::Borrowed(&product.composition.components);
    }
    let own = catalog.objectives.values().filter(|objective| {
        objective.product.as_ref() == Some(&product.name) && !product.informational.contains(&objective.id)
    });
    own.map(|objective| Component { objective: objective.id.clone(), role: Role::Own, weight: 1.0 }).collect()
}

/// What objectives promise one after the other: the product of their targets.
fn together<'o>(objectives: impl Iterator<Item = &'o Objective>) -> Share {
    let ratio: f64 = objectives.map(|objective| objective.target.as_f64()).product();
    Share::from_parts((ratio * 1e9).round() as u64).unwrap_or_default()
}

/// Where spans begin that follow one another.
fn begins(from_ms: i64, to_ms: i64, step_ms: i64) -> impl Iterator<Item = i64> {
    (from_ms..to_ms).step_by(usize::try_from(step_ms.max(1)).unwrap_or(usize::MAX))
}

impl<'a> Composed<'a> {
    /// Over these counts.
    pub fn new(catalog: &'a Catalog, history: &'a dyn History) -> Composed<'a> {
        Composed { catalog, history }
    }

    /// What was counted of an objective in a span.
    pub fn counts(&self, id: &str, from_ms: i64, to_ms: i64) -> Counts {
        self.counts_within(id, from_ms, to_ms, 0)
    }

    /// What was counted of several together in a span.
    pub(crate) fn counts_of(&self, composite: &Composite<'_>, from_ms: i64, to_ms: i64) -> Counts {
        self.together(composite, from_ms, to_ms, 0)
    }

    /// What was counted of several together in each of the spans of `step_ms` that follow one another; the last may be shorter.
    pub(crate) fn steps_of(&self, composite: &Composite<'_>, from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<Counts> {
        self.steps_together(composite, (from_ms, to_ms), step_ms, 0)
    }

    /// The events of several added up, and the times in which they could be seen.
    pub(crate) fn events_of(&self, composite: &Composite<'_>, from_ms: i64, to_ms: i64) -> Counts {
        self.sum(composite, from_ms, to_ms, 0)
    }

    /// The slices of several together of which the ends lie in a span, one after the other, and when the first begins. Each that
    /// was measured is an event.
    pub(crate) fn slices(&self, composite: &Composite<'_>, from_ms: i64, to_ms: i64) -> (i64, Vec<Counts>) {
        self.slices_within(composite, from_ms, to_ms, 0)
    }

    fn counts_within(&self, id: &str, from_ms: i64, to_ms: i64, depth: usize) -> Counts {
        match self.composite(id, depth) {
            None => self.history.counts(id, from_ms, to_ms),
            Some(None) => Counts::default(),
            Some(Some(composite)) => self.together(&composite, from_ms, to_ms, depth + 1),
        }
    }

    fn steps_within(&self, id: &str, from_ms: i64, to_ms: i64, step_ms: i64, depth: usize) -> Vec<Counts> {
        match self.composite(id, depth) {
            None => self.history.steps(id, from_ms, to_ms, step_ms),
            Some(None) => vec![Counts::default(); begins(from_ms, to_ms, step_ms).count()],
            Some(Some(composite)) => self.steps_together(&composite, (from_ms, to_ms), step_ms, depth + 1),
        }
    }

    fn steps_together(&self, composite: &Composite<'_>, span: (i64, i64), step_ms: i64, depth: usize) -> Vec<Counts> {
        let (from_ms, to_ms) = span;
        let steps = begins(from_ms, to_ms, step_ms);
        if composite.method != CompositionMethod::Events {
            let end_ms = |begin_ms: i64| (begin_ms + step_ms).min(to_ms);
            return steps.map(|begin_ms| self.together(composite, begin_ms, end_ms(begin_ms), depth)).collect();
        }
        let mut sums = vec![Counts::default(); steps.count()];
        for component in composite.components.iter() {
            let steps = self.steps_within(&component.objective, from_ms, to_ms, step_ms, depth);
            sums.iter_mut().zip(steps).for_each(|(sum, step)| *sum = *sum + step);
        }
        sums
    }

    /// The composite behind an id: none, or one that lies too deep.
    fn composite(&self, id: &str, depth: usize) -> Option<Option<Composite<'a>>> {
        let composite = self.catalog.objectives.get(id).and_then(Composite::of_objective)?;
        Some((depth < MAX_DEPTH).then_some(composite))
    }

    fn together(&self, composite: &Composite<'_>, from_ms: i64, to_ms: i64, depth: usize) -> Counts {
        match composite.method {
            CompositionMethod::Events => self.sum(composite, from_ms, to_ms, depth),
            CompositionMethod::WeightedBurn => self.weighted(composite, from_ms, to_ms, depth),
            CompositionMethod::AnyBad | CompositionMethod::Series => {
                let (_, slices) = self.slices_within(composite, from_ms, to_ms, depth);
                slices.into_iter().fold(Counts::default(), |sum, slice| sum + slice)
            }
        }
    }

    /// Everything added up.
    fn sum(&self, composite: &Composite<'_>, from_ms: i64, to_ms: i64, depth: usize) -> Counts {
        let counts = |component: &Component| self.counts_within(&component.objective, from_ms, to_ms, depth);
        composite.components.iter().map(counts).fold(Counts::default(), |sum, counts| sum + counts)
    }

    /// So many of all events bad that their burn rate is the weighted mean of the components' burn rates.
    fn weighted(&self, composite: &Composite<'_>, from_ms: i64, to_ms: i64, depth: usize) -> Counts {
        let (mut sum, mut burn, mut weight) = (Counts::default(), 0.0, 0.0);
        for component in composite.components.iter() {
            let Some(objective) = self.catalog.objectives.get(&component.objective) else { continue };
            let counts = self.counts_within(&component.objective, from_ms, to_ms, depth);
            sum = sum + counts;
            burn += component.weight * burn_rate(counts, objective.target);
            weight += component.weight;
        }
        let burn = if weight > 0.0 { burn / weight } else { 0.0 };
        Counts { bad: burn * composite.target.rest().as_f64() * sum.total, ..sum }
    }

    fn slices_within(&self, composite: &Composite<'_>, from_ms: i64, to_ms: i64, depth: usize) -> (i64, Vec<Counts>) {
        let slice_ms = composite.slice_ms;
        let (first_ms, end_ms) = (from_ms.div_euclid(slice_ms) * slice_ms, to_ms.div_euclid(slice_ms) * slice_ms);
        if end_ms <= first_ms {
            return (first_ms, Vec::new());
        }
        let n_slices = usize::try_from((end_ms - first_ms) / slice_ms).unwrap_or(0);
        // The share of users whom all components served well, until all components have been looked at.
        let mut slices = vec![Counts { bad: 1.0, ..Counts::default() }; n_slices];
        for component in composite.components.iter() {
            let Some(objective) = self.catalog.objectives.get(&component.objective) else { continue };
            let allowed = composite.slice_target.unwrap_or(objective.target).rest().as_f64();
            let steps = self.steps_within(&component.objective, first_ms, end_ms, slice_ms, depth);
            for (slice, step) in slices.iter_mut().zip(steps) {
                slice.measured_ms += step.measured_ms;
                slice.expected_ms += step.expected_ms;
                let Some(ratio) = step.error_ratio() else { continue };
                slice.total = 1.0;
                match composite.method {
                    CompositionMethod::Series => slice.bad *= 1.0 - ratio,
                    _ if ratio > allowed => slice.bad = 0.0,
                    _ => {}
                }
            }
        }
        for slice in &mut slices {
            slice.bad = if slice.total > 0.0 { 1.0 - slice.bad } else { 0.0 };
        }
        (first_ms, slices)
    }
}
