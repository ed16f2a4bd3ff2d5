//! Whether there is anything new to judge by: after a start the samples are old ones, until the targets have been scraped.

use std::fmt;

use model::Labels;

/// Knows which targets have been scraped since the start.
pub trait Freshness: fmt::Debug + Send + Sync {
    /// Whether at a time, in milliseconds since the Unix epoch, there are samples of this run from the targets that an
    /// alert came from: those of its labels `job` and `instance`, all of a job, or all there are where it has neither. A
    /// target that does not answer for its interval and timeout is not waited for any longer.
    fn is_fresh(&self, labels: &Labels, at_ms: i64) -> bool;
}

/// Where there is nothing to wait for: tests of rules, histories.
#[derive(Clone, Copy, Debug)]
pub struct AlwaysFresh;

impl Freshness for AlwaysFresh {
    fn is_fresh(&self, _: &Labels, _: i64) -> bool {
        true
    }
}
