//! Counting: good and bad events of each objective, exactly, from the samples as they are committed.
//!
//! [`Counting`] follows the store's feed and keeps a `book` for each objective: a `log` of increments with sums, so that any
//! window is two lookups; and the `presence` of its targets, which tells how much was measured. What counts is said in `rule`.
//! An objective that is new is counted back over the raw samples (`replay`); so is the time behind a late sample. What does
//! not fit the memory lies in `files`, and outlives the raw samples.
//!
//! Deliberately absent: objectives that are composed of others, which have no events of their own; and budgets.

mod answers;
mod book;
mod bytes;
mod chunk;
mod counting;
mod edges;
mod events;
mod failing;
mod files;
mod group;
#[cfg(test)]
mod keeping_tests;
mod log;
mod members;
mod native;
mod past;
mod presence;
mod rehearsal;
mod replay;
mod rewriting;
mod roles;
mod router;
mod rule;
mod sampling;
#[cfg(test)]
mod sampling_tests;
mod slicer;
mod source;
#[cfg(test)]
mod streams;
mod tally;
mod target;
#[cfg(test)]
pub(crate) mod test_kit;
#[cfg(test)]
mod tests;
mod uncounted;

pub use counting::{Counting, Options};
pub use failing::SamplingChanges;
pub use files::OpenError;
pub use rehearsal::{MAX_COMPONENTS, MAX_SERIES};
pub use uncounted::MAX_UNCOUNTED;
