//! SLOs: from what they say to objectives.

use std::sync::Arc;

use super::duration::SpecDuration;
use super::indicator::{Measure, measure};
use super::object::{InlineSli, ObjectiveSpec, SloSpec};
use super::objects::{Objects, Stored, missing};
use super::walk::Walk;
use super::window;
use crate::spec::{
    Budgeting, BurnPolicy, Comparison, Component, Composition, CompositionMethod, Indicator, Objective, Role, Share,
    Window,
};

/// How a budget is counted, before it is known in what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Occurrences,
    Timeslices,
    RatioTimeslices,
}

/// What all objectives of an SLO have in common.
struct Common<'s> {
    stored: &'s Stored<'s, SloSpec>,
    product: Option<String>,
    window: Window,
    method: Method,
    measure: Option<Measure>,
    burn: Arc<BurnPolicy>,
}

impl Objects<'_> {
    /// The objectives of an SLO. What is wrong is told to the walk; the objectives are of use where that has no errors.
    pub(super) fn objectives(&self, stored: &Stored<'_, SloSpec>, walk: &mut Walk<'_>) -> Vec<Objective> {
        walk.within("spec", |walk| {
            let common = self.common(stored, walk);
            if stored.spec.objectives.is_empty() {
                walk.error("objectives", "an objective is needed: how much is promised?");
            }
            let Some(common) = common else { return Vec::new() };
            let is_composite = !stored.spec.objectives_stand_alone && stored.spec.objectives.iter().any(has_indicator);
            let read = |(index, spec): (usize, &ObjectiveSpec)| {
                walk.within("objectives", |walk| walk.at(index, |walk| self.objective(&common, index, spec, walk)))
            };
            let objectives: Vec<Option<Objective>> = stored.spec.objectives.iter().enumerate().map(read).collect();
            let Some(mut objectives) = objectives.into_iter().collect::<Option<Vec<Objective>>>() else {
                return Vec::new();
            };
            if is_composite {
                let whole = composite(&common, &stored.spec.objectives, &objectives, walk);
                objectives.iter_mut().for_each(|part| part.burn = Arc::default());
                objectives.extend(whole);
            }
            objectives
        })
    }

    fn common<'s>(&self, stored: &'s Stored<'_, SloSpec>, walk: &mut Walk<'_>) -> Option<Common<'s>> {
        let spec = &stored.spec;
        if spec.service.is_empty() {
            walk.error("service", "whose objective is it? a service is needed");
        } else if self.services.get(&spec.service).is_none() {
            walk.note("service", missing("Service", &spec.service, self.services.names(), false));
        }
        let of_service = self.services.get(&spec.service).and_then(|service| service.metadata.product());
        let window = window::of_list(&spec.time_window, walk);
        let method = match spec.budgeting_method.as_str() {
            "Occurrences" | "" => Some(Method::Occurrences),
            "Timeslices" => Some(Method::Timeslices),
            "RatioTimeslices" => Some(Method::RatioTimeslices),
            other => {
                let words = "Occurrences, Timeslices or RatioTimeslices is needed";
                walk.error("budgetingMethod", format_args!("{other:?} is no method: {words}"));
                None
            }
        };
        let measure = self.used(spec.indicator.as_ref(), &spec.indicator_ref, walk);
        let burn = self.burn(spec.alert_policies.as_deref(), window.as_ref().map_or(1, Window::nominal_ms), walk);
        let product = of_service.or_else(|| stored.metadata.product());
        Some(Common { stored, product, window: window?, method: method?, measure: measure?, burn: Arc::new(burn) })
    }

    /// The indicator that is written or named, if either is; `None` where it cannot be evaluated.
    #[expect(clippy::option_option, reason = "none given, and none that can be evaluated, are not the same")]
    fn used(&self, inline: Option<&InlineSli>, name: &str, walk: &mut Walk<'_>) -> Option<Option<Measure>> {
        match (inline, name) {
            (None, "") => Some(None),
            (Some(_), name) if !name.is_empty() => {
                walk.error("indicatorRef", "an indicator is named or written here, and not both");
                None
            }
            (Some(sli), _) => {
                let within = |walk: &mut Walk<'_>| walk.within("spec", |walk| measure(&sli.spec, self, walk));
                walk.within("indicator", within).map(Some)
            }
            (None, name) => {
                let found = self.slis.get(name).and_then(|sli| {
                    let mut walk = sli.walk();
                    walk.within("spec", |walk| measure(&sli.spec, self, walk))
                });
                if found.is_none() {
                    let is_broken = self.slis.is_broken(name) || self.slis.get(name).is_some();
                    walk.error("indicatorRef", missing("SLI", name, self.slis.names(), is_broken));
                }
                found.map(Some)
            }
        }
    }

    fn objective(
        &self,
        common: &Common<'_>,
        index: usize,
        spec: &ObjectiveSpec,
        walk: &mut Walk<'_>,
    ) -> Option<Objective> {
        let own = self.used(spec.indicator.as_ref(), &spec.indicator_ref, walk);
        let measure = match (own?, &common.measure) {
            (Some(_), Some(_)) => {
                walk.error_here("the indicator stands in the SLO, or in each of its objectives, and not both");
                None
            }
            (None, None) => {
                walk.error_here("an indicator is missing: what is measured?");
                None
            }
            (own, shared) => own.or_else(|| shared.clone()),
        };
        let indicator = measure.and_then(|measure| indicator(measure, spec, walk));
        let target = target(spec, walk);
        let budgeting = budgeting(common, indicator.as_ref(), spec, walk);
        let (percent, target) = target?;
        let SloSpec { description, service, objectives, .. } = &common.stored.spec;
        let metadata = &common.stored.metadata;
        let has_several = objectives.len() > 1;
        let title = match spec.display_name.as_str() {
            "" => metadata.title(),
            name if has_several => format!("{}: {name}", metadata.title()),
            _ => metadata.title(),
        };
        Some(Objective {
            id: if has_several { format!("{}.{index}", metadata.name) } else { metadata.name.clone() },
            name: metadata.name.clone(),
            title,
            description: description.clone(),
            service: service.clone(),
            product: common.product.clone(),
            labels: metadata.labels(),
            percent,
            target,
            window: common.window.clone(),
            budgeting: budgeting?,
            indicator: indicator?,
            burn: Arc::clone(&common.burn),
            options: Arc::default(),
            source: walk.place(),
        })
    }
}

fn has_indicator(objective: &ObjectiveSpec) -> bool {
    objective.indicator.is_some() || !objective.indicator_ref.is_empty()
}

fn indicator(measure: Measure, spec: &ObjectiveSpec, walk: &mut Walk<'_>) -> Option<Indicator> {
    match measure {
        Measure::Ratio(indicator) => {
            if !spec.op.is_empty() {
                walk.warn("op", "a ratio is compared with nothing: op has no meaning here");
            }
            Some(indicator)
        }
        Measure::Gauge { query } => {
            let comparison = comparison(&spec.op, walk);
            let value =
                spec.value.as_deref().and_then(|value| value.parse::<f64>().ok()).filter(|value| value.is_finite());
            if value.is_none() {
                walk.error("value", "with what is the indicator compared? a number is needed: value");
            }
            Some(Indicator::Threshold { query, comparison: comparison?, value: value? })
        }
    }
}

fn comparison(op: &str, walk: &mut Walk<'_>) -> Option<Comparison> {
    match op {
        "lt" => Some(Comparison::Less),
        "lte" => Some(Comparison::LessOrEqual),
        "gt" => Some(Comparison::Greater),
        "gte" => Some(Comparison::GreaterOrEqual),
        other => {
            walk.error("op", format_args!("{other:?} does not compare: lt, lte, gt or gte is needed for what is good"));
            None
        }
    }
}

/// The target as it was written in percent, and as a share.
fn target(spec: &ObjectiveSpec, walk: &mut Walk<'_>) -> Option<(String, Share)> {
    let (field, read) = match (&spec.target, &spec.target_percent) {
        (Some(ratio), None) => ("target", Share::from_ratio(ratio).map(|share| (share.percent_text(), share))),
        (None, Some(percent)) => {
            ("targetPercent", Share::from_percent(percent).map(|share| (percent.trim().to_owned(), share)))
        }
        (None, None) => {
            walk.error_here("how much is promised? target or targetPercent is needed");
            return None;
        }
        (Some(_), Some(_)) => {
            walk.error("targetPercent", "target or targetPercent is given, and not both");
            return None;
        }
    };
    match read {
        Ok((_, share)) if share.rest() == Share::default() => {
            walk.error(field, "100 % leaves no budget: promise less");
            None
        }
        Ok(target) => Some(target),
        Err(error) => {
            let is_percent =
                field == "target" && spec.target.as_deref().is_some_and(|text| Share::from_percent(text).is_ok());
            let hint = if is_percent { " (did you mean `targetPercent`?)" } else { "" };
            walk.error(field, format_args!("{error}{hint}"));
            None
        }
    }
}

fn budgeting(
    common: &Common<'_>,
    indicator: Option<&Indicator>,
    spec: &ObjectiveSpec,
    walk: &mut Walk<'_>,
) -> Option<Budgeting> {
    match common.method {
        Method::Occurrences => Some(Budgeting::Occurrences),
        Method::RatioTimeslices => Some(Budgeting::RatioTimeslices { slice_ms: slice(common, spec, walk)? }),
        Method::Timeslices => {
            let slice_ms = slice(common, spec, walk);
            let slice_target = match spec.time_slice_target.as_deref() {
                None => {
                    if !matches!(indicator, Some(Indicator::Threshold { .. })) {
                        let message = "no timeSliceTarget is given: a single bad event makes a slice bad";
                        walk.warn_here(message);
                    }
                    Share::from_ratio("1").ok()
                }
                Some(text) => Share::from_ratio(text).map_err(|error| walk.error("timeSliceTarget", error)).ok(),
            };
            Some(Budgeting::Timeslices { slice_ms: slice_ms?, slice_target: slice_target? })
        }
    }
}

fn slice(common: &Common<'_>, spec: &ObjectiveSpec, walk: &mut Walk<'_>) -> Option<i64> {
    let Some(text) = &spec.time_slice_window else {
        walk.error_here("how long is a slice of time? timeSliceWindow is needed, as in 1m");
        return None;
    };
    match SpecDuration::parse(text) {
        Err(message) => walk.error("timeSliceWindow", message),
        Ok(slice) if !slice.is_fixed() => {
            walk.error("timeSliceWindow", "slices are of the same length: m, h, d or w is needed");
        }
        Ok(slice) if slice.nominal_ms() > common.window.nominal_ms() => {
            walk.error("timeSliceWindow", "a slice is longer than the window");
        }
        Ok(slice) => {
            if slice.unit.is_none() {
                walk.note("timeSliceWindow", "OpenSLO has no seconds: s is narthex's own");
            }
            return Some(slice.nominal_ms());
        }
    }
    None
}

/// The objectives of an SLO taken together: its budget burns as fast as theirs do, each by its weight; of time slices one is
/// bad where any objective's is.
fn composite(
    common: &Common<'_>,
    specs: &[ObjectiveSpec],
    objectives: &[Objective],
    walk: &mut Walk<'_>,
) -> Option<Objective> {
    let mut components = Vec::with_capacity(specs.len());
    for (index, (spec, objective)) in specs.iter().zip(objectives).enumerate() {
        let weight = spec.composite_weight.as_deref().map_or(Some(1.0), |text| text.parse::<f64>().ok());
        let Some(weight) = weight.filter(|weight| weight.is_finite() && *weight > 0.0) else {
            let message = "a weight above 0 is needed";
            walk.within("objectives", |walk| walk.at(index, |walk| walk.error("compositeWeight", message)));
            return None;
        };
        components.push(Component { objective: objective.id.clone(), role: Role::Own, weight });
    }
    let method = match common.method {
        Method::Timeslices => CompositionMethod::AnyBad,
        Method::Occurrences | Method::RatioTimeslices => CompositionMethod::WeightedBurn,
    };
    let target = match method {
        CompositionMethod::AnyBad => objectives.iter().map(|objective| objective.target).min()?,
        _ => mean_target(objectives, &components)?,
    };
    let first = objectives.first()?;
    let metadata = &common.stored.metadata;
    // A single objective with an indicator of its own is no composite.
    (objectives.len() > 1).then(|| Objective {
        id: metadata.name.clone(),
        title: metadata.title(),
        percent: target.percent_text(),
        target,
        indicator: Indicator::Composite(Composition { method, components }),
        burn: Arc::clone(&common.burn),
        source: walk.place(),
        ..first.clone()
    })
}

/// The mean of the targets, each by its weight.
fn mean_target(objectives: &[Objective], components: &[Component]) -> Option<Share> {
    let weights: f64 = components.iter().map(|component| component.weight).sum();
    let parts = objectives
        .iter()
        .zip(components)
        .map(|(objective, component)| objective.target.parts() as f64 * component.weight / weights);
    Share::from_parts(parts.sum::<f64>().round() as u64)
}
