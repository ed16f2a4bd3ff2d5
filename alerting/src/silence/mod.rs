//! Silences: what somebody does not want to be told for a while.
//!
//! [`Silences`] is a store in memory that has no clock: times are arguments. A change is worked out first, as the silences
//! that are to be written ([`Silences::plan`], [`Silences::plan_expiry`]), so that whoever keeps them can write them down
//! durably before they count ([`Silences::put`]).

mod entry;
mod error;
mod id;
mod limits;
mod silences;

#[cfg(test)]
mod suite;

pub use entry::{Silence, State, read_matcher};
pub use error::SilenceError;
pub use id::new_id;
pub use limits::Limits;
pub use silences::Silences;
