//! Reports: how a product kept its promise over a period, what spent its budget, and whether it may release, for people who
//! never saw a query.
//!
//! A [`Report`] is all that is said, in one [`Language`]; it serialises to JSON. [`html`] makes a page of it that needs
//! nothing else and can be printed or mailed, [`picture`] draws its burn-down, and
//! [`letter`] is the mail of it. Words stand before numbers, each picture is
//! a table, too, and whatever comes from outside is escaped (`markup`). Absent: anything that a reader would have to click to
//! understand.

mod alerted;
mod burndown;
mod cost;
mod due;
mod earlier;
mod exclusion;
mod expected;
mod felt;
mod language;
mod letter;
mod markup;
mod naming;
mod objective;
mod of_late;
mod page;
mod period;
mod release;
mod speed;
mod summary;
mod target;
#[cfg(test)]
mod tests;
mod words;
#[cfg(test)]
mod year;

pub use alerted::Alerted;
pub use burndown::{BurnPoint, picture, png};
pub use cost::{Cost, CostKind, MAX_COSTS, costs};
pub use due::Due;
pub use earlier::{Earlier, Suggestion};
pub use exclusion::{ExcludedSpan, Exclusion};
pub use felt::Felt;
pub use language::Language;
pub use letter::{Letter, PICTURE, letter};
pub use naming::Naming;
pub use objective::{InUnits, ObjectiveRow};
pub use of_late::OfLate;
pub use page::html;
pub use period::{MAX_DAYS, Period, PeriodError};
pub use release::{Delivery, DeploymentMark, Release, ReleaseAnswer};
pub use speed::{OverrideRow, SpeedRow};
pub use summary::{Links, MAX_OBJECTIVES, Report};
pub use target::TargetChange;
pub use words::Words;
