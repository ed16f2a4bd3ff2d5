//! `SLOOptions`: what OpenSLO has no words for. They bear the name of their SLO.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;

use super::super::objects::Objects;
use super::super::resolve::each;
use super::super::walk::Walk;
use super::words::{no_objective, one_of};
use crate::grouping::can_be_split;
use crate::spec::{Catalog, NoData, Objective, Options, Units};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "SLOOptions", rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct OptionsSpec {
    attribution: Vec<String>,
    units: Option<UnitsSpec>,
    depends_on: Vec<String>,
    review_by: Option<String>,
    no_data: Option<String>,
    group_by: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "units", rename_all = "camelCase", default, deny_unknown_fields)]
struct UnitsSpec {
    name: String,
    per_event: Option<f64>,
    money: Option<MoneySpec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "money", rename_all = "camelCase", default, deny_unknown_fields)]
struct MoneySpec {
    currency: String,
    per_bad_event: f64,
}

pub(super) fn resolve(objects: &Objects<'_>, catalog: &mut Catalog) {
    each(objects.options.iter(), catalog, |stored, walk, catalog| {
        let name = stored.name();
        let Some(options) = options(&stored.spec, catalog, walk).map(Arc::new) else { return };
        let is_its = |objective: &&Objective| objective.id == name || objective.name == name;
        let mut its = catalog.objectives.values().filter(is_its);
        if !options.group_by.is_empty() && its.any(|objective| !can_be_split(&objective.indicator)) {
            walk.error("groupBy", "only what is counted by selectors has groups: no sampled query, and no composite");
            return;
        }
        let mut n_found = 0;
        for objective in catalog.objectives.values_mut() {
            if objective.id == name || objective.name == name {
                objective.options = Arc::clone(&options);
                n_found += 1;
            }
        }
        if n_found == 0 {
            let message = format!("options of an SLO that is not there: {}", no_objective(name, catalog));
            walk.error_here(message);
        }
    });
}

fn options(spec: &OptionsSpec, catalog: &Catalog, walk: &mut Walk<'_>) -> Option<Options> {
    let units = spec.units.as_ref().map(|spec| walk.within("units", |walk| units(spec, walk)));
    walk.within("dependsOn", |walk| {
        for (index, id) in spec.depends_on.iter().enumerate() {
            if !catalog.objectives.contains_key(id) {
                walk.at(index, |walk| walk.warn_here(no_objective(id, catalog)));
            }
        }
    });
    let no_data = match spec.no_data.as_deref() {
        None | Some("ignore") => NoData::Ignore,
        Some("bad") => NoData::Bad,
        Some("good") => NoData::Good,
        Some(other) => {
            one_of("noData", other, &["ignore", "bad", "good"], walk);
            NoData::Ignore
        }
    };
    let review_by = match spec.review_by.as_deref().map(str::parse::<Date>) {
        Some(Err(_)) => {
            walk.error("reviewBy", "a date is needed, as in 2027-01-15");
            None
        }
        Some(Ok(date)) => Some(date),
        None => None,
    };
    (!walk.has_errors()).then(|| Options {
        attribution: spec.attribution.clone(),
        units,
        depends_on: spec.depends_on.clone(),
        review_by,
        no_data,
        group_by: spec.group_by.clone(),
        group: BTreeMap::new(),
    })
}

fn units(spec: &UnitsSpec, walk: &mut Walk<'_>) -> Units {
    let per_event = spec.per_event.unwrap_or(1.0);
    if spec.name.is_empty() {
        walk.error_here("units need a name, as in orders");
    }
    if !(per_event.is_finite() && per_event > 0.0) {
        walk.error("perEvent", format_args!("{per_event} is no number of units: it has to be above 0"));
    }
    let money = spec.money.as_ref().map(|money| (money.currency.clone(), money.per_bad_event));
    if money.as_ref().is_some_and(|(currency, cost)| currency.is_empty() || !(cost.is_finite() && *cost >= 0.0)) {
        walk.error("money", "a currency and what a bad event costs are needed: {currency: CNY, perBadEvent: 38.0}");
    }
    Units { name: spec.name.clone(), per_event, money }
}
