//! The time-series database: head, write-ahead log, index.
//!
//! A [`Store`] lives in a directory of its own, takes batches (`model::storage::Append`) and answers selections
//! (`model::storage::Select`). A committed batch is in the log before [`commit`](model::storage::Append::commit) returns,
//! and in memory for readers; opening the directory again reads it back, around all damage.
//!
//! What is where: `head` holds series and their chunks, `index` finds series by labels, `limits` says how many there
//! may be, `chunk` has its codec, `codec` those of sealed chunks, `wal` the log's records, `checkpoint` what keeps a
//! start from reading all of them; `sealed` is the set of blocks, `deletion` what is hidden in them, `downsample` what is
//! summed up of them, `snapshot` copies all of
//! it; `commit` and `select` are the two ways in. The log's files are those of the
//! `journal` room. `import` makes blocks of what others have kept, `prometheus` reads what Prometheus writes.
//!
//! Deliberately absent: PromQL, and any knowledge of who writes or reads.

pub mod block;
mod checkpoint;
mod chunk;
pub mod codec;
mod commit;
mod deletion;
pub mod downsample;
mod feed;
mod files;
mod forecast;
mod head;
pub mod import;
mod index;
mod limits;
mod maintenance;
pub mod prometheus;
mod sealed;
mod select;
mod snapshot;
mod starts;
mod stats;
mod store;
mod wal;

pub use checkpoint::{CheckpointError, CheckpointStats};
pub use deletion::{DeleteError, Deletion, DeletionsError, UndeleteError, Undo};
pub use downsample::{DownsampleStats, Downsampling, Resolution};
pub use files::Files;
pub use forecast::{Forecast, Growth, Room, SealedSpan};
pub use maintenance::{Maintained, MaintenanceError, MaintenanceStats};
pub use sealed::{CompactStats, Retention, SealStats};
pub use snapshot::SnapshotError;
pub use stats::{Cardinality, HeadStats, Top, WalStats};
pub use store::{OpenError, Options, Store};
pub use wal::{Progress, ReplayError, Replayed};
