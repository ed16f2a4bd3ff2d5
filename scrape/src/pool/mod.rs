//! A pool: the targets of one scrape configuration and their loops.
//!
//! A pool is a task. Discovery tells it which targets there are, a reload tells it new settings; it starts loops for
//! targets that are new and ends those of targets that are gone. Everyone else only reads what it has written down in
//! its [`Board`].

mod board;
mod loops;
mod settings;

pub(crate) use board::Board;
pub use board::{ActiveTarget, DroppedTarget, PoolStatus};
pub use settings::{Features, PoolError, PoolErrorCause, PoolSettings};

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use self::loops::Loops;
use crate::discovery::Providers;
use crate::scrape_loop::{Command, Context};

/// News of discovery are gathered for so long before loops are started and ended, but for the first.
const SYNC_INTERVAL: Duration = Duration::from_secs(5);

/// What a pool is told.
pub(crate) enum Order {
    /// Goes on with other settings.
    Reload(Box<PoolSettings>),
    /// Ends, as if all its targets were gone.
    Leave,
    /// Ends because narthex shuts down.
    ShutDown,
}

/// A running pool, as the scraper holds it.
#[derive(Debug)]
pub(crate) struct PoolHandle {
    pub(crate) settings: PoolSettings,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    pub(crate) board: Arc<Board>,
    pub(crate) task: JoinHandle<()>,
}

impl PoolHandle {
    pub(crate) fn start(runtime: &Handle, context: Arc<Context>, settings: PoolSettings) -> PoolHandle {
        let (orders, received) = mpsc::unbounded_channel();
        let board = Arc::new(Board::default());
        let pool = Pool::new(context, settings.clone(), Arc::clone(&board));
        PoolHandle { settings, orders, board, task: runtime.spawn(pool.run(received)) }
    }
}

struct Pool {
    settings: Arc<PoolSettings>,
    loops: Loops,
    board: Arc<Board>,
    providers: Providers,
    /// When loops may be started and ended again; `None` while there is no news.
    sync_at: Option<Instant>,
    last_sync: Option<Instant>,
}

impl Pool {
    fn new(context: Arc<Context>, settings: PoolSettings, board: Arc<Board>) -> Pool {
        let settings = Arc::new(settings);
        let providers = Providers::start(settings.static_targets.clone(), &settings.files);
        Pool { loops: Loops::new(context), settings, board, providers, sync_at: Some(Instant::now()), last_sync: None }
    }

    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            let sync_at = self.sync_at;
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Reload(settings)) => self.reload(*settings),
                    Some(Order::Leave) => return self.end(Command::Leave, orders).await,
                    Some(Order::ShutDown) | None => return self.end(Command::ShutDown, orders).await,
                },
                true = self.providers.changed() => self.news(),
                () = sleep_until(sync_at.unwrap_or_else(Instant::now)), if sync_at.is_some() => self.sync(),
            }
        }
    }

    async fn end(self, last: Command, mut orders: mpsc::UnboundedReceiver<Order>) {
        drop(self.providers);
        // Whatever else was ordered: the next order, or the end of orders, can only mean to shut down.
        let shutting_down = async move { drop(orders.recv().await) };
        self.loops.end(last, shutting_down).await;
    }

    fn reload(&mut self, settings: PoolSettings) {
        self.settings = Arc::new(settings);
        self.providers = Providers::start(self.settings.static_targets.clone(), &self.settings.files);
        self.last_sync = None;
        self.sync_at = Some(Instant::now());
    }

    fn news(&mut self) {
        let now = Instant::now();
        self.sync_at = Some(self.last_sync.map_or(now, |last_sync| (last_sync + SYNC_INTERVAL).max(now)));
    }

    /// Starts and ends loops. After a start and after a reload, all providers are waited for, so that targets do not go
    /// and come.
    fn sync(&mut self) {
        self.sync_at = None;
        let Some(found) = self.providers.all() else { return };
        self.last_sync = Some(Instant::now());
        self.loops.sync(&self.settings, &found, &self.board);
    }
}
