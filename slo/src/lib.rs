//! Error budgets: how much unreliability users were promised to tolerate, how much of it is spent, by what, and whether the
//! next release may ship.
//!
//! [`spec`] is what spec files say, whatever format they are in. [`history`] is what was counted. Everything else reads these
//! two. [`sloth`] and [`pyrra`] read the files of others, and [`export`] writes rules for others. [`condition`] is the language
//! of policies and gates.

pub mod condition;
pub mod deployment;
pub mod export;
pub mod gate;
pub mod history;
pub mod ledger;
pub mod lint;
mod openslo;
pub mod policy;
pub mod pyrra;
pub mod sloth;
pub mod spec;
#[cfg(test)]
mod suites;
