//! Stores for tests: in memory, and gone with them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use journal::Disk;
use journal::testkit::MemoryDisk;
use model::Clock;
use model::rng::SeededRng;
use tsdb::{Options, Progress, Store};

/// An empty store.
///
/// # Errors
/// When there are no threads for it.
pub(super) fn open_store(clock: &Arc<dyn Clock>) -> Result<Arc<Store>, String> {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
    let options = Options {
        sync_interval: Duration::from_secs(3600),
        // Tests have samples at any time.
        max_ahead_ms: i64::MAX,
        n_shards: 1,
        ..Options::default()
    };
    let progress = Progress::default();
    let opened = Store::open(&disk, clock, &mut SeededRng::new(1), Path::new("data"), options, &progress);
    opened.map(|(store, _)| Arc::new(store)).map_err(|error| format!("no store for the test: {error}"))
}
