//! A shop that sells all the time, and knows to the event what it has sold.
//!
//! Whoever scrapes it sees all of its counters as they are at one moment. Two may scrape it, each at an address of its own.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use model::Rng;
use model::rng::SeededRng;

use crate::exporter::Exporter;
use crate::waiting::wait_until;

/// Between two moments at which something is sold.
const STEP: Duration = Duration::from_millis(10);
/// Upper bounds of the buckets, in seconds; what is above is counted in no bucket but the last.
const BOUNDS: [&str; 3] = ["0.1", "0.5", "2.0"];
/// So many scrapes have surely been committed but for the last.
const SURE_SCRAPES: u64 = 3;

/// What counters say that began at zero together.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    sold: u64,
    failed: u64,
    /// How many took no longer than each bound.
    within: [u64; BOUNDS.len()],
}

/// What was sold ever, however often counters began anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sold {
    pub(crate) failed: u64,
    pub(crate) slow: u64,
    pub(crate) all: u64,
}

#[derive(Debug, Default)]
struct State {
    is_open: bool,
    is_storm: bool,
    version: u64,
    counters: Counters,
    queue: u64,
    sold: Sold,
}

/// The shop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shop(Arc<Mutex<State>>);

impl Shop {
    /// A shop that is closed until it is told to sell.
    pub(crate) fn build(seed: u64) -> Shop {
        let shop = Shop::default();
        let (seller, mut rng) = (shop.clone(), SeededRng::new(seed));
        thread::spawn(move || {
            loop {
                thread::sleep(STEP);
                seller.sell(&mut rng);
            }
        });
        shop
    }

    /// A place where it is scraped.
    pub(crate) fn exporter(&self) -> Exporter {
        let shop = self.clone();
        Exporter::serving(move |_| shop.exposition())
    }

    fn sell(&self, rng: &mut SeededRng) {
        let State { is_open, is_storm, counters, queue, sold, .. } = &mut *self.0.lock().unwrap();
        if !*is_open {
            return;
        }
        *queue = rng.below(100);
        for _ in 0..1 + rng.below(20) {
            let has_failed = *is_storm && rng.below(2) == 0;
            let bound = rng.below(BOUNDS.len() as u64 + 1) as usize;
            counters.sold += u64::from(!has_failed);
            counters.failed += u64::from(has_failed);
            counters.within.iter_mut().skip(bound).for_each(|within| *within += 1);
            sold.all += 1;
            sold.failed += u64::from(has_failed);
            sold.slow += u64::from(bound > 1);
        }
    }

    /// Half of what is sold in a storm fails; nothing does without one.
    pub(crate) fn set_storm(&self, is_storm: bool) {
        self.0.lock().unwrap().is_storm = is_storm;
    }

    pub(crate) fn open(&self) {
        self.0.lock().unwrap().is_open = true;
    }

    /// Sells no more until it is opened again; what it has sold by then.
    pub(crate) fn close(&self) -> Sold {
        let mut state = self.0.lock().unwrap();
        state.is_open = false;
        state.sold
    }

    /// Its process begins anew: all counters fall to zero.
    pub(crate) fn restart(&self) {
        self.0.lock().unwrap().counters = Counters::default();
    }

    /// Another version takes its place, with series of its own.
    pub(crate) fn replace(&self) {
        let mut state = self.0.lock().unwrap();
        state.version += 1;
        state.counters = Counters::default();
    }

    fn exposition(&self) -> String {
        let State { version, counters, queue, .. } = &*self.0.lock().unwrap();
        let Counters { sold, failed, within } = counters;
        let mut text =
            format!("# TYPE orders_total counter\norders_total{{code=\"200\",version=\"{version}\"}} {sold}\n");
        // There is no such series before the first failure.
        if *failed > 0 {
            let _ = writeln!(text, "orders_total{{code=\"500\",version=\"{version}\"}} {failed}");
        }
        text.push_str("# TYPE order_seconds histogram\n");
        for (bound, within) in BOUNDS.iter().zip(within) {
            let _ = writeln!(text, "order_seconds_bucket{{le=\"{bound}\",version=\"{version}\"}} {within}");
        }
        let all = sold + failed;
        let _ = writeln!(text, "order_seconds_bucket{{le=\"+Inf\",version=\"{version}\"}} {all}");
        let _ = writeln!(text, "order_seconds_count{{version=\"{version}\"}} {all}");
        let _ = writeln!(text, "# TYPE queue_length gauge\nqueue_length {queue}");
        text
    }
}

/// Waits until all that is to be seen at some addresses has been seen by those who scrape them, and committed.
pub(crate) fn wait_until_scraped(exporters: &[&Exporter]) {
    let before: Vec<u64> = exporters.iter().map(|exporter| exporter.n_scrapes()).collect();
    wait_until("the shop is scraped", || {
        exporters.iter().zip(&before).all(|(exporter, before)| exporter.n_scrapes() >= before + SURE_SCRAPES)
    });
}
