//! Sealed samples: the blocks of a store, and how the head becomes blocks.
//!
//! [`Sealed`] is the set of blocks at one moment. It never changes: another set takes its place as a whole, and whoever reads
//! keeps the one that it began with.
//!
//! Sealing freezes the head before a time (what still comes for that time is late), writes blocks of what is frozen, puts them
//! into the set, and frees the memory once nobody reads by an older set.

mod compact;
mod ids;
mod open;
mod plan;
mod retention;
mod seal;
mod set;
mod truncate;

pub use compact::CompactStats;
pub(crate) use ids::BlockIds;
pub(crate) use open::{BLOCKS_DIR, Found, open};
pub use retention::Retention;
pub use seal::SealStats;
pub(crate) use seal::SealedTo;
pub(crate) use set::Sealed;
pub(crate) use truncate::Truncation;
