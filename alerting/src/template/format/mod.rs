//! Values as text, as Go's `fmt` writes them.
//!
//! Absent: pointers, complex numbers, and `%b` and `%x` of floats, which are answered like verbs that do not fit.

mod float;
mod integer;
mod printf;
mod spec;
mod value;

pub(super) use float::{general, shortest};
pub(super) use printf::printf;
pub(super) use value::{print, printed, println};
