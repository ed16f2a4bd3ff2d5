//! The thread that asks targets, apart from those that serve requests: no query makes a scrape late, and one thread for all
//! targets wakes nobody else for what each of them needs.

use anyhow::Context;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The running thread. Dropped, it stops, and with it every scrape that has not ended.
#[derive(Debug)]
pub(super) struct Scraping {
    runtime: Handle,
    _stop: oneshot::Sender<()>,
}

impl Scraping {
    /// Starts the thread.
    pub(super) fn start() -> anyhow::Result<Scraping> {
        let runtime = Builder::new_current_thread().enable_all().thread_name("record").build();
        let runtime = runtime.context("no thread for scraping")?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            // An error says that the sender is gone, which is how it is told to stop.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name("scrape".to_owned()).spawn(run).context("no thread for scraping")?;
        Ok(Scraping { runtime: handle, _stop: stop })
    }

    /// Where scraping runs.
    pub(super) fn runtime(&self) -> Handle {
        self.runtime.clone()
    }
}
