//! Relabelling: rules that rewrite, keep or drop label sets before and after a scrape.
//!
//! A rule as written is a [`RelabelConfig`]; [`Rules`] are some of them, checked and ready to run. A metric relabelling
//! runs for each sample, so that a set of labels is only taken apart when a rule really changes it.

mod config;
mod draft;
mod letters;
mod rules;

#[cfg(test)]
mod suite;

pub use config::{Action, RelabelConfig, RelabelError};
pub use rules::{Relabelled, Rules, Step};
