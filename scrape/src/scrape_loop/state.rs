//! How a target is doing, for the page of targets and the API. Written by its loop, read by whoever asks.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::RwLock;

/// Scrapes of which duration and outcome are kept.
const N_KEPT_SCRAPES: usize = 60;

/// Whether a target could be scraped the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Health {
    /// It has not been scraped yet.
    #[default]
    Unknown,
    /// It could.
    Up,
    /// It could not.
    Down,
}

impl Health {
    /// The word that the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Unknown => "unknown",
            Health::Up => "up",
            Health::Down => "down",
        }
    }
}

/// One of the last scrapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastScrape {
    /// From the request to the moment before its samples were stored.
    pub duration: Duration,
    /// Whether it succeeded.
    pub ok: bool,
}

/// How a target is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetState {
    /// Whether it could be scraped the last time.
    pub health: Health,
    /// Why the last scrape failed.
    pub last_error: Option<String>,
    /// What was wrong with the last scrape although it succeeded: samples that were late, a type that had to be
    /// guessed, series that storage did not take.
    pub last_warning: Option<String>,
    /// The time of the last scrape, in milliseconds since the Unix epoch.
    pub last_scrape_ms: Option<i64>,
    /// How long the last scrape took.
    pub last_duration: Duration,
    /// Samples of the last scrape.
    pub n_samples: u64,
    /// The last scrapes, the newest last.
    pub past: VecDeque<PastScrape>,
}

/// A [`TargetState`] that a loop writes.
#[derive(Debug, Default)]
pub(crate) struct SharedState(RwLock<TargetState>);

/// What a scrape came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) timestamp_ms: i64,
    pub(crate) duration: Duration,
    pub(crate) n_samples: u64,
    pub(crate) error: Option<String>,
    pub(crate) warning: Option<String>,
}

impl SharedState {
    pub(crate) fn get(&self) -> TargetState {
        self.0.read().clone()
    }

    pub(crate) fn report(&self, outcome: Outcome) {
        let mut state = self.0.write();
        let ok = outcome.error.is_none();
        if state.past.len() == N_KEPT_SCRAPES {
            state.past.pop_front();
        }
        state.past.push_back(PastScrape { duration: outcome.duration, ok });
        state.health = if ok { Health::Up } else { Health::Down };
        state.last_error = outcome.error;
        state.last_warning = outcome.warning;
        state.last_scrape_ms = Some(outcome.timestamp_ms);
        state.last_duration = outcome.duration;
        state.n_samples = outcome.n_samples;
    }
}
