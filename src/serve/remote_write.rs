//! Remote write out: one queue for each receiver that the configuration names, and the file in which each keeps how far it has
//! come.
//!
//! A queue that a reload does not touch goes on. One that is changed ends, and the new one begins where it was; so does the
//! next process. `docs/format/remote_write.md` says what is in the files.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use journal::{Disk, OsDisk};
use model::name::ValidationScheme;
use model::relabel::Rules;
use model::storage::{Feed, FeedHold, FeedPosition};
use model::{Clock, Labels};
use net::client::{Client, ClientOptions};
use net::remote_send::{Progress, Queue, QueueCounts, QueueSettings, Shards};
use net::remote_write::Version;
use parking_lot::Mutex;

use crate::config::{Config, RemoteWriteConfig};

/// The directory of the files, in the data directory.
const DIR: &str = "remote_write";
/// How often a position is made to survive a power cut; in between it survives the end of the process.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// What a file begins with.
const MAGIC: &str = "narthex remote write position 1";

/// A receiver that can be written to: nothing that is left can fail.
#[derive(Clone, Debug)]
pub(super) struct Receiver {
    /// What tells it from others, and stays when the rest of its configuration changes.
    key: String,
    config: RemoteWriteConfig,
    external_labels: Labels,
    settings: QueueSettings,
}

impl Receiver {
    /// All receivers that can be written to; for each of the others its number and what is wrong.
    pub(super) fn all(config: &Config) -> (Vec<Receiver>, Vec<(usize, String)>) {
        let (mut receivers, mut faults) = (Vec::<Receiver>::new(), Vec::new());
        for (index, one) in config.remote_write.iter().enumerate() {
            // These are named as not built; without their credentials there is nothing to be sent.
            if one.sigv4.is_some() || one.azuread.is_some() || one.google_iam.is_some() {
                continue;
            }
            match Receiver::new(one, config.global.external_labels.clone()) {
                Ok(receiver) if receivers.iter().any(|other| other.key == receiver.key) => {
                    let url = &receiver.settings.url;
                    let text = format!(
                        "duplicate remote write configs are not allowed, found duplicate for URL: {}{}",
                        url.origin(),
                        url.path_and_query()
                    );
                    faults.push((index, text));
                }
                Ok(receiver) => receivers.push(receiver),
                Err(error) => faults.push((index, error)),
            }
        }
        (receivers, faults)
    }

    fn new(config: &RemoteWriteConfig, external_labels: Labels) -> Result<Receiver, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let identity = [("name", config.name.as_str()), ("url", config.url.expose())];
        let key = format!("{:016x}", Labels::from_pairs(identity).fingerprint(0));
        let queue = &config.queue_config;
        // The configuration has been checked: all of these are positive.
        let number = |number: i64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        let settings = QueueSettings {
            name: if config.name.is_empty() { key[..6].to_owned() } else { config.name.clone() },
            url: config.url.to_url().map_err(|error| text(&error))?,
            client: Client::new(&config.http, ClientOptions::default()).map_err(|error| text(&error))?,
            version: if config.protobuf_message == "io.prometheus.write.v2.Request" {
                Version::V2
            } else {
                Version::V1
            },
            headers: headers(config)?,
            timeout: config.remote_timeout.to_std(),
            external_labels: external_labels.clone(),
            relabel: Rules::new(&config.write_relabel_configs, ValidationScheme::Utf8).map_err(|error| text(&error))?,
            send_histograms: config.send_native_histograms,
            shards: Shards { min: number(queue.min_shards), max: number(queue.max_shards) },
            capacity: number(queue.capacity),
            max_samples_per_send: number(queue.max_samples_per_send),
            batch_send_deadline: queue.batch_send_deadline.to_std(),
            backoff: queue.min_backoff.to_std()..=queue.max_backoff.to_std(),
            retry_on_429: queue.retry_on_http_429,
            max_age: (!queue.sample_age_limit.is_zero()).then(|| queue.sample_age_limit.to_std()),
        };
        Ok(Receiver { key, config: config.clone(), external_labels, settings })
    }

    /// Whether a queue for one can stay as it is for the other.
    fn is_same(&self, other: &Receiver) -> bool {
        self.key == other.key && self.config == other.config && self.external_labels == other.external_labels
    }
}

fn headers(config: &RemoteWriteConfig) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|_| format!("headers: invalid name {name:?}"))?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|_| format!("headers: invalid value of {name}"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// The queues that run.
#[derive(Debug)]
pub(super) struct RemoteWrites {
    dir: PathBuf,
    feed: Arc<dyn Feed>,
    clock: Arc<dyn Clock>,
    queues: Mutex<Vec<Running>>,
}

#[derive(Debug)]
struct Running {
    receiver: Receiver,
    queue: Queue,
    /// Holds the log also when the queue has ended: the next one goes on there.
    file: Arc<PositionFile>,
}

impl RemoteWrites {
    /// No queue yet; their files will be in the data directory `dir`.
    pub(super) fn new(dir: &Path, feed: Arc<dyn Feed>, clock: Arc<dyn Clock>) -> Arc<RemoteWrites> {
        Arc::new(RemoteWrites { dir: dir.join(DIR), feed, clock, queues: Mutex::default() })
    }

    /// Runs queues for these receivers and no others. Must be called in a runtime with several threads.
    pub(super) fn apply(&self, receivers: Vec<Receiver>) {
        let mut queues = self.queues.lock();
        let (kept, ending): (Vec<Running>, Vec<Running>) =
            queues.drain(..).partition(|running| receivers.iter().any(|receiver| receiver.is_same(&running.receiver)));
        *queues = kept;
        // The files of those that end hold the log until the new ones do.
        let _files: Vec<Arc<PositionFile>> = ending.into_iter().map(end_at_once).collect();
        for receiver in receivers {
            if !queues.iter().any(|running| running.receiver.is_same(&receiver)) {
                match self.start(receiver) {
                    Ok(running) => queues.push(running),
                    Err(error) => tracing::error!(%error, "remote write cannot be started"),
                }
            }
        }
    }

    fn start(&self, receiver: Receiver) -> std::io::Result<Running> {
        OsDisk.create_dir_all(&self.dir)?;
        let path = self.dir.join(format!("{}.position", receiver.key));
        let from = match newest_position(&path) {
            Ok(Some(position)) => position,
            // A new receiver gets what comes from now on.
            Ok(None) => self.feed.newest(),
            Err(error) => {
                let path = path.display();
                tracing::error!(%path, %error, "remote write begins with the oldest record of the log");
                FeedPosition::default()
            }
        };
        let clock = Arc::clone(&self.clock);
        let file = Arc::new(PositionFile { path, hold: self.feed.hold(from), clock, synced: Mutex::default() });
        let (feed, clock) = (Arc::clone(&self.feed), Arc::clone(&self.clock));
        let queue = Queue::start(receiver.settings.clone(), feed, clock, from, Arc::clone(&file) as Arc<dyn Progress>)?;
        Ok(Running { receiver, queue, file })
    }

    /// What the queues have done.
    pub(super) fn counts(&self) -> Vec<Arc<QueueCounts>> {
        self.queues.lock().iter().map(|running| Arc::clone(running.queue.counts())).collect()
    }

    /// Sends what was committed until now, for as long as `within`, and ends all queues. The log is held for the next
    /// process as long as the answer lives.
    pub(super) async fn stop(&self, within: Duration) -> Vec<impl Sized + Send + use<>> {
        let queues = std::mem::take(&mut *self.queues.lock());
        let mut stopping = tokio::task::JoinSet::new();
        let mut files = Vec::new();
        for Running { queue, file, receiver } in queues {
            files.push(file);
            stopping.spawn(async move {
                if !queue.stop(within).await {
                    let queue = &receiver.settings.name;
                    tracing::warn!(
                        queue,
                        "remote write: what the receiver has not taken will be sent after the next start"
                    );
                }
            });
        }
        while stopping.join_next().await.is_some() {}
        files
    }
}

/// Ends a queue; what it has not sent will be sent by the next.
fn end_at_once(running: Running) -> Arc<PositionFile> {
    let Running { queue, file, .. } = running;
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(queue.stop(Duration::ZERO)));
    file
}

/// Where a queue keeps how far it has come.
#[derive(Debug)]
struct PositionFile {
    path: PathBuf,
    hold: Box<dyn FeedHold>,
    clock: Arc<dyn Clock>,
    /// When the file was synced.
    synced: Mutex<Option<Duration>>,
}

impl Progress for PositionFile {
    fn keep(&self, position: FeedPosition) {
        let now = self.clock.elapsed();
        let mut synced = self.synced.lock();
        let is_due = synced.is_none_or(|synced| now.saturating_sub(synced) >= SYNC_EVERY);
        let kept =
            if is_due { self.keep_synced(position) } else { write_position(&latest(&self.path), position, false) };
        match kept {
            Ok(()) if is_due => *synced = Some(now),
            Ok(()) => {}
            // The next attempt is near; until then a restart sends a little more again.
            Err(error) => tracing::error!(path = %self.path.display(), %error, "remote write cannot keep its position"),
        }
    }
}

impl PositionFile {
    fn keep_synced(&self, position: FeedPosition) -> std::io::Result<()> {
        write_position(&self.path, position, true)?;
        // What the log no longer holds must not be needed after a power cut.
        self.hold.move_to(position);
        Ok(())
    }
}

/// The file beside it that is written more often.
fn latest(path: &Path) -> PathBuf {
    path.with_extension("latest")
}

fn write_position(path: &Path, position: FeedPosition, is_synced: bool) -> std::io::Result<()> {
    let FeedPosition { segment, offset, run } = position;
    let new = path.with_extension("tmp");
    match OsDisk.remove(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OsDisk.create(&new)?;
    file.append(format!("{MAGIC}\nsegment {segment}\noffset {offset}\nrun {run:08x}\n").as_bytes())?;
    if !is_synced {
        return OsDisk.rename(&new, path);
    }
    file.sync()?;
    OsDisk.rename(&new, path)?;
    path.parent().map_or(Ok(()), |dir| OsDisk.sync_dir(dir))
}

/// The later of the positions in a file and the one beside it; `None` where there is no file.
fn newest_position(path: &Path) -> std::io::Result<Option<FeedPosition>> {
    let synced = read_position(path)?;
    // After a power cut it may hold anything; then the other stands.
    let latest = read_position(&latest(path)).ok().flatten();
    Ok(synced.map(|synced| latest.map_or(synced, |latest| synced.max(latest))))
}

/// The position in a file; `None` where there is no file.
fn read_position(path: &Path) -> std::io::Result<Option<FeedPosition>> {
    let mut file = match OsDisk.open(path) {
        Ok(file) => file.take(1024),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    parse_position(&text).map(Some).ok_or_else(|| std::io::Error::other("it does not hold a position"))
}

fn parse_position(text: &str) -> Option<FeedPosition> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    (lines.next()? == MAGIC).then_some(())?;
    let segment = lines.next()?.strip_prefix("segment ")?.parse().ok()?;
    let offset = lines.next()?.strip_prefix("offset ")?.parse().ok()?;
    let run = u32::from_str_radix(lines.next()?.strip_prefix("run ")?, 16).ok()?;
    lines.next().is_none().then_some(FeedPosition { segment, offset, run })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_and_damage_is_no_position() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0.position");
        assert_eq!(read_position(&path).unwrap(), None);
        for position in [
            FeedPosition { segment: 7, offset: 1 << 40, run: 0xfeed_beef },
            FeedPosition { segment: 8, offset: 0, run: 1 },
        ] {
            write_position(&path, position, true).unwrap();
            assert_eq!(newest_position(&path).unwrap(), Some(position));
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for cut in 0..text.len() {
            assert_eq!(parse_position(&text[..cut]), None, "{cut}");
        }
        // The one that is not synced counts where it is whole and later.
        let newest = newest_position(&path).unwrap().unwrap();
        let later = FeedPosition { offset: 9, ..newest };
        write_position(&latest(&path), later, false).unwrap();
        assert_eq!(newest_position(&path).unwrap(), Some(later));
        write_position(&latest(&path), FeedPosition { segment: 7, ..newest }, false).unwrap();
        assert_eq!(newest_position(&path).unwrap(), Some(newest));
        OsDisk.remove(&latest(&path)).unwrap();
        OsDisk.create(&latest(&path)).unwrap().append(&text.as_bytes()[..text.len() - 1]).unwrap();
        assert_eq!(newest_position(&path).unwrap(), Some(newest));
    }
}
