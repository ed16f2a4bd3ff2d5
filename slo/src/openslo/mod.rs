//! OpenSLO's objects and those of `narthex/v1`.
//!
//! A document is read as it stands (`object`, `own`; `alpha` and `next` for OpenSLO's other versions) and kept with its
//! places (`objects`). When all are there, references are followed (`resolve`, `slo`, `alert`, `indicator`), and what is wrong
//! is told where it was written (`walk`).

mod alert;
mod alpha;
mod duration;
pub mod export;
mod export_policies;
mod indicator;
mod next;
mod object;
mod objects;
mod own;
pub mod references;
mod resolve;
mod slo;
mod walk;
mod window;

#[cfg(test)]
mod export_tests;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

pub(crate) use objects::{MAX_NAME_BYTES, Objects};
pub(crate) use window::rolling;
