//! What a spent budget means: in which state of its policy a product is, since when and why, and what follows.

mod consequences;
mod machine;

pub use consequences::Consequences;
pub(crate) use machine::reason;
pub use machine::{Policy, PolicyChange, Standing};
