//! Since when series count: start timestamps, kept aside from samples.
//!
//! A counter begins when its process does, so the start of its samples changes seldom. It is therefore kept as a function of
//! time: a list of runs, each a time from which on samples have a start, 0 for one that is not known. A sample has the start
//! of the last run that begins at or before it. Series of which no start is known have no list, and pay nothing.
//!
//! A late sample changes the function at its own millisecond and nowhere else. Where each sample has a start of its own
//! (delta temporality: the time of the sample before) a run takes two bytes, because runs are told by how they differ from
//! what the one before lets expect.

mod of_shard;
mod reader;
mod runs;

pub(crate) use of_shard::Starts;
pub(crate) use reader::StartsReader;
pub(crate) use runs::{Coder, Run, Runs, start_at, within};
