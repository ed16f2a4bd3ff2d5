//! Rules, templates, alert state, routing, silences, inhibition, notifications.
//!
//! `rules` evaluates and says what fires; it hands [`Alert`]s to whoever listens: `dispatch`, which groups them and decides
//! what is told to whom (`config`, `route`, `inhibit`, `silence`, `interval`), and `sender`, for Alertmanagers elsewhere.
//! `dispatch` hands [`Notification`]s to `delivery`, which sends them through `receivers`.

pub mod backtest;
pub mod config;
pub mod delivery;
pub mod dispatch;
pub mod inhibit;
pub mod interval;
pub mod matcher;
pub mod receivers;
pub mod route;
pub mod rules;
pub mod sender;
pub mod silence;
pub mod template;
pub mod unit_test;

mod alert;
mod merge;
mod notification;
#[cfg(test)]
mod suites;

pub use alert::{Alert, Fingerprint};
pub use notification::{Attempt, Deliver, Integration, Notification, Outcome, Reason, Report};
