//! The loops of a pool: which run, which are started, which are ended.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::mem;
use std::pin::pin;
use std::sync::Arc;

use model::Labels;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::board::{Board, DroppedTarget, Noted, Written};
use super::settings::PoolSettings;
use crate::discovery::Found;
use crate::fetch::FetchRequest;
use crate::scrape_loop::{
    Command, Context, Metadata, Predecessor, Recorder, Running, ScrapeError, ScrapeLoop, SharedState,
};
use crate::target::{self, Made, Target};

pub(super) struct Loops {
    context: Arc<Context>,
    running: BTreeMap<u64, RunningLoop>,
    /// Loops of targets that are gone, which still have stale markers to write.
    leaving: Vec<(watch::Sender<Command>, JoinHandle<()>)>,
    forced_error: Arc<RwLock<Option<ScrapeError>>>,
    /// The settings that the loops run with.
    settings: Option<Arc<PoolSettings>>,
}

struct RunningLoop {
    running: Running,
    discovered_labels: Labels,
    metadata: Metadata,
}

/// What discovery's targets come to.
#[derive(Default)]
struct Wanted {
    targets: BTreeMap<u64, Target>,
    dropped: Vec<DroppedTarget>,
    n_dropped: usize,
    errors: Vec<String>,
}

/// Errors of targets that are shown; of a list with a thousand bad entries the first tell enough.
const MAX_SHOWN_ERRORS: usize = 20;

impl Loops {
    pub(super) fn new(context: Arc<Context>) -> Loops {
        Loops { context, running: BTreeMap::new(), leaving: Vec::new(), forced_error: Arc::default(), settings: None }
    }

    /// Makes the loops those of the targets that were found, with these settings.
    pub(super) fn sync(&mut self, settings: &Arc<PoolSettings>, found: &Found, board: &Board) {
        self.leaving.retain(|(_, task)| !task.is_finished());
        let wanted = self.wanted(settings, found);
        let before = self.settings.replace(Arc::clone(settings));
        let is_same = before.as_ref().is_some_and(|before| before.is_same(settings));
        let same_series = before.is_some_and(|before| before.makes_same_series(settings));

        let mut gone = mem::take(&mut self.running);
        self.set_target_limit(settings, wanted.targets.len());
        for (hash, target) in wanted.targets {
            let running = match gone.remove(&hash) {
                Some(mut running) if is_same && running.running.target.is_scraped_like(&target) => {
                    running.discovered_labels = target.discovered_labels;
                    running
                }
                Some(running) => self.restart(settings, target, running, same_series),
                None => self.start(settings, target, None, Arc::default(), Metadata::default()),
            };
            self.running.insert(hash, running);
        }
        for RunningLoop { running, .. } in gone.into_values() {
            running.command.send_replace(Command::Leave);
            self.leaving.push((running.command, running.task));
        }
        board.write(Written {
            active: self.running.iter().map(|(hash, running)| (*hash, running.noted())).collect(),
            dropped: wanted.dropped,
            n_dropped: wanted.n_dropped,
            target_limit: settings.target_limit,
            errors: wanted.errors,
        });
    }

    /// Targets by their hash, so that one that is found twice is scraped once.
    fn wanted(&self, settings: &PoolSettings, found: &Found) -> Wanted {
        let mut wanted = Wanted { errors: found.errors.clone(), ..Wanted::default() };
        for made in found.groups.iter().flat_map(|group| target::targets_of(group, &settings.target)) {
            match made {
                Ok(Made::Target(target)) => {
                    if let Entry::Vacant(entry) = wanted.targets.entry(target.hash()) {
                        entry.insert(target);
                    }
                }
                Ok(Made::Dropped(discovered_labels)) => {
                    wanted.n_dropped += 1;
                    if settings.keep_dropped_targets.is_none_or(|limit| (wanted.dropped.len() as u64) < limit) {
                        wanted.dropped.push(DroppedTarget { discovered_labels });
                    }
                }
                Err((place, error)) => {
                    self.context.shared.metrics.target_failures.add(1);
                    if wanted.errors.len() < MAX_SHOWN_ERRORS {
                        wanted.errors.push(format!("{place}: {error}"));
                    }
                }
            }
        }
        wanted
    }

    fn set_target_limit(&self, settings: &PoolSettings, n_targets: usize) {
        let limit = settings.target_limit.filter(|limit| n_targets as u64 > *limit);
        *self.forced_error.write() = limit.map(|limit| ScrapeError::TargetLimit { n_targets, limit });
    }

    fn restart(&self, settings: &PoolSettings, target: Target, before: RunningLoop, same_series: bool) -> RunningLoop {
        let RunningLoop { running, metadata, .. } = before;
        running.command.send_replace(Command::HandOver);
        let predecessor = Predecessor { recorder: running.recorder, task: running.task, same_series };
        self.start(settings, target, Some(predecessor), running.state, metadata)
    }

    fn start(
        &self,
        settings: &PoolSettings,
        target: Target,
        predecessor: Option<Predecessor>,
        state: Arc<SharedState>,
        metadata: Metadata,
    ) -> RunningLoop {
        let target = Arc::new(target);
        let record_settings = Arc::new(settings.record_settings(&target));
        let recorder = Recorder::new(self.context.shared.clone(), record_settings, metadata.clone());
        let recorder = Arc::new(Mutex::new(recorder));
        if settings.may_overlap() {
            self.context.departures.may_overlap(&recorder);
        }
        let (command, received) = watch::channel(Command::Run);
        let scrape_loop = ScrapeLoop {
            context: Arc::clone(&self.context),
            target: Arc::clone(&target),
            state: Arc::clone(&state),
            recorder: Arc::clone(&recorder),
            request: FetchRequest {
                url: target.url.clone(),
                accept: settings.accept.clone(),
                compression: settings.config().enable_compression,
                timeout: target.timeout,
                body_limit: settings.limits.body_bytes,
            },
            forced_error: Arc::clone(&self.forced_error),
            predecessor,
        };
        let fetcher = settings.client.fetcher(target.socket.as_deref());
        let task = tokio::spawn(scrape_loop.run(fetcher, received));
        let discovered_labels = target.discovered_labels.clone();
        RunningLoop { running: Running { target, state, recorder, command, task }, discovered_labels, metadata }
    }

    /// Ends all loops and waits for them. Those that wait for their targets to come back do not, once narthex shuts down.
    pub(super) async fn end(self, last: Command, shutting_down: impl Future<Output = ()>) {
        let running = self.running.into_values().map(|running| (running.running.command, running.running.task));
        let (commands, tasks): (Vec<_>, Vec<_>) = self.leaving.into_iter().chain(running).unzip();
        let tell = |last: Command| {
            for command in &commands {
                command.send_replace(last);
            }
        };
        tell(last);
        let mut ended = pin!(async {
            for task in tasks {
                // A loop that has panicked has ended, too.
                let _ = task.await;
            }
        });
        tokio::select! {
            () = &mut ended => return,
            () = shutting_down => tell(Command::ShutDown),
        }
        ended.await;
    }
}

impl RunningLoop {
    fn noted(&self) -> Noted {
        Noted {
            target: Arc::clone(&self.running.target),
            discovered_labels: self.discovered_labels.clone(),
            state: Arc::clone(&self.running.state),
            metadata: self.metadata.clone(),
        }
    }
}
