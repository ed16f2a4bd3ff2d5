//! The server: from flags to a running narthex, and to its end.
//!
//! [`run`] reads the configuration, listens, opens the store while `/-/ready` tells how far that has come, and then waits
//! for orders: reload, or stop. One task carries them out one after the other, so that a reload is whole before the next
//! begins. What cannot be had at the start ends the process with a message that names it.

mod address;
mod configuration;
mod ending;
mod freezes;
mod gates;
mod host;
mod limits;
mod log;
mod maintenance;
mod memory;
mod notifications;
mod pictures;
mod remote_write;
mod reports;
mod retention;
mod rules;
mod scraping;
mod self_alerts;
mod sender;
mod settings;
mod signals;
mod slo;
mod storage;
mod ticks;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use alerting::rules::Rules;
use anyhow::Context;
use model::rng::SeededRng;
use model::storage::{Append, Feed};
use model::{Clock, SystemClock};
use net::server::{Access, Server};
use query::Engine;
use scrape::Scraper;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use web::{Parts, Web};

use self::address::Addresses;
use self::configuration::{ConfigurationFile, Ready};
use self::ending::Ending;
use self::gates::Gating;
use self::host::{Order, ServeHost};
use self::maintenance::Maintenance;
use self::notifications::Notifying;
use self::pictures::EngineSeries;
use self::remote_write::RemoteWrites;
use self::reports::Reporting;
use self::scraping::Scraping;
use self::self_alerts::SelfAlerts;
use self::sender::Alertmanagers;
use self::signals::{Asked, Signals};
use self::slo::Slo;
use self::storage::OpenStore;
use crate::cli::flags::Flags;
use crate::cli::{complain, complain_raw};
use crate::config::ConfigErrors;

/// Serves until it is told to stop.
pub(crate) fn run(flags: &Flags) -> ExitCode {
    log::start(flags);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format_args!("cannot start threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(serve(flags));
    // What still runs on other threads has been told to stop; the process does not wait for it.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref::<ConfigErrors>() {
                Some(errors) => complain_raw(&errors.draw(std::io::stderr().is_terminal())),
                None => complain(&format_args!("{error:#}")),
            }
            ExitCode::FAILURE
        }
    }
}

async fn serve(flags: &Flags) -> anyhow::Result<()> {
    for warning in flags.warnings() {
        tracing::warn!("{warning}");
    }
    settings::raise_open_files();
    let mut signals = Signals::new().context("cannot wait for signals")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let addresses = Addresses::new(flags)?;
    let mut file = ConfigurationFile::new(flags, &addresses)?;
    let ready = file.load()?;
    let access = match flags.path("web.config.file") {
        Some(path) => Access::by_file(path)?,
        None => Access::open(),
    };
    let access = Arc::new(access);
    access.set_tokens(ready.tokens());
    let listeners = addresses.listen().await?;
    let (host, mut orders) = ServeHost::new();
    let settings = settings::settings(flags, &addresses, Arc::clone(&access), &ready.config, Arc::clone(&clock))?;
    let is_secure = access.is_secure();
    if access.is_open() {
        tracing::warn!("whoever reaches the port may do everything: neither tokens nor users are configured");
    }
    let server_limits = settings.server_limits.clone();
    let mut rng = SeededRng::from_entropy().context("the operating system gives no random numbers")?;
    let web = Web::new(settings, Arc::clone(&host) as Arc<dyn web::Host>, &mut rng);
    web.load(ready.snapshot(clock.now_ms()));
    let server = Server::new(Arc::new(web.clone()), Arc::clone(&access), server_limits);
    host.set_server_counts(server.counts());
    let (stop_server, server_stops) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(listeners, async {
        // An error says that the sender is gone, which means the same.
        let _ = server_stops.await;
    }));

    let opening = storage::open(flags, &ready.config, Arc::clone(&clock), host.progress());
    let store = tokio::select! {
        opened = opening => opened?,
        () = signals.stop() => return Ok(()),
        () = quit_order(&mut orders) => return Ok(()),
    };
    let mut narthex = Narthex::start(store, file, Front { web, access, host }, clock, flags, ready)?;
    address::tell(&addresses, is_secure);
    narthex.obey(&mut signals, &mut orders).await;
    let Narthex {
        store,
        remote_writes,
        maintenance,
        scraper,
        scraping,
        alertmanagers,
        rules,
        notifying,
        self_alerts,
        slo,
        gating,
        reporting,
        web,
        ..
    } = narthex;
    drop(self_alerts);
    Ending {
        store,
        remote_writes,
        maintenance,
        scraper,
        scraping,
        alertmanagers,
        rules,
        slo,
        gating,
        reporting,
        notifying,
        web,
        stop_server,
        serving,
    }
    .carry_out()
    .await
}

/// Waits for the order to stop, while there is nothing yet that could be reloaded.
async fn quit_order(orders: &mut mpsc::UnboundedReceiver<Order>) {
    while let Some(Order::Reload(answer)) = orders.recv().await {
        // Whoever asked may have gone.
        let _ = answer.send(Err("narthex is starting; try again when /-/ready says that it is ready".to_owned()));
    }
}

/// The server's task.
type Serving = JoinHandle<()>;

/// What is there before the storage is open.
struct Front {
    web: Web,
    access: Arc<Access>,
    host: Arc<ServeHost>,
}

/// A running narthex: what a reload touches, and what the end takes apart.
#[derive(Debug)]
struct Narthex {
    store: Arc<OpenStore>,
    remote_writes: Arc<RemoteWrites>,
    maintenance: Maintenance,
    engine: Arc<Engine>,
    scraper: Arc<Scraper>,
    scraping: Scraping,
    alertmanagers: Alertmanagers,
    rules: Arc<Rules>,
    notifying: Notifying,
    self_alerts: SelfAlerts,
    slo: Slo,
    gating: Gating,
    reporting: Reporting,
    web: Web,
    access: Arc<Access>,
    file: ConfigurationFile,
    host: Arc<ServeHost>,
    clock: Arc<dyn Clock>,
    /// How often changed files are looked for; `None` for never.
    look_every: Option<Duration>,
}

impl Narthex {
    fn start(
        store: OpenStore,
        file: ConfigurationFile,
        Front { web, access, host }: Front,
        clock: Arc<dyn Clock>,
        flags: &Flags,
        ready: Ready,
    ) -> anyhow::Result<Narthex> {
        let store = Arc::new(store);
        store.store().set_retention(ready.kept.retention);
        store.store().set_downsampling(storage::downsampling(&ready.config));
        let data = flags.path("storage.tsdb.path").unwrap_or_else(|| PathBuf::from(storage::DEFAULT_DIR));
        let feed = Arc::clone(store.store()) as Arc<dyn Feed>;
        let remote_writes = RemoteWrites::new(&data, feed, Arc::clone(&clock));
        // Before anything that they have not read is removed, and before anything new is written.
        remote_writes.apply(ready.receivers);
        host.set_remote_writes(Arc::clone(&remote_writes));
        let maintenance = Maintenance::start(Arc::clone(store.store()))?;
        let engine = Arc::new(Engine::new(settings::engine_options(flags, &ready.config, Arc::clone(&clock))));
        let mut rng = SeededRng::from_entropy().context("the operating system gives no random numbers")?;
        let appender = Arc::clone(store.store()) as Arc<dyn Append>;
        let offset_seed = settings::offset_seed(&ready.config);
        let scraping = Scraping::start()?;
        let scraper = Scraper::new(scraping.runtime(), appender, Arc::clone(&clock), &mut rng, offset_seed);
        let scraper = Arc::new(scraper);
        host.set_limited(Arc::clone(&store), Arc::clone(&engine), &ready.config);
        scraper.apply(ready.pools);
        let mut alertmanagers = Alertmanagers::new(flags, Arc::clone(&clock));
        alertmanagers.apply(&ready.config, ready.alertmanagers);
        let over = rules::Over {
            clock: Arc::clone(&clock),
            engine: Arc::clone(&engine),
            select: Arc::clone(store.store()) as _,
            append: Arc::clone(store.store()) as _,
            scraper: Arc::clone(&scraper),
        };
        let rules = rules::open(flags, &data, &file.external_url, over)?;
        rules.add_sink(Arc::clone(alertmanagers.sender()) as _);
        let language = ready.config.narthex.language;
        let external_url = file.external_url.to_string();
        let series = Arc::new(EngineSeries::new(Arc::clone(&engine), Arc::clone(store.store()) as _));
        let under = (external_url.as_str(), language, Arc::clone(&series) as _);
        let limits = settings::dispatch_limits(&ready.config.narthex);
        let routing = Arc::clone(&ready.routing);
        let notifying = Notifying::open(flags, &data, under, ready.routing, limits, Arc::clone(&clock))?;
        rules.add_sink(Arc::clone(notifying.notifications()) as _);
        rules.apply(ready.groups, &ready.config.global.external_labels);
        rules.start().context("no threads for rules")?;
        let sinks = || vec![Arc::clone(alertmanagers.sender()) as _, Arc::clone(notifying.notifications()) as _];
        let self_alerts = SelfAlerts::start(Arc::clone(&store), sinks(), Arc::clone(&clock), &ready.config.narthex);
        let over = slo::Over {
            clock: Arc::clone(&clock),
            append: Arc::clone(store.store()) as _,
            select: Arc::clone(store.store()) as _,
            feed: Arc::clone(store.store()) as _,
            engine: Arc::clone(&engine),
            times: slo::Times {
                retention_ms: i64::try_from(flags.duration("slo.retention.time").as_millis()).unwrap_or(i64::MAX),
                scrape_interval_ms: ready.config.global.scrape_interval.as_millis(),
            },
        };
        let configured = slo::Configured {
            catalog: ready.catalog,
            interval_ms: ready.config.global.evaluation_interval.as_millis(),
            raw_retention_ms: ready.kept.retention.time_ms,
            rules: &rules,
            language,
        };
        let slo = Slo::open(&data, &file.external_url, over, sinks(), configured)?;
        series.set_budgets(Arc::clone(slo.budgets()));
        let over =
            gates::Over { budgets: Arc::clone(slo.budgets()) as _, alerts: Arc::clone(&rules) as _, sinks: sinks() };
        let gating = Gating::open(&data, &file.external_url, Arc::clone(&clock), over)?;
        gating.set_interval_ms(ready.config.global.evaluation_interval.as_millis());
        slo.set_gates(gating.gates());
        let known = (Arc::clone(slo.budgets()), Arc::clone(gating.gates()));
        let reporting = Reporting::open(&data, Arc::clone(&clock), known, &routing)?;
        web.open(Parts {
            select: Arc::clone(store.store()) as _,
            append: Arc::clone(store.store()) as _,
            engine: Arc::clone(&engine),
            targets: Arc::clone(&scraper) as _,
            rules: Arc::clone(&rules),
            alertmanagers: Arc::clone(alertmanagers.sender()),
            notifications: Arc::clone(notifying.notifications()),
            delivery: Arc::clone(notifying.delivery()),
            budgets: Arc::clone(slo.budgets()),
            gates: Arc::clone(gating.gates()),
            reports: Arc::clone(reporting.outbox()),
            storage: Arc::clone(&store) as _,
            store: Arc::clone(store.store()),
        });
        let is_looking = flags.is_on("config.auto-reload") || flags.has_feature("auto-reload-config");
        let look_every = is_looking.then(|| flags.duration("config.auto-reload-interval").max(Duration::from_secs(1)));
        Ok(Narthex {
            store,
            remote_writes,
            maintenance,
            engine,
            scraper,
            scraping,
            alertmanagers,
            rules,
            notifying,
            self_alerts,
            slo,
            gating,
            reporting,
            web,
            access,
            file,
            host,
            clock,
            look_every,
        })
    }

    /// Carries out orders until one of them is to stop.
    async fn obey(&mut self, signals: &mut Signals, orders: &mut mpsc::UnboundedReceiver<Order>) {
        let mut looking = interval(self.look_every.unwrap_or(Duration::from_secs(3600)));
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looking.reset();
        loop {
            tokio::select! {
                asked = signals.next() => match asked {
                    Asked::Stop => return,
                    Asked::Reload => drop(self.reload()),
                },
                order = orders.recv() => match order {
                    Some(Order::Reload(answer)) => drop(answer.send(self.reload())),
                    Some(Order::Quit) | None => return,
                },
                _ = looking.tick(), if self.look_every.is_some() => self.reload_if_changed(),
            }
        }
    }

    /// Loads the configuration again and takes it whole, or leaves everything as it is and says why.
    fn reload(&mut self) -> Result<(), String> {
        let loaded = tokio::task::block_in_place(|| self.file.load());
        match loaded {
            Ok(ready) => {
                self.apply(ready);
                Ok(())
            }
            Err(error) => {
                let text = format!("{error:#}");
                self.refuse(&text);
                Err(text)
            }
        }
    }

    fn reload_if_changed(&mut self) {
        match tokio::task::block_in_place(|| self.file.load_if_changed()) {
            Ok(Some(ready)) => self.apply(*ready),
            Ok(None) => {}
            Err(error) => self.refuse(&format!("{error:#}")),
        }
    }

    fn apply(&mut self, ready: Ready) {
        let interval_ms = ready.config.global.evaluation_interval.as_millis();
        self.engine.set_default_subquery_step_ms(interval_ms);
        self.store.store().set_late_window_ms(ready.config.storage.tsdb.out_of_order_time_window.as_millis());
        self.store.store().set_retention(ready.kept.retention);
        self.store.store().set_downsampling(storage::downsampling(&ready.config));
        self.host.set_config(&ready.config);
        self.self_alerts.apply(&ready.config.narthex);
        self.access.set_tokens(ready.tokens());
        self.web.load(ready.snapshot(self.clock.now_ms()));
        self.scraper.apply(ready.pools);
        self.remote_writes.apply(ready.receivers);
        self.alertmanagers.apply(&ready.config, ready.alertmanagers);
        // Waits for evaluations that are going on.
        tokio::task::block_in_place(|| self.rules.apply(ready.groups, &ready.config.global.external_labels));
        let rules = &self.rules;
        let n_objectives = ready.catalog.objectives.len();
        let raw_retention_ms = ready.kept.retention.time_ms;
        let slo = slo::Configured {
            catalog: ready.catalog,
            interval_ms,
            raw_retention_ms,
            rules,
            language: ready.config.narthex.language,
        };
        tokio::task::block_in_place(|| self.slo.apply(slo));
        self.gating.set_interval_ms(interval_ms);
        self.reporting.apply(&self.slo.budgets().catalog(), &ready.routing);
        let n_receivers = ready.routing.config.receivers.len();
        tokio::task::block_in_place(|| self.notifying.apply(ready.config.narthex.language, ready.routing));
        tracing::info!(receivers = n_receivers, objectives = n_objectives, "configuration loaded");
    }

    fn refuse(&self, error: &str) {
        tracing::error!(error, "configuration not loaded, the old one stays in force");
        self.web.load_failed(error);
    }
}
