//! What every room speaks: labels, matchers, samples, native histograms, durations, relabelling, Go-syntax regular
//! expressions, and the traits behind which storage, time and randomness stand.
//!
//! Nothing here does I/O or logs, and nothing here knows tokio. The one exception is [`clock::SystemClock`], which
//! asks the operating system for the time so that nobody else has to.

pub mod clock;
pub mod duration;
pub mod float;
pub mod histogram;
pub mod labels;
pub mod matcher;
pub mod name;
pub mod regex;
pub mod relabel;
mod resets;
pub mod rng;
pub mod sample;
pub mod size;
pub mod storage;
pub mod yaml;

pub use clock::{Clock, SystemClock};
pub use histogram::Histogram;
pub use labels::{Labels, LabelsBuilder};
pub use matcher::{MatchOp, Matcher};
pub use rng::Rng;
