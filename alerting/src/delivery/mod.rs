//! Gets notifications to where they are to go: queues, attempts, limits, and what happens when all fails.
//!
//! Each integration has a lane of its own, with its own task and one attempt at a time: one that hangs holds up nobody
//! else. Within a lane a failed notification waits ([`backoff`]) while other groups go on; a receiver that fails for all is
//! asked seldom ([`breaker`]), one that takes few messages gets no more ([`bucket`]), and what would not fit goes together
//! ([`merge`]). What is given up goes to the fallback receiver ([`fallback`]). Nothing here is durable: `dispatch` has
//! journaled what it hands over, and hands it over again after a crash.
//!
//! Limits: `notification_queue`, `notification_queue_bytes`, `notification_attempt_timeout`, and those of the modules.

mod backoff;
mod breaker;
mod bucket;
mod counts;
mod fallback;
mod id;
mod lane;
mod lanes;
mod merge;
mod pictures;
mod subject;
mod trial;

#[cfg(test)]
mod tests;

pub use counts::{KindCounts, LATENCY_BOUNDS};
pub use lanes::{AttemptFuture, Delivery, Integrations, Options};
pub use pictures::{PictureQuery, PictureSeries, Pictures, SeriesFuture, SeriesSource};
pub use trial::{Trial, try_receiver};
