//! Remote write, the sending side: a queue that follows the store and sends on what was committed.
//!
//! A thread reads the feed, applies relabelling and hands each sample to a shard by the hash of its series, so that the
//! samples of one stay in order. Each shard has a task that sends batches over one connection and repeats what the receiver
//! could not take; of a request that is refused no sample is lost but those that are wrong. How far everything has been acknowledged is a place in the feed, which the owner keeps
//! ([`Progress`]); so a restart goes on there, and nothing in the store ever waits for a receiver. The number of shards
//! follows the load.
//!
//! Absent: exemplars, which are not stored, and metadata.

mod counts;
mod delivery;
mod lane;
mod marks;
mod orders;
mod prepare;
mod queue;
mod settings;
mod sizing;
#[cfg(test)]
mod tests;
mod written;

pub use counts::QueueCounts;
pub use queue::{Progress, Queue};
pub use settings::{QueueSettings, Shards};
