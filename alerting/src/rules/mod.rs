//! Rules: Prometheus's rule files, evaluated with Prometheus's semantics, with state that survives a crash.

mod check;
mod file;
mod place;
mod text;

#[cfg(test)]
mod suite;

pub use file::{GroupConfig, ReadOptions, RuleConfig, RuleFile};
