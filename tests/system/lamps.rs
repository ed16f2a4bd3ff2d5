//! A target with lamps that go on and off, and what is known of them: which of their phases whoever scrapes it has surely seen.
//!
//! What is sure is counted in scrapes where it is asserted: on a busy machine everything takes longer. A lamp's value is the
//! number of its phase while it is on, and 0 while it is off, so that alerts can say which time they are about.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::exporter::Exporter;

/// By what something is sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// One run of a server has read it so often that it has been evaluated, grouped and told, if anything is told at all.
    Scrapes,
    /// It was so for long, whoever read it.
    Time,
}

/// As many scrapes by one run are enough to tell.
const SURE_READS: u32 = 6;
/// After so many something is over.
const OVER_READS: u32 = 3;
/// The same in time.
const SURE: Duration = Duration::from_secs(10);
const OVER: Duration = Duration::from_secs(5);

/// From one change to the next. Even ones are off, odd ones on.
#[derive(Clone, Copy, Debug)]
struct Phase {
    began: Instant,
    ended: Option<Instant>,
    /// How often it was scraped.
    n_reads: u32,
    /// How often by the run that is under way.
    n_reads_of_run: u32,
    is_read: bool,
}

impl Phase {
    fn new() -> Phase {
        Phase { began: Instant::now(), ended: None, n_reads: 0, n_reads_of_run: 0, is_read: false }
    }

    fn is_sure(&self, by: By) -> bool {
        match by {
            By::Scrapes => self.is_read,
            By::Time => self.ended.unwrap_or_else(Instant::now).duration_since(self.began) >= SURE,
        }
    }
}

/// A lamp and a phase of it in which it was on.
pub(crate) type Episode = (usize, usize);

/// The lamps.
#[derive(Clone, Debug)]
pub(crate) struct Lamps(Arc<Mutex<Vec<Vec<Phase>>>>);

impl Lamps {
    /// So many, all of them off, and the target that shows them.
    pub(crate) fn start(n_lamps: usize) -> (Exporter, Lamps) {
        let lamps = Lamps(Arc::new(Mutex::new(vec![vec![Phase::new()]; n_lamps])));
        let of_target = lamps.clone();
        (Exporter::serving(move |_| of_target.read()), lamps)
    }

    fn read(&self) -> String {
        let mut lamps = self.0.lock().unwrap();
        let line = |(lamp, phases): (usize, &mut Vec<Phase>)| {
            let number = phases.len() - 1;
            let phase = &mut phases[number];
            phase.n_reads += 1;
            phase.n_reads_of_run += 1;
            phase.is_read |= phase.n_reads_of_run >= SURE_READS;
            format!("lamp{{lamp=\"{lamp}\"}} {}\n", number * (number % 2))
        };
        lamps.iter_mut().enumerate().map(line).collect()
    }

    /// Turns those on that are off, and off that are on.
    pub(crate) fn turn(&self, mut is_turned: impl FnMut() -> bool) {
        for phases in self.0.lock().unwrap().iter_mut().filter(|_| is_turned()) {
            let next = Phase::new();
            phases.last_mut().unwrap().ended = Some(next.began);
            phases.push(next);
        }
    }

    /// Another run begins to read.
    pub(crate) fn begin_run(&self) {
        for phases in self.0.lock().unwrap().iter_mut() {
            phases.last_mut().unwrap().n_reads_of_run = 0;
        }
    }

    /// Whether what all are now has surely been seen.
    pub(crate) fn are_read(&self) -> bool {
        self.0.lock().unwrap().iter().all(|phases| phases.last().unwrap().is_read)
    }

    /// Whether an episode is over.
    pub(crate) fn is_over(&self, (lamp, episode): Episode, by: By) -> bool {
        let lamps = self.0.lock().unwrap();
        let after = &lamps[lamp][episode + 1..];
        match by {
            By::Scrapes => after.iter().map(|phase| phase.n_reads).sum::<u32>() >= OVER_READS,
            By::Time => after.first().is_some_and(|phase| phase.began.elapsed() >= OVER),
        }
    }

    /// The episodes that are sure, and sure to be something new; and those of them whose end is sure.
    pub(crate) fn sure(&self, by: By) -> (Vec<Episode>, Vec<Episode>) {
        let (mut sure, mut ended) = (Vec::new(), Vec::new());
        for (lamp, phases) in self.0.lock().unwrap().iter().enumerate() {
            for episode in (1..phases.len()).step_by(2) {
                if phases[episode - 1].is_sure(by) && phases[episode].is_sure(by) {
                    sure.push((lamp, episode));
                    if phases.get(episode + 1).is_some_and(|phase| phase.is_sure(by)) {
                        ended.push((lamp, episode));
                    }
                }
            }
        }
        (sure, ended)
    }
}
