//! A server to be tested: everything is real but the disk, which is in memory, the wall clock, which stands still, and
//! the process around it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use alerting::config::Loaded;
use alerting::delivery::{self, AttemptFuture, Delivery, Integrations};
use alerting::dispatch::{self, DispatchLimits, Notifications};
use alerting::rules::{AlwaysFresh, Rules, RulesOptions};
use alerting::sender::{Sender, SenderOptions};
use alerting::{Deliver, Integration, Notification, Report};
use journal::Disk;
use journal::testkit::MemoryDisk;
use model::rng::SeededRng;
use model::storage::Select;
use model::{Clock, Labels, SystemClock, yaml};
use net::server::{Access, Cors, Server, ServerCounts, ServerLimits};
use parking_lot::Mutex;
use query::{Engine, EngineOptions};
use scrape::Scraper;
use scrape::config::{Inherited, ScrapeConfig};
use scrape::pool::{Features, PoolSettings};
use slo::budget::Budgets;
use slo::gate::{Gates, GatesOptions};
use slo::schedule::{Outbox, OutboxOptions};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tsdb::{Cardinality, Files, HeadStats, MaintenanceStats, Options, Progress, Store, WalStats};
use web::{
    BuildInfo, DiskSpace, Hooks, Host, LimitStatus, Parts, Reloading, ReplayProgress, Roles, Scopes, Settings,
    Snapshot, StorageStatus, Web, WebLimits,
};

use crate::fixture;

/// The time: 2023-11-14T22:13:20Z.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

/// What a server is to be like.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) settings: Settings,
    pub(crate) engine: EngineOptions,
    pub(crate) store: Options,
    /// What queries read instead of the store.
    pub(crate) select: Option<Arc<dyn Select>>,
    /// `scrape_configs`.
    pub(crate) scrape_configs: String,
    pub(crate) external_labels: Labels,
    /// What tokens may do.
    pub(crate) roles: Roles,
    /// For which products.
    pub(crate) scopes: Scopes,
    /// The secrets of webhooks.
    pub(crate) hooks: Hooks,
    /// Whether the storage is open.
    pub(crate) is_open: bool,
    pub(crate) disk: MemoryDisk,
    clock: Arc<TestClock>,
}

impl Setup {
    /// An ordinary server.
    pub(crate) fn new() -> Setup {
        let clock = Arc::new(TestClock::default());
        Setup {
            settings: settings(Arc::clone(&clock) as _),
            engine: EngineOptions { clock: Arc::clone(&clock) as _, ..EngineOptions::default() },
            store: Options { n_shards: 4, ..Options::default() },
            select: None,
            scrape_configs: "[]".to_owned(),
            external_labels: Labels::empty(),
            roles: Roles::new(),
            scopes: Scopes::new(),
            hooks: Hooks::default(),
            is_open: true,
            disk: MemoryDisk::new(),
            clock,
        }
    }

    /// Its clock.
    pub(crate) fn clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.clock)
    }

    pub(crate) fn start(self) -> TestServer {
        TestServer::start(self)
    }

    /// The same, with the fixture in its store.
    pub(crate) fn start_loaded(self) -> TestServer {
        let server = self.start();
        fixture::load(server.address);
        server
    }
}

fn settings(clock: Arc<dyn Clock>) -> Settings {
    Settings {
        clock,
        external_url: "http://narthex.example:9090/".parse().unwrap(),
        route_prefix: "/".to_owned(),
        listen_address: "0.0.0.0:9090".to_owned(),
        page_title: "narthex".to_owned(),
        cors: Cors::new(".*").unwrap(),
        flags: BTreeMap::from([
            ("query.timeout".to_owned(), "2m".to_owned()),
            ("web.page-title".to_owned(), "a <b>".to_owned()),
        ]),
        features: BTreeMap::from([("promql".to_owned(), BTreeMap::from([("bool".to_owned(), true)]))]),
        build: BuildInfo {
            version: "0.1.0".to_owned(),
            prometheus_version: "3.14.0".to_owned(),
            revision: "abc".to_owned(),
            ..BuildInfo::default()
        },
        working_directory: "/srv".to_owned(),
        hostname: "here".to_owned(),
        start_ms: NOW_MS - 1500,
        enable_lifecycle: false,
        enable_admin: false,
        enable_remote_write: true,
        access: Arc::new(Access::open()),
        limits: WebLimits::default(),
        server_limits: ServerLimits::default(),
    }
}

/// Notifications to nobody, of the configuration that is built in.
fn notifications(clock: &Arc<dyn Clock>) -> Notifications {
    let options = dispatch::Options {
        disk: Arc::new(MemoryDisk::new()),
        dir: "/notifications".into(),
        clock: Arc::clone(clock),
        rng: Box::new(SeededRng::new(5)),
        deliver: Arc::new(Nobody),
        limits: DispatchLimits::default(),
        start_delay: Duration::ZERO,
        external_url: "http://narthex.example:9090".to_owned(),
    };
    Notifications::open(options, Arc::new(Loaded::builtin())).unwrap()
}

/// Sends nothing to anybody.
fn delivery(clock: &Arc<dyn Clock>) -> Delivery {
    Delivery::new(delivery::Options {
        clock: Arc::clone(clock),
        rng: Box::new(SeededRng::new(6)),
        runtime: tokio::runtime::Handle::current(),
        integrations: Arc::new(Nobody),
    })
}

/// Delivers nothing: there are no receivers.
#[derive(Debug)]
struct Nobody;

impl Deliver for Nobody {
    fn take(&self, notification: Arc<Notification>, _: Arc<dyn Report>) {
        panic!("nobody takes {notification:?}");
    }
}

impl Integrations for Nobody {
    fn attempt(&self, notification: Arc<Notification>, _: i64, _: Duration) -> AttemptFuture {
        panic!("nobody is told of {notification:?}");
    }

    fn fallback(&self) -> Vec<Integration> {
        Vec::new()
    }
}

/// A running server; stopped when dropped.
#[derive(Debug)]
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) web: Web,
    pub(crate) host: Arc<TestHost>,
    pub(crate) counts: Arc<ServerCounts>,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) gates: Arc<Gates>,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<Runtime>,
}

impl TestServer {
    fn start(setup: Setup) -> TestServer {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let _entered = runtime.enter();
        let configs = scrape_configs(&setup.scrape_configs);
        let host = Arc::new(TestHost::default());
        let limits = setup.settings.server_limits.clone();
        let access = Arc::clone(&setup.settings.access);
        let web = Web::new(setup.settings, Arc::clone(&host) as _, &mut SeededRng::new(3));
        web.load(Snapshot {
            yaml: "global:\n  scrape_interval: 1m\n".to_owned(),
            scrape_configs: configs.iter().cloned().map(Arc::new).collect(),
            external_labels: setup.external_labels,
            rule_query_offset_ms: 0,
            roles: setup.roles,
            scopes: setup.scopes,
            hooks: setup.hooks,
            retention: "15d".to_owned(),
            language: slo::report::Language::default(),
            loaded_ms: NOW_MS - 1000,
            error: None,
        });
        let clock = setup.clock as Arc<dyn Clock>;
        let store = Arc::new(open_store(setup.disk, &clock, setup.store));
        let mut rng = SeededRng::new(1);
        let scraper =
            Scraper::new(tokio::runtime::Handle::current(), Arc::clone(&store) as _, Arc::clone(&clock), &mut rng, 1);
        scraper
            .apply(configs.into_iter().map(|config| PoolSettings::new(config, Features::default()).unwrap()).collect());
        let budgets = Arc::new(crate::budgets::open(&store, &clock));
        let gates = Arc::new(gates(&clock));
        if setup.is_open {
            let engine = Arc::new(Engine::new(setup.engine));
            web.open(Parts {
                select: setup.select.unwrap_or_else(|| Arc::clone(&store) as _),
                append: Arc::clone(&store) as _,
                rules: Arc::new(open_rules(&store, &engine, &clock)),
                engine,
                targets: Arc::new(scraper),
                alertmanagers: Arc::new(Sender::new(
                    tokio::runtime::Handle::current(),
                    Arc::clone(&clock),
                    SenderOptions::default(),
                )),
                notifications: Arc::new(notifications(&clock)),
                delivery: Arc::new(delivery(&clock)),
                budgets: Arc::clone(&budgets),
                storage: Arc::new(StoreStatus(Arc::clone(&store))),
                gates: Arc::clone(&gates),
                reports: Arc::new(reports(&clock)),
                store,
            });
        }
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new(Arc::new(web.clone()), access, limits);
        let counts = server.counts();
        host.counts.set(Arc::clone(&counts)).unwrap();
        let (stop, stops) = oneshot::channel::<()>();
        runtime.spawn(server.serve(vec![listener], async {
            // An error says that the sender is gone, which means the same.
            let _ = stops.await;
        }));
        TestServer { address, web, host, counts, budgets, gates, stop: Some(stop), runtime: Some(runtime) }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn open_store(disk: MemoryDisk, clock: &Arc<dyn Clock>, options: Options) -> Store {
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let mut rng = SeededRng::new(7);
    Store::open(&disk, clock, &mut rng, Path::new("data"), options, &Progress::default()).unwrap().0
}

/// Gates that know nobody's budget.
fn gates(clock: &Arc<dyn Clock>) -> Gates {
    let options = GatesOptions {
        disk: Arc::new(MemoryDisk::new()),
        dir: Path::new("data/slo/decisions").to_owned(),
        clock: Arc::clone(clock),
        rng: Box::new(SeededRng::new(11)),
    };
    Gates::open(options).unwrap().0
}

/// An outbox without reports.
fn reports(clock: &Arc<dyn Clock>) -> Outbox {
    let options = OutboxOptions {
        disk: Arc::new(MemoryDisk::new()),
        dir: Path::new("data/slo/reports").to_owned(),
        salt: 13,
        clock: Arc::clone(clock),
    };
    Outbox::open(options).unwrap().0
}

/// Rules without groups.
fn open_rules(store: &Arc<Store>, engine: &Arc<Engine>, clock: &Arc<dyn Clock>) -> Rules {
    Rules::open(RulesOptions {
        disk: Arc::new(MemoryDisk::new()),
        dir: Path::new("data/alerting/rules").to_owned(),
        salt: 5,
        clock: Arc::clone(clock),
        engine: Arc::clone(engine),
        select: Arc::clone(store) as _,
        append: Arc::clone(store) as _,
        freshness: Arc::new(AlwaysFresh),
        external_url: "http://localhost:9090".to_owned(),
        resend_delay_ms: 60_000,
        outage_tolerance_ms: 3_600_000,
    })
    .unwrap()
}

fn scrape_configs(text: &str) -> Vec<ScrapeConfig> {
    let (configs, problems) = yaml::Document::parse(text).unwrap().read::<Vec<ScrapeConfig>>();
    assert!(problems.is_empty(), "{problems:?}");
    let mut configs = configs.unwrap();
    configs.iter_mut().for_each(|config| config.fill(&Inherited::default()));
    configs
}

/// A clock whose wall stands still, and whose other hand can be put forward.
#[derive(Debug)]
pub(crate) struct TestClock {
    system: SystemClock,
    now_ms: AtomicI64,
    ahead_ms: AtomicU64,
}

impl Default for TestClock {
    fn default() -> TestClock {
        TestClock { system: SystemClock::new(), now_ms: AtomicI64::new(NOW_MS), ahead_ms: AtomicU64::new(0) }
    }
}

impl TestClock {
    /// Hangs up the wall's clock at the true time.
    pub(crate) fn set_to_true_time(&self) -> i64 {
        let now_ms = self.system.now_ms();
        self.now_ms.store(now_ms, Ordering::Relaxed);
        now_ms
    }

    /// Puts the hand that measures durations forward.
    pub(crate) fn advance(&self, duration: Duration) {
        self.ahead_ms.fetch_add(duration.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        self.system.elapsed() + Duration::from_millis(self.ahead_ms.load(Ordering::Relaxed))
    }
}

/// The process around the server, as a test wants it.
#[derive(Debug, Default)]
pub(crate) struct TestHost {
    /// What is wrong with the configuration.
    pub(crate) fault: Mutex<Option<String>>,
    pub(crate) n_reloads: AtomicU64,
    is_quitting: AtomicBool,
    pub(crate) progress: Mutex<ReplayProgress>,
    counts: OnceLock<Arc<ServerCounts>>,
}

impl Host for TestHost {
    fn reload(&self) -> Reloading {
        self.n_reloads.fetch_add(1, Ordering::Relaxed);
        let result = self.fault.lock().clone().map_or(Ok(()), Err);
        Box::pin(async { result })
    }

    fn quit(&self) -> bool {
        !self.is_quitting.swap(true, Ordering::Relaxed)
    }

    fn replay_progress(&self) -> ReplayProgress {
        *self.progress.lock()
    }

    fn limits(&self) -> Vec<LimitStatus> {
        let (value, default) = (Some(10.0), None);
        vec![LimitStatus { name: "a_limit", value, default, used: Some(2.0), unit: "bytes", setting: "--a" }]
    }

    fn server_counts(&self) -> Option<Arc<ServerCounts>> {
        self.counts.get().cloned()
    }
}

#[derive(Debug)]
struct StoreStatus(Arc<Store>);

impl StorageStatus for StoreStatus {
    fn head(&self) -> HeadStats {
        self.0.head_stats()
    }

    fn wal(&self) -> WalStats {
        self.0.wal_stats()
    }

    fn maintenance(&self) -> MaintenanceStats {
        self.0.maintenance_stats()
    }

    fn cardinality(&self, limit: usize) -> Cardinality {
        self.0.cardinality(limit)
    }

    fn files(&self, limit: usize) -> Files {
        self.0.files(limit)
    }

    fn disk_space(&self) -> Option<DiskSpace> {
        None
    }

    fn n_corruptions(&self) -> u64 {
        0
    }
}
