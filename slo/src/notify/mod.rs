//! Who is told of budgets before the routes of `alertmanager.yml` are asked.
//!
//! A `BurnRatePolicy` names whom its alerts go to, an `ErrorBudgetPolicy` whom a change of state concerns. Of both, receivers and
//! routes are made ([`routed`]), and put in front of those that are written: so alerts of budgets are grouped, silenced, written
//! down before they are sent, tried again and explained like all others. Keys of these routes are the names of their policies, so
//! that groups go on when another objective comes under one. Nothing here sends.
//!
//! Who cannot be reached is told with the place, and refuses nothing: without anybody that can be, no route is made, and alerts go
//! the way of all others.

mod burning;
mod making;
mod standing;
#[cfg(test)]
mod tests;

use alerting::config::Loaded;

pub use making::Routed;

use crate::spec::Catalog;
use making::Making;

/// The alert of where a product stands.
pub(crate) const POLICY_ALERT: &str = "ErrorBudgetPolicy";

/// A configuration with the receivers and routes that spec files ask for.
pub fn routed(loaded: &Loaded, catalog: &Catalog) -> Routed {
    let mut making = Making::new(loaded);
    burning::add(catalog, &mut making);
    standing::add(catalog, &mut making);
    making.finished()
}
