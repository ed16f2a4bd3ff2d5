//! `Product`: objectives that make one promise together.

use std::sync::Arc;

use serde::Deserialize;

use super::super::object::{PolicyUse, TimeWindow};
use super::super::objects::{Objects, Stored, missing};
use super::super::resolve::{each, longer_than_kept};
use super::super::walk::Walk;
use super::super::window;
use super::words::{no_objective, objectives, one_of};
use crate::spec::{
    Budgeting, Catalog, Component, Composition, CompositionMethod, Objective, Product, Role, Share, Window,
};

/// The window of a product that names none, and of whose objectives none has one.
const DEFAULT_WINDOW: Window = Window::Rolling { length_ms: 28 * 86_400_000 };

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "Product", rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct ProductSpec {
    #[serde(rename = "description")]
    _description: String,
    owners: OwnersSpec,
    objective: Option<PromiseSpec>,
    composition: Option<CompositionSpec>,
    /// Nothing for no alerts of its own.
    alert_policies: Option<Vec<PolicyUse>>,
    policy_ref: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "owners", rename_all = "camelCase", default, deny_unknown_fields)]
struct OwnersSpec {
    product: Vec<String>,
    engineering: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "objective", rename_all = "camelCase", default, deny_unknown_fields)]
struct PromiseSpec {
    target: Option<String>,
    target_percent: Option<String>,
    time_window: Option<TimeWindow>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "composition", rename_all = "camelCase", default, deny_unknown_fields)]
struct CompositionSpec {
    method: String,
    components: Vec<ComponentSpec>,
    informational: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "component", rename_all = "camelCase", default, deny_unknown_fields)]
struct ComponentSpec {
    slo: String,
    role: String,
    weight: Option<f64>,
}

pub(super) fn resolve(objects: &Objects<'_>, retention_ms: i64, catalog: &mut Catalog) {
    each(objects.products.iter(), catalog, |stored, walk, catalog| {
        let product = product(stored, objects, catalog, walk);
        if product.as_ref().is_some_and(|product| product.window.nominal_ms() > retention_ms) {
            let message = longer_than_kept(retention_ms);
            walk.within("objective", |walk| walk.within("timeWindow", |walk| walk.error("duration", message)));
        }
        if let Some(product) = product.filter(|_| !walk.has_errors()) {
            catalog.products.insert(product.name.clone(), product);
        }
    });
}

fn product(
    stored: &Stored<'_, ProductSpec>,
    objects: &Objects<'_>,
    catalog: &Catalog,
    walk: &mut Walk<'_>,
) -> Option<Product> {
    let (spec, name) = (&stored.spec, stored.name());
    let (target, window) = match &spec.objective {
        None => (None, None),
        Some(promise) => walk.within("objective", |walk| promised(promise, walk)),
    };
    let composition = match &spec.composition {
        None => Composition { method: CompositionMethod::default(), components: of_product(name, catalog) },
        Some(spec) => walk.within("composition", |walk| {
            objectives("informational", &spec.informational, catalog, walk);
            composition(spec, name, catalog, walk)
        }),
    };
    if composition.components.is_empty() {
        walk.error_here(format_args!(
            "no objective belongs to product {name}: components are needed, or a label product"
        ));
    }
    let policy = Some(spec.policy_ref.clone()).filter(|policy| !policy.is_empty());
    if let Some(policy) = policy.as_ref().filter(|policy| !catalog.budget_policies.contains_key(*policy)) {
        let all = &objects.budget_policies;
        let is_broken = all.is_broken(policy) || all.get(policy).is_some();
        walk.error("policyRef", missing("ErrorBudgetPolicy", policy, all.names(), is_broken));
    }
    let first = composition.components.first().and_then(|component| catalog.objectives.get(&component.objective));
    let window = window.or_else(|| first.map(|objective| objective.window.clone())).unwrap_or(DEFAULT_WINDOW);
    let uses = spec.alert_policies.as_deref().filter(|uses| !uses.is_empty());
    let burn = uses.map(|uses| Arc::new(objects.burn(Some(uses), window.nominal_ms(), walk)));
    if let Some((target, _)) = &target {
        check_reach(*target, &composition, catalog, walk);
    }
    Some(Product {
        name: name.to_owned(),
        title: stored.metadata.title(),
        product_owners: spec.owners.product.clone(),
        engineering_owners: spec.owners.engineering.clone(),
        target,
        window,
        composition,
        informational: spec.composition.as_ref().map(|spec| spec.informational.clone()).unwrap_or_default(),
        burn,
        policy,
        source: walk.place(),
    })
}

/// The target, with its text in percent, and the window.
fn promised(promise: &PromiseSpec, walk: &mut Walk<'_>) -> (Option<(Share, String)>, Option<Window>) {
    let window = promise.time_window.as_ref().and_then(|spec| walk.within("timeWindow", |walk| window::of(spec, walk)));
    let (field, read) = match (&promise.target, &promise.target_percent) {
        (Some(ratio), None) => ("target", Share::from_ratio(ratio).map(|share| (share, share.percent_text()))),
        (None, Some(percent)) => {
            ("targetPercent", Share::from_percent(percent).map(|share| (share, percent.trim().to_owned())))
        }
        (None, None) => return (None, window),
        (Some(_), Some(_)) => {
            walk.error("targetPercent", "target or targetPercent is given, and not both");
            return (None, window);
        }
    };
    match read {
        Ok((share, _)) if share.rest() == Share::default() => walk.error(field, "100 % leaves no budget: promise less"),
        Ok(target) => return (Some(target), window),
        Err(error) => walk.error(field, error),
    }
    (None, window)
}

/// The objectives of the services that bear the product's label.
fn of_product(name: &str, catalog: &Catalog) -> Vec<Component> {
    let own = catalog.objectives.values().filter(|objective| objective.product.as_deref() == Some(name));
    own.map(|objective| Component { objective: objective.id.clone(), role: Role::Own, weight: 1.0 }).collect()
}

fn composition(spec: &CompositionSpec, name: &str, catalog: &Catalog, walk: &mut Walk<'_>) -> Composition {
    let method = match spec.method.as_str() {
        "" | "series" => CompositionMethod::Series,
        "events" => CompositionMethod::Events,
        "anyBad" => CompositionMethod::AnyBad,
        "weightedBurn" => CompositionMethod::WeightedBurn,
        other => {
            one_of("method", other, &["events", "anyBad", "weightedBurn", "series"], walk);
            CompositionMethod::Series
        }
    };
    let components = if spec.components.is_empty() {
        let shown = |component: &Component| !spec.informational.contains(&component.objective);
        of_product(name, catalog).into_iter().filter(shown).collect()
    } else {
        walk.within("components", |walk| {
            let read = |(index, spec)| walk.at(index, |walk| component(spec, catalog, walk));
            spec.components.iter().enumerate().map(read).collect()
        })
    };
    Composition { method, components }
}

fn component(spec: &ComponentSpec, catalog: &Catalog, walk: &mut Walk<'_>) -> Component {
    if !catalog.objectives.contains_key(&spec.slo) {
        walk.error("slo", no_objective(&spec.slo, catalog));
    }
    let role = match spec.role.as_str() {
        "" | "own" => Role::Own,
        "upstream" => Role::Upstream,
        other => {
            one_of("role", other, &["own", "upstream"], walk);
            Role::Own
        }
    };
    let weight = spec.weight.unwrap_or(1.0);
    if !(weight.is_finite() && weight > 0.0) {
        walk.error("weight", format_args!("{weight} is no weight: it has to be above 0"));
    }
    Component { objective: spec.slo.clone(), role, weight }
}

/// A product whose parts all keep their promises keeps its own, or promises too much. Told is what is too much whatever the
/// traffic is like: of events together the best part is as good as they can be.
fn check_reach(target: Share, composition: &Composition, catalog: &Catalog, walk: &mut Walk<'_>) {
    let parts = composition.components.iter().filter_map(|component| {
        let objective = catalog.objectives.get(&component.objective)?;
        Some((objective, component.weight))
    });
    let parts: Vec<(&Objective, f64)> = parts.collect();
    let targets = || parts.iter().map(|(objective, _)| objective.target.as_f64());
    let are_sliced = parts.iter().all(|(objective, _)| matches!(objective.budgeting, Budgeting::Timeslices { .. }));
    let (how, reached) = match composition.method {
        CompositionMethod::Series => ("one after the other", targets().product()),
        CompositionMethod::Events => ("together", targets().fold(0.0, f64::max)),
        CompositionMethod::AnyBad if are_sliced => ("together", targets().fold(1.0, f64::min)),
        CompositionMethod::AnyBad => return,
        CompositionMethod::WeightedBurn => {
            let weights: f64 = parts.iter().map(|(_, weight)| weight).sum();
            let weighed = parts.iter().map(|(objective, weight)| objective.target.as_f64() * weight / weights);
            ("together", weighed.sum())
        }
    };
    // A target's last digit is a thousand millionth.
    if !parts.is_empty() && target.as_f64() > reached + 1e-9 {
        let percent = reached * 100.0;
        let message = format!("more is promised than the components do: {how} they come to {percent:.4} %");
        walk.within("objective", |walk| walk.warn_here(message));
    }
}
