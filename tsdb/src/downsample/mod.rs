//! Downsampling: what stands in a block, summed up over spans of time, so that a function over long windows reads a
//! twentieth of the samples or less, and answers exactly what it would answer from all of them.
//!
//! Windows of PromQL are open on the left, so a span is `(k·r, (k + 1)·r]` for a [`Resolution`] r. Where all borders of all
//! windows are multiples of r, no span lies partly in a window; then the least of the least values of spans is the least of
//! all samples, bit for bit, and so are the greatest, the last, and the count. Functions of which that cannot be said are
//! answered from the samples themselves, and so is every series that has something late, deleted, or a native histogram in
//! the blocks concerned.
//!
//! A file belongs to one block, bears its name, and goes with it: blocks do not change, so neither does what follows from
//! them. It can be removed at any time, and is made again. `docs/format/downsampled.md` draws it.

mod due;
mod files;
mod read;
mod resolution;
mod row;
mod spans;
mod wanted;
mod write;

pub use due::DownsampleStats;
pub use files::of_block;
pub(crate) use files::{DOWNSAMPLED_DIR, open, remove_of};
pub use read::Downsampled;
pub use resolution::{Downsampling, Resolution};
pub(crate) use row::Part;
pub(crate) use wanted::Wanted;
