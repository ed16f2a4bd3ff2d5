//! Reports: how a product kept its promise over a period, what spent its budget, and whether it may release, for people who
//! never saw a query.
//!
//! A [`Report`] is all that is said, in one [`Language`]; it serialises to JSON. [`html`] makes a page of it that needs
//! nothing else and can be printed or mailed, and [`picture`] draws its burn-down. Words stand before numbers, each picture is
//! a table, too, and whatever comes from outside is escaped (`markup`). Absent: anything that a reader would have to click to
//! understand.

mod burndown;
mod cost;
mod language;
mod markup;
mod page;
mod period;
mod release;
mod summary;
#[cfg(test)]
mod tests;
mod words;

pub use burndown::{BurnPoint, picture, png};
pub use cost::{Cost, CostKind, MAX_COSTS, costs};
pub use language::Language;
pub use page::html;
pub use period::{Period, PeriodError};
pub use release::{Delivery, Release, ReleaseAnswer};
pub use summary::{Due, Earlier, Exclusion, Felt, MAX_OBJECTIVES, ObjectiveRow, OverrideRow, Report, SpeedRow};
pub use words::Words;
