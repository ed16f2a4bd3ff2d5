//! A queue: the thread that reads the feed, and the shards that it feeds.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::Clock;
use model::storage::{Feed, FeedCursor, FeedError, FeedHold, FeedPosition, FeedRow};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::counts::QueueCounts;
use super::delivery::Delivery;
use super::lane::{Ended, Filling, lane};
use super::marks::Marks;
use super::orders::{Order, Orders};
use super::prepare::{Preparer, Row};
use super::settings::QueueSettings;
use super::sizing::{self, Sizing, Totals, decide};

/// How often new batches are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often the place that was reached is kept: what was acknowledged after it is sent again when this process is killed.
const KEEP_EVERY: Duration = Duration::from_millis(100);
/// How long an unreadable log is left alone.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(5);

/// Keeps how far a queue has come.
pub trait Progress: fmt::Debug + Send + Sync {
    /// Keeps the place before which everything has been acknowledged. Called up to ten times a second.
    fn keep(&self, position: FeedPosition);
}

/// A queue that runs. Dropping it ends it without waiting for the receiver.
#[derive(Debug)]
pub struct Queue {
    counts: Arc<QueueCounts>,
    orders: watch::Sender<Order>,
    /// Answered by its end.
    ended: oneshot::Receiver<()>,
}

impl Queue {
    /// Starts a queue that sends what comes behind `from`. Must be called in a runtime.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn start(
        settings: QueueSettings,
        feed: Arc<dyn Feed>,
        clock: Arc<dyn Clock>,
        from: FeedPosition,
        progress: Arc<dyn Progress>,
    ) -> std::io::Result<Queue> {
        let counts = Arc::new(QueueCounts::new(&settings));
        let (orders, given) = watch::channel(Order::GoOn);
        let (tell_end, ended) = oneshot::channel();
        let hold = feed.hold(from);
        let settings = Arc::new(settings);
        let old = feed.newest();
        let reading = Reading { settings, counts: Arc::clone(&counts), feed, clock, progress, hold, old };
        let orders_given = Orders::new(given, Handle::current());
        std::thread::Builder::new().name("remote-write".to_owned()).spawn(move || {
            reading.run(from, orders_given);
            // Whoever waits for the end may have given up.
            let _ = tell_end.send(());
        })?;
        Ok(Queue { counts, orders, ended })
    }

    /// What it has done.
    pub fn counts(&self) -> &Arc<QueueCounts> {
        &self.counts
    }

    /// Sends what was committed until now, for as long as `within`, and ends. What could not be sent is sent by the next
    /// queue that begins where this one ended. Answers whether everything was sent.
    pub async fn stop(self, within: Duration) -> bool {
        let Queue { orders, mut ended, .. } = self;
        orders.send_replace(Order::Finish);
        let has_finished = timeout(within, &mut ended).await.is_ok();
        if !has_finished {
            orders.send_replace(Order::End);
            // An error says that the thread is gone.
            let _ = ended.await;
        }
        has_finished
    }
}

/// The thread's own.
#[derive(Debug)]
struct Reading {
    settings: Arc<QueueSettings>,
    counts: Arc<QueueCounts>,
    feed: Arc<dyn Feed>,
    clock: Arc<dyn Clock>,
    progress: Arc<dyn Progress>,
    hold: Box<dyn FeedHold>,
    /// What comes before was committed before the queue began.
    old: FeedPosition,
}

impl Reading {
    fn run(self, from: FeedPosition, mut orders: Orders) {
        // From now on nothing is left out, even if the process is killed before anything is acknowledged.
        self.progress.keep(from);
        let mut kept = Kept { reached: from, kept: from, at: self.clock.elapsed() };
        let mut following = Following { position: from, cursor: None, n_lost: 0 };
        let mut n_shards = self.settings.shards.min;
        let mut sizing = Sizing::default();
        loop {
            self.counts.shards.store(n_shards as u64, Ordering::Relaxed);
            let mut shards = Running::start(&self, n_shards, orders.runtime());
            let next = self.fill(&mut shards, &mut following, &mut sizing, &mut kept, &mut orders);
            let has_drained = self.drain(shards, &mut kept, &mut orders);
            match next.filter(|_| has_drained) {
                Some(next) => n_shards = next,
                None => return,
            }
        }
    }

    /// Fills the shards until another number of them is right, or there is an order. Answers that number.
    fn fill(
        &self,
        shards: &mut Running,
        following: &mut Following,
        sizing: &mut Sizing,
        kept: &mut Kept,
        orders: &mut Orders,
    ) -> Option<usize> {
        let mut preparer = Preparer::new(&self.settings, &self.counts);
        let mut looked = self.clock.elapsed();
        let mut rows = Vec::new();
        loop {
            let order = orders.now();
            if order == Order::End {
                return None;
            }
            let now_ms = self.clock.now_ms();
            let is_old = self.is_old(following.position);
            let reached = following.next(self, &mut |row| rows.extend(preparer.prepare(&row, now_ms, is_old)));
            self.counts.taken_in.fetch_add(rows.len() as u64, Ordering::Relaxed);
            self.counts.pending.fetch_add(rows.len() as u64, Ordering::Relaxed);
            rows.drain(..).try_for_each(|row| shards.push(row, orders)).ok()?;
            shards.marks.reach(following.position);
            self.keep(&mut shards.marks, kept, KEEP_EVERY);
            let since = self.clock.elapsed().saturating_sub(looked);
            if since >= sizing::EVERY {
                looked = self.clock.elapsed();
                let next = self.size(sizing, since, shards.lanes.len());
                if next != shards.lanes.len() {
                    return Some(next);
                }
            }
            match reached {
                Reached::Batch => {}
                Reached::End if order == Order::Finish => return None,
                Reached::End => orders.wait(LOOK_EVERY),
                Reached::Nothing => orders.wait(UNREADABLE_PAUSE),
            }
        }
    }

    /// Whether what comes behind a place was committed before the queue began.
    fn is_old(&self, place: FeedPosition) -> bool {
        (place.segment, place.offset) < (self.old.segment, self.old.offset)
    }

    fn size(&self, sizing: &mut Sizing, since: Duration, n_shards: usize) -> usize {
        let lag_seconds = self.lag_seconds();
        let desired = sizing.look(self.totals(), since, n_shards, lag_seconds);
        self.counts.set_shards_desired(desired);
        decide(desired, n_shards, self.settings.shards, lag_seconds)
    }

    /// Waits until the shards have sent what they have; `false` where they were told to end before.
    fn drain(&self, shards: Running, kept: &mut Kept, orders: &mut Orders) -> bool {
        let Running { lanes, mut tasks, mut marks } = shards;
        drop(lanes);
        let has_drained = loop {
            let step = orders.unless_ended(async { timeout(KEEP_EVERY, tasks.join_next()).await });
            self.keep(&mut marks, kept, KEEP_EVERY);
            match step {
                Some(Ok(None)) => break true,
                Some(Ok(Some(_)) | Err(_)) => {}
                None => break false,
            }
        };
        self.keep(&mut marks, kept, Duration::ZERO);
        has_drained
    }

    /// Keeps the place that was reached, if the last time is long enough ago.
    fn keep(&self, marks: &mut Marks, kept: &mut Kept, every: Duration) {
        if let Some(reached) = marks.advance() {
            kept.reached = reached;
        }
        let now = self.clock.elapsed();
        if kept.reached != kept.kept && now.saturating_sub(kept.at) >= every {
            (kept.kept, kept.at) = (kept.reached, now);
            self.progress.keep(kept.kept);
            self.hold.move_to(kept.kept);
        }
    }

    fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counts = &self.counts;
        let n_out = read(&counts.samples) + read(&counts.histograms) + read(&counts.failed) + read(&counts.repeated);
        let sending = Duration::from_nanos(read(&counts.request_nanos));
        Totals { n_in: read(&counts.taken_in), n_out, sending }
    }

    fn lag_seconds(&self) -> f64 {
        let read_ms = self.counts.highest_read_ms.load(Ordering::Relaxed);
        let sent_ms = self.counts.highest_sent_ms.load(Ordering::Relaxed);
        if sent_ms == i64::MIN { 0.0 } else { read_ms.saturating_sub(sent_ms) as f64 / 1000.0 }
    }
}

/// The place that was reached, and the one that was kept.
#[derive(Debug)]
struct Kept {
    reached: FeedPosition,
    kept: FeedPosition,
    /// When.
    at: Duration,
}

/// Shards that run, and what was given to them.
#[derive(Debug)]
struct Running {
    lanes: Vec<Filling>,
    tasks: JoinSet<()>,
    marks: Marks,
}

impl Running {
    fn start(reading: &Reading, n_shards: usize, runtime: &Handle) -> Running {
        let marks = Marks::new(n_shards);
        let (mut lanes, mut tasks) = (Vec::with_capacity(n_shards), JoinSet::new());
        for shard in 0..n_shards {
            let settings = &reading.settings;
            let (filling, emptying) = lane(settings.capacity, settings.max_samples_per_send);
            let delivery = Delivery {
                settings: Arc::clone(settings),
                counts: Arc::clone(&reading.counts),
                clock: Arc::clone(&reading.clock),
                shard,
                settled: marks.settled(),
            };
            tasks.spawn_on(delivery.run(emptying), runtime);
            lanes.push(filling);
        }
        Running { lanes, tasks, marks }
    }

    fn push(&mut self, row: Row, orders: &mut Orders) -> Result<(), Ended> {
        let shard = (row.labels.fingerprint(0) % self.lanes.len() as u64) as usize;
        self.marks.pushed(shard);
        self.lanes[shard].push(row, orders)
    }
}

/// How a look into the feed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    Batch,
    End,
    Nothing,
}

/// The cursor, made anew where it has to be.
#[derive(Debug)]
struct Following {
    position: FeedPosition,
    cursor: Option<Box<dyn FeedCursor>>,
    n_lost: u64,
}

impl Following {
    fn next(&mut self, reading: &Reading, take: &mut dyn FnMut(FeedRow<'_>)) -> Reached {
        let outcome = match &mut self.cursor {
            Some(cursor) => cursor.next_batch(take),
            None => reading.feed.follow(self.position).and_then(|cursor| self.cursor.insert(cursor).next_batch(take)),
        };
        if let Some(cursor) = &self.cursor {
            self.position = cursor.position();
            let n_lost = cursor.n_lost();
            reading.counts.lost.fetch_add(n_lost - std::mem::replace(&mut self.n_lost, n_lost), Ordering::Relaxed);
        }
        let error = match outcome {
            Ok(true) => return Reached::Batch,
            Ok(false) => return Reached::End,
            Err(error) => error,
        };
        let queue = &reading.settings.name;
        tracing::error!(queue, %error, "remote write: the log cannot be followed");
        (self.cursor, self.n_lost) = (None, 0);
        if matches!(error, FeedError::Gone(_)) {
            reading.counts.gone.fetch_add(1, Ordering::Relaxed);
            // What is left of the log comes next.
            self.position = FeedPosition::default();
        }
        Reached::Nothing
    }
}
