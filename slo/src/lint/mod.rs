//! What can be evaluated and looks wrong: names that are taken, alerts that cannot fire, failures counted as successes, bounds that are written
//! otherwise than they are stored.
//!
//! [`check`] needs nothing but the specs; [`timing`] knows how often targets are scraped. What needs stored series is asked of
//! a server by [`question`].

mod alerts;
mod names;
pub mod question;
mod selectors;
mod slices;
#[cfg(test)]
mod tests;

pub use alerts::timing;

use crate::spec::{Catalog, Objective, SpecFault};

/// Adds warnings and notes to a catalog that has been loaded.
pub(crate) fn check(catalog: &mut Catalog) {
    let mut found = Found::default();
    alerts::check(catalog, &mut found);
    for objective in catalog.objectives.values() {
        names::check(objective, &mut found);
        selectors::check(objective, &mut found);
        slices::check(objective, &mut found);
    }
    catalog.warnings.append(&mut found.warnings);
}

/// What lints have found.
#[derive(Debug, Default)]
struct Found {
    warnings: Vec<SpecFault>,
}

impl Found {
    fn warn(&mut self, objective: &Objective, message: &str) {
        self.warnings.push(fault(objective, message));
    }
}

/// What is said where less than one of so many may be bad.
fn finer_than_one(objective: &Objective, n_in_window: f64, what: &str) -> Option<String> {
    let allowed = objective.target.rest().as_f64() * n_in_window;
    (n_in_window > 0.0 && allowed < 1.0).then(|| {
        let percent = &objective.percent;
        format!("{percent} % of {n_in_window:.0} {what} is {allowed:.2} failures: less than one breaks the promise")
    })
}

/// Something about an objective, at the place where it was written.
pub(crate) fn fault(objective: &Objective, message: &str) -> SpecFault {
    SpecFault {
        place: objective.source.clone(),
        object: Some(("SLO".to_owned(), objective.name.clone())),
        message: format!("{}: {message}", objective.id),
        drawn: String::new(),
    }
}
