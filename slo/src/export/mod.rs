//! Rule files for those who evaluate with Prometheus: what objectives are as recording rules and alerts.
//!
//! [`rule`] is a rule file, [`yaml`] writes it to the letter as the Go tools do, so that a file that is written here and one
//! that Sloth wrote can be compared by `diff`. The rules themselves are [`crate::sloth`]'s and [`crate::pyrra`]'s.

pub mod rule;
pub mod yaml;
