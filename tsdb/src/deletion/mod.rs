//! Deletion: what is deleted is hidden at once, can be brought back for a day, and is then taken out of its blocks.
//!
//! A deletion hides the samples of some series between two times in the blocks that there were when it was made, by their
//! names; the head is sealed first where it holds something of them. So a deletion never hides what is written later, and
//! nothing needs to be known of when a sample was written. Blocks that are merged stay hidden as they were: a deletion that
//! can still be undone names the merged block in their place, and blocks of which different ones are hidden are not merged; one
//! that is too old for that is applied for good.
//!
//! All deletions stand in one file, written anew with each change before anything is answered. It also says how much of the log
//! stood in blocks at the last of them, so that a start reads nothing back into the head that was deleted.
//! `docs/format/deletions.md` draws the bytes.
//!
//! Deliberately absent: a mark in the log. Whoever follows it has seen the samples already.

mod clean;
mod delete;
mod file;
mod hidden;
mod image;
mod list;

pub use file::DeletionsError;
pub(crate) use file::{DeletionsFile, Found};
pub(crate) use hidden::Hidden;
pub use list::Deletion;
pub(crate) use list::{Deletions, Replacement, SealedLog};

pub use delete::{DeleteError, UndeleteError, Undo};
