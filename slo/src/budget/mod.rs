//! Error budgets: what is left of them at any instant, who is told, and how that survives a restart.
//!
//! [`Budgets`] are budgets at work: at each tick they look at all objectives, write series, and tell of budgets that burn. What
//! they answer ([`Status`], [`ProductStatus`], [`Point`]s of a burn-down) is made of what was counted and of the targets in
//! force at the time (`versions`), by `evaluation`.

mod alerts;
mod amount;
mod asked;
mod budgets;
mod evaluation;
mod expected;
mod marks;
mod measured;
mod picture;
mod rules;
mod state;
mod status;
mod told;
mod versions;
mod words;

#[cfg(test)]
pub(crate) mod testkit;
#[cfg(test)]
mod tests;

pub(crate) use alerts::{Alerts, Claim};
pub(crate) use amount::share_of;
pub use amount::{Amount, Moment};
pub use budgets::{Budgets, BudgetsOptions, BudgetsStanding, InForce, Tick};
pub(crate) use evaluation::{Evaluation, KeptSlices, Look};
pub use expected::ExpectedPoint;
pub(crate) use expected::course;
pub use marks::{ExclusionMark, Marks, ObjectiveMark};
pub(crate) use measured::Measured;
pub use measured::State;
pub use state::StateError;
#[cfg(test)]
pub(crate) use status::series_text;
pub use status::{
    BudgetStatus, BurnStatus, ComponentStatus, ConfidenceStatus, FaultStatus, ForecastStatus, Point, ProductStatus,
    RateStatus, SamplingStatus, Status, UncountedStatus, WindowStatus,
};
pub(crate) use versions::Versions;
pub(crate) use words::{BURN_RATE, burn_labels};
