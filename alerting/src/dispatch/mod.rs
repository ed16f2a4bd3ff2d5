//! Groups, timers, deduplication and the journal that lets all of it survive a crash.
//!
//! [`Notifications`] is what runs: a thread that waits for the next timer, over a `Core`: the heart (`dispatcher`, `flush`,
//! `group`, `dedup`; pure, on whatever clock it is given), the journal (`ledger`, with the records of `change`), and the
//! delivery log (`deliveries`). What the configuration says is asked of a `plan`.
//!
//! A notification is written down before its first byte is sent, with an id that stays the same when it is sent again after
//! a crash. `docs/notifications.md` has the promises, `docs/format/notifications.md` the records.

mod alerts;
mod batch;
mod change;
mod core;
mod counts;
mod dedup;
mod deliveries;
mod dirty;
mod dispatcher;
mod explain;
mod filter;
mod flush;
mod group;
mod ledger;
mod limits;
mod notifications;
mod plan;
mod quiet;
mod reload;
mod restore;
mod sink;
mod views;

#[cfg(test)]
mod acceptance;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod test_kit;
#[cfg(test)]
mod tests;

pub use alerts::Reported;
pub use core::SetSilenceError;
pub use counts::Counts;
pub use explain::{Explanation, GroupExplanation, LineExplanation, Step};
pub use filter::DeliveryFilter;
pub use ledger::OpenError;
pub use limits::DispatchLimits;
pub use notifications::{Notifications, Options, TooManyAlerts};
pub use quiet::Quiet;
pub use views::{AlertState, AlertView, AttemptView, DeliveryState, DeliveryView, GroupView, QuietView};
