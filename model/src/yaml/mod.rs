//! YAML with places: what a configuration says, and where it says it.
//!
//! A text becomes a [`Document`], a tree whose nodes know their bytes in the text. Types with serde's `Deserialize` are
//! read out of it ([`Document::read`]); what does not fit is gathered as [`Problem`]s, each with its place, and the
//! reading goes on, so that a user sees all mistakes at once. Checks that look at several fields report [`Faults`] by
//! path, and the document knows where that is. [`to_yaml`] writes a value.
//!
//! The meaning of plain scalars is that of Go's yaml.v2, on which Prometheus's files rest: `yes` is a boolean, `010` is
//! eight, `~` is nothing, and anything may stand for a string. Aliases and merge keys work; custom tags do not.
//!
//! A field of a structure that serde calls [`INLINE`] is read from, and written among, the fields around it.

mod distance;
mod document;
mod emit;
mod fault;
mod parse;
mod problem;
mod read;
mod scalar;
mod serialize;

#[cfg(test)]
mod tests;

pub use distance::nearest;
pub use document::{Document, Span};
pub use emit::to_yaml;
pub use fault::{DisplayPath, Fault, Faults, Step};
pub use problem::Problem;

/// The name of a field whose own fields stand among those around it. A structure may have several, whose names begin
/// with this.
pub const INLINE: &str = "<inline";
