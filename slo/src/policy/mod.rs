//! What a spent budget means: in which state of its policy a product is, since when and why, and what follows.

mod alerts;
mod consequences;
mod freeze_period;
mod machine;

pub(crate) use alerts::Telling;
pub use consequences::Consequences;
pub(crate) use freeze_period::periods;
pub use freeze_period::{FreezeOutcome, FreezePeriod, FreezeTimes, KnownPeriod};
pub(crate) use machine::reason;
pub use machine::{Policy, PolicyChange, Standing};
