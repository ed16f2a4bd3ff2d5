//! Where a budget went: what each deployment and each incident cost, and what is left over.
//!
//! The rule is published (`docs/gates.md`), so that nobody is charged by surprise:
//!
//! - **A deployment** costs the bad events from its start to the end of its soak, less those of a span of the same length before
//!   it. Where a metric tells versions apart (`attribution: [version]`), it costs the bad events of its version, less what the
//!   error ratio before it lets expect of so many. Where deployments overlap, those of the objective's service bear it, each
//!   alike; without one, all do.
//! - **An incident** is a span in which the budget burned faster than evenly, step after step, and that spent at least 1 % of what
//!   is allowed. It costs what deployments in it do not.
//! - **Background** is the rest. So all of it adds up to the bad events of the window.
//! - Of what a product only leans on, its other services' deployments are no cause.

mod account;
mod debit;
mod dora;
mod incident;
mod past;
#[cfg(test)]
pub(crate) mod test_kit;
#[cfg(test)]
mod tests;

pub use account::{Account, Entry, EntryKind, Ledger, account, of_product};
pub use debit::{Charge, Debit, debit};
pub use dora::{Dora, dora};
pub use incident::{Incident, incidents};
pub use past::{Past, Promises};
