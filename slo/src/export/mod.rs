//! Rule files for those who evaluate with Prometheus: what objectives are as recording rules and alerts.
//!
//! [`prometheus_rules`] makes rule files of a spec file, [`openslo_documents`] documents that narthex reads. [`rule`] is a rule file, [`yaml`] writes it to the letter as the Go tools do, so that a file that is written here and one
//! that Sloth wrote can be compared by `diff`. The rules themselves are [`crate::sloth`]'s and [`crate::pyrra`]'s.

mod files;
mod openslo;
pub mod rule;
pub mod yaml;

pub use files::{ExportOptions, Exported, import, part_of, prometheus_rules};
pub use openslo::{NotWritten, openslo_documents};
