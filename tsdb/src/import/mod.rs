//! Bringing in what others have kept: samples of any time become sealed blocks, beside those that are there.
//!
//! Blocks are named after what they are made of, so that importing the same once more finds them there and changes nothing.
//! The store must not be open meanwhile: the directory is locked. The head and its floor stay as they are.

mod importer;
mod order;
mod samples;
mod windows;

pub use importer::{ImportError, Importer, Origin};
pub use order::place_of_target;
pub(crate) use samples::Interval;
pub use samples::Samples;
pub use windows::{Windows, Written, window_for};
