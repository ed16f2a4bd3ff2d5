//! What the web server is handed: all it knows of the rest of narthex.
//!
//! [`Settings`] are fixed at the start. [`Parts`] come once the storage is open; until then only what needs none of
//! them is served. A [`Snapshot`] of the configuration is swapped at each reload.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use alerting::delivery::Delivery;
use alerting::dispatch::Notifications;
use alerting::rules::Rules;
use alerting::sender::Sender;
use model::storage::{Append, Select};
use model::{Clock, Labels};
use net::remote_send::QueueCounts;
use net::server::{Access, Cors, ServerCounts, ServerLimits};
use net::url::Url;
use query::Engine;
use scrape::config::ScrapeConfig;
use scrape::metrics::ScrapeMetrics;
use scrape::pool::PoolStatus;
use slo::budget::Budgets;
use tsdb::{Cardinality, Files, HeadStats, MaintenanceStats, Store, WalStats};

use crate::access::{Roles, Scopes};

/// What never changes while narthex runs.
#[derive(Debug)]
pub struct Settings {
    /// The clock of default times and of durations.
    pub clock: Arc<dyn Clock>,
    /// The URL under which others reach this server.
    pub external_url: Url,
    /// The path before all routes; `/`, or `/prefix` without a slash at its end.
    pub route_prefix: String,
    /// The first address that is listened on, for recognising ourselves among the targets.
    pub listen_address: String,
    /// The title of the pages.
    pub page_title: String,
    /// Whose pages may read our answers.
    pub cors: Cors,
    /// All flags by name, as they are in effect.
    pub flags: BTreeMap<String, String>,
    /// What is switched on, by category and name.
    pub features: BTreeMap<String, BTreeMap<String, bool>>,
    /// Who we are.
    pub build: BuildInfo,
    /// The directory that narthex was started in.
    pub working_directory: String,
    /// The name of the machine.
    pub hostname: String,
    /// When narthex was started, in milliseconds since the Unix epoch.
    pub start_ms: i64,
    /// Whether `/-/reload` and `/-/quit` do anything.
    pub enable_lifecycle: bool,
    /// Whether `/api/v1/admin/…` does anything.
    pub enable_admin: bool,
    /// Whether `/api/v1/write` takes anything.
    pub enable_remote_write: bool,
    /// Who is let in.
    pub access: Arc<Access>,
    /// What requests may cost.
    pub limits: WebLimits,
    /// What the server beneath allows, for showing it.
    pub server_limits: ServerLimits,
}

/// The version of this program, and the one of Prometheus that it answers like.
#[derive(Clone, Debug, Default)]
pub struct BuildInfo {
    /// narthex's own version.
    pub version: String,
    /// The version of Prometheus whose API this is: what clients go by.
    pub prometheus_version: String,
    /// The commit.
    pub revision: String,
    /// The branch.
    pub branch: String,
    /// Who built it.
    pub build_user: String,
    /// When.
    pub build_date: String,
    /// The compiler.
    pub compiler: String,
}

/// What requests may cost, each with the name under which `/api/v1/status/limits` lists it.
#[derive(Clone, Debug)]
pub struct WebLimits {
    /// Queries that run at the same time (`query_concurrency`).
    pub query_concurrency: usize,
    /// How long a query waits for its turn (`query_queue_time`).
    pub query_queue_time: Duration,
    /// Points of a series in the answer to a range query (`query_points`).
    pub query_points: i64,
    /// Bytes of the body of a request to Alertmanager's API (`alertmanager_body`). Prometheus sends 256 alerts at a time.
    pub alertmanager_body: usize,
    /// Bytes of a remote write's body, compressed (`remote_write_body`).
    pub remote_write_body: usize,
    /// Remote writes that are decoded and stored at the same time (`remote_write_concurrency`).
    pub remote_write_concurrency: usize,
    /// What one remote write may hold.
    pub remote_write: net::remote_write::DecodeLimits,
    /// Remote reads that are answered at the same time (`remote_read_concurrency`).
    pub remote_read_concurrency: usize,
    /// Samples in the answer to one query of a remote read that asks for samples; 0 for no limit (`remote_read_samples`).
    pub remote_read_samples: usize,
    /// Bytes of a frame in the answer to a remote read that asks for chunks (`remote_read_frame_bytes`).
    pub remote_read_frame_bytes: usize,
}

impl Default for WebLimits {
    fn default() -> WebLimits {
        WebLimits {
            query_concurrency: 20,
            query_queue_time: Duration::from_secs(10),
            query_points: 11_000,
            alertmanager_body: 16 << 20,
            remote_write_body: net::remote_write::MAX_DECODED_BYTES,
            remote_write_concurrency: 8,
            remote_write: net::remote_write::DecodeLimits::default(),
            remote_read_concurrency: 10,
            remote_read_samples: 50_000_000,
            remote_read_frame_bytes: 1 << 20,
        }
    }
}

/// What is there once the storage is open.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Reads samples.
    pub select: Arc<dyn Select>,
    /// Takes samples.
    pub append: Arc<dyn Append>,
    /// Evaluates queries.
    pub engine: Arc<Engine>,
    /// Knows the targets.
    pub targets: Arc<dyn Targets>,
    /// Evaluates rules.
    pub rules: Arc<Rules>,
    /// Sends alerts to Alertmanagers elsewhere.
    pub alertmanagers: Arc<Sender>,
    /// Knows how the storage is doing.
    pub storage: Arc<dyn StorageStatus>,
    /// Groups alerts, and knows who was told what.
    pub notifications: Arc<Notifications>,
    /// Sends what is told.
    pub delivery: Arc<Delivery>,
    /// Knows what is left of error budgets.
    pub budgets: Arc<Budgets>,
    /// Answers pipelines, and knows deployments.
    pub gates: Arc<slo::gate::Gates>,
    /// Reports on their way.
    pub reports: Arc<slo::schedule::Outbox>,
    /// Is sealed, deleted from and copied, where that is allowed.
    pub store: Arc<Store>,
}

/// Who knows the targets.
pub trait Targets: fmt::Debug + Send + Sync {
    /// The names of the pools, sorted.
    fn pool_names(&self) -> Vec<String>;

    /// How all pools are doing, sorted by name.
    fn status(&self) -> Vec<PoolStatus>;

    /// What is counted over all of them.
    fn metrics(&self) -> Arc<ScrapeMetrics>;
}

impl Targets for scrape::Scraper {
    fn pool_names(&self) -> Vec<String> {
        scrape::Scraper::pool_names(self)
    }

    fn status(&self) -> Vec<PoolStatus> {
        scrape::Scraper::status(self)
    }

    fn metrics(&self) -> Arc<ScrapeMetrics> {
        Arc::clone(scrape::Scraper::metrics(self))
    }
}

/// The disk that the data directory is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// Bytes that narthex may still write.
    pub free_bytes: u64,
    /// How large it is.
    pub total_bytes: u64,
}

/// Who knows how the storage is doing.
pub trait StorageStatus: fmt::Debug + Send + Sync {
    /// The head in numbers.
    fn head(&self) -> HeadStats;

    /// The log in numbers.
    fn wal(&self) -> WalStats;

    /// What is done to the store while it runs, in numbers.
    fn maintenance(&self) -> MaintenanceStats;

    /// Where the series come from: the `limit` largest of each kind.
    fn cardinality(&self, limit: usize) -> Cardinality;

    /// What lies in the data directory, and the `limit` largest targets.
    fn files(&self, limit: usize) -> Files;

    /// The disk that the data directory is on; `None` where that is not known.
    fn disk_space(&self) -> Option<DiskSpace>;

    /// Places where the data was found to be damaged at the start.
    fn n_corruptions(&self) -> u64;
}

/// A configuration that is, or could not be, in force.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The configuration in force as YAML, without secrets.
    pub yaml: String,
    /// Its scrape configurations.
    pub scrape_configs: Vec<Arc<ScrapeConfig>>,
    /// `global.external_labels`
    pub external_labels: Labels,
    /// `global.rule_query_offset`, in milliseconds.
    pub rule_query_offset_ms: i64,
    /// What tokens may do.
    pub roles: Roles,
    /// The products that tokens are for.
    pub scopes: Scopes,
    /// The secrets of webhooks.
    pub hooks: Hooks,
    /// How long samples are kept, in words.
    pub retention: String,
    /// In which language reports are written where nobody asks for another.
    pub language: slo::report::Language,
    /// When it came into force, in milliseconds since the Unix epoch.
    pub loaded_ms: i64,
    /// Why the last attempt to load another one failed, if it did.
    pub error: Option<String>,
}

/// What those who send webhooks have to show; without one nothing of theirs is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// `X-Gitlab-Token`
    pub gitlab: Option<net::Secret>,
    /// Of Jenkins: `Authorization: Bearer`, `X-Jenkins-Token`, or `?token=`.
    pub jenkins: Option<net::Secret>,
}

/// How far narthex has come with reading its log, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayProgress {
    /// Bytes read.
    pub done_bytes: u64,
    /// Bytes there are; 0 until that is known.
    pub total_bytes: u64,
}

/// A limit of another room, for `/api/v1/status/limits`.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitStatus {
    /// Its name.
    pub name: &'static str,
    /// Its value; `None` for no limit.
    pub value: Option<f64>,
    /// Its value where nothing is said.
    pub default: Option<f64>,
    /// How much of it is used, where that can be said.
    pub used: Option<f64>,
    /// `bytes`, `seconds` or nothing.
    pub unit: &'static str,
    /// The flag or key that raises it.
    pub setting: &'static str,
}

/// The future of a reload: what was wrong, in words.
pub type Reloading = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// What the web server asks of `src`.
pub trait Host: fmt::Debug + Send + Sync {
    /// Loads the configuration again.
    fn reload(&self) -> Reloading;

    /// Asks narthex to stop; `false` where it is already stopping.
    fn quit(&self) -> bool;

    /// How far the log has been read.
    fn replay_progress(&self) -> ReplayProgress;

    /// The limits of the other rooms.
    fn limits(&self) -> Vec<LimitStatus>;

    /// What the queues of remote writes out have done.
    fn remote_queues(&self) -> Vec<Arc<QueueCounts>> {
        Vec::new()
    }

    /// What the server beneath has seen.
    fn server_counts(&self) -> Option<Arc<ServerCounts>>;
}
