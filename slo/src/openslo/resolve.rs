//! From objects to the catalog: references are followed.

use super::alert::{contact, pair};
use super::indicator::measure;
use super::objects::{Objects, Stored, tell};
use super::own::{self, burn_policy};
use super::walk::Walk;
use crate::spec::{Catalog, MAX_OBJECTIVES, Objective, Service, SpecFault};

/// For which window a policy is shown where no objective's is meant.
const SHOWN_WINDOW_MS: i64 = 28 * 86_400_000;

impl Objects<'_> {
    /// Follows references, and puts what the objects say into the catalog.
    pub(crate) fn resolve(self, retention_ms: i64, catalog: &mut Catalog) {
        for stored in self.services.iter() {
            catalog.services.insert(stored.name().to_owned(), service(stored));
        }
        self.check_parts(catalog);
        for stored in self.slos.iter() {
            self.add_objectives(stored, catalog);
        }
        for objective in catalog.objectives.values_mut().filter(|objective| objective.product.is_none()) {
            let service = catalog.services.get(&objective.service);
            objective.product = service.and_then(|service| service.product.clone());
        }
        refuse_beyond(retention_ms, catalog);
        own::resolve(&self, retention_ms, catalog);
    }

    /// Looks at what others refer to by itself, so that what is wrong with it is told once.
    fn check_parts(&self, catalog: &mut Catalog) {
        each(self.slis.iter(), catalog, |stored, walk, _| {
            measure(&stored.spec, self, walk);
        });
        each(self.conditions.iter(), catalog, |stored, walk, _| {
            pair(&stored.spec, walk);
        });
        each(self.policies.iter(), catalog, |stored, walk, _| {
            self.policy(stored.name(), &stored.spec, walk);
        });
        for stored in self.targets.iter() {
            let mut walk = stored.walk();
            contact(&stored.spec, &mut walk);
            tell(walk.into_found(), catalog);
        }
        each(self.burn_policies.iter(), catalog, |stored, walk, catalog| {
            if let Some(policy) = burn_policy(stored.name(), &stored.spec, SHOWN_WINDOW_MS, walk) {
                catalog.burn_policies.insert(stored.name().to_owned(), policy);
            }
        });
    }

    fn add_objectives(&self, stored: &Stored<'_, super::object::SloSpec>, catalog: &mut Catalog) {
        let mut walk = stored.walk();
        let objectives = self.objectives(stored, &mut walk);
        if let Some(taken) = objectives.iter().find(|objective| catalog.objectives.contains_key(&objective.id)) {
            let place = catalog.objectives[&taken.id].source.clone();
            let message = format!("an objective {} is there already, at {}:{}", taken.id, place.file, place.line);
            walk.within("metadata", |walk| walk.error("name", message));
        }
        if catalog.objectives.len() + objectives.len() > MAX_OBJECTIVES {
            walk.error_here(format_args!("more than {MAX_OBJECTIVES} objectives are not taken (limit slo_objectives)"));
        }
        if !walk.has_errors() {
            catalog.objectives.extend(objectives.into_iter().map(|objective| (objective.id.clone(), objective)));
        }
        tell(walk.into_found(), catalog);
    }
}

/// Takes out objectives whose windows are longer than counts are kept.
fn refuse_beyond(retention_ms: i64, catalog: &mut Catalog) {
    let is_beyond = |objective: &Objective| objective.window.nominal_ms() > retention_ms;
    let beyond: Vec<String> = catalog
        .objectives
        .values()
        .filter(|objective| is_beyond(objective))
        .map(|objective| objective.id.clone())
        .collect();
    for objective in beyond.iter().filter_map(|id| catalog.objectives.remove(id)) {
        catalog.errors.push(SpecFault {
            place: objective.source,
            object: Some(("SLO".to_owned(), objective.name)),
            message: longer_than_kept(retention_ms),
            drawn: String::new(),
        });
    }
}

/// What is said of a window that is longer than counts are kept.
pub(super) fn longer_than_kept(retention_ms: i64) -> String {
    let days = retention_ms / 86_400_000;
    format!("the window is longer than counts are kept, {days} days (--slo.retention.time)")
}

/// Checks the spec of each object.
pub(super) fn each<'s, 't: 's, S: 's>(
    all: impl Iterator<Item = &'s Stored<'t, S>>,
    catalog: &mut Catalog,
    mut check: impl FnMut(&'s Stored<'t, S>, &mut Walk<'s>, &mut Catalog),
) {
    for stored in all {
        let mut walk = stored.walk();
        walk.within("spec", |walk| check(stored, walk, catalog));
        tell(walk.into_found(), catalog);
    }
}

fn service(stored: &Stored<'_, super::object::ServiceSpec>) -> Service {
    Service {
        name: stored.name().to_owned(),
        title: stored.metadata.title(),
        description: stored.spec.description.clone(),
        product: stored.metadata.product(),
        labels: stored.metadata.labels(),
        source: stored.walk().place(),
    }
}
