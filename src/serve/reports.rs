//! Reports on schedule: written when they are due, kept, and handed to the mail server of `alertmanager.yml`'s `global`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alerting::config::{EmailConfig, Loaded};
use alerting::receivers::SendFailure;
use anyhow::Context;
use arc_swap::ArcSwap;
use journal::OsDisk;
use model::Clock;
use model::rng::{Rng, SeededRng};
use net::client::Addresses;
use slo::budget::Budgets;
use slo::gate::Gates;
use slo::report::Delivery;
use slo::schedule::{DueReport, Outbox, OutboxOptions, Outgoing, written};
use slo::spec::Catalog;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Where reports on their way are kept in the data directory.
const DIR: &str = "slo/reports";
/// It is looked at least so often what is due: clocks may be set, and what could not be written may be by then.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Where nobody says who sends.
const NO_SERVER: &str = "no mail server for reports: `global` of alertmanager.yml needs smtp_smarthost and smtp_from";
/// How long a mail server may take for one mail.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Reports at work, until they are closed.
#[derive(Debug)]
pub(super) struct Reporting {
    outbox: Arc<Outbox>,
    in_force: Arc<ArcSwap<Way>>,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

/// How mails are sent.
#[derive(Debug)]
struct Way {
    /// `None` where `global` names no server or no sender.
    email: Option<EmailConfig>,
    addresses: Addresses,
}

impl Way {
    fn of(routing: &Loaded) -> Way {
        let config = &routing.config;
        Way { email: EmailConfig::of_global(&config.global), addresses: config.narthex.addresses() }
    }
}

impl Reporting {
    /// Goes on where an earlier run with the same data directory ended.
    pub(super) fn open(
        data: &Path,
        clock: Arc<dyn Clock>,
        (budgets, gates): (Arc<Budgets>, Arc<Gates>),
        routing: &Loaded,
    ) -> anyhow::Result<Reporting> {
        let mut rng = SeededRng::from_entropy().context("the operating system gives no random numbers")?;
        let options = OutboxOptions {
            disk: Arc::new(OsDisk),
            dir: data.join(DIR),
            salt: (rng.next_u64() >> 32) as u32,
            clock: Arc::clone(&clock),
        };
        let (outbox, n_damaged) = Outbox::open(options)?;
        if n_damaged > 0 {
            tracing::warn!(records = n_damaged, "some records of reports are damaged, and were left out");
        }
        let outbox = Arc::new(outbox);
        let in_force = Arc::new(ArcSwap::from_pointee(Way::of(routing)));
        let (stop, stopped) = watch::channel(());
        let posting = Posting { outbox: Arc::clone(&outbox), in_force: Arc::clone(&in_force), budgets, gates, clock };
        let catalog = posting.budgets.catalog();
        let task = tokio::spawn(posting.until(stopped));
        let reporting = Reporting { outbox, in_force, stop, task };
        reporting.apply(&catalog, routing);
        Ok(reporting)
    }

    /// What became of reports, for who asks.
    pub(super) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Puts schedules and a mail server in force.
    pub(super) fn apply(&self, catalog: &Catalog, routing: &Loaded) {
        let way = Way::of(routing);
        self.outbox.hindered(way.email.is_none().then_some(NO_SERVER));
        if way.email.is_none() {
            for schedule in catalog.report_schedules.keys() {
                tracing::warn!(schedule, "{NO_SERVER}");
            }
        }
        self.in_force.store(Arc::new(way));
        if let Err(error) = self.outbox.apply(catalog) {
            tracing::error!(%error, "schedules of reports not noted");
        }
        self.stop.send_modify(|()| {});
    }

    /// Ends. What is on its way and has not arrived within a time is sent again after the next start.
    pub(super) async fn close(self, patience: Duration) {
        drop(self.stop);
        if timeout(patience, self.task).await.is_err() {
            tracing::warn!("a report has not arrived, and is sent again after the next start");
        }
    }
}

/// What the task has.
struct Posting {
    outbox: Arc<Outbox>,
    in_force: Arc<ArcSwap<Way>>,
    budgets: Arc<Budgets>,
    gates: Arc<Gates>,
    clock: Arc<dyn Clock>,
}

impl Posting {
    /// Writes and sends until it is told to stop.
    async fn until(self, mut stopped: watch::Receiver<()>) {
        loop {
            // Before the first look at budgets not all is counted that came while narthex did not run.
            if self.budgets.has_looked() {
                self.write_due();
            }
            self.send().await;
            tokio::select! {
                // Something else is in force, or it is over.
                changed = stopped.changed() => if changed.is_err() { return },
                () = sleep(self.wait()) => {}
            }
        }
    }

    /// How long nothing is to be done.
    fn wait(&self) -> Duration {
        if !self.budgets.has_looked() {
            return Duration::from_millis(200);
        }
        let next_ms = self.outbox.next_ms(&self.budgets.catalog()).unwrap_or(i64::MAX);
        match u64::try_from(next_ms.saturating_sub(self.clock.now_ms())) {
            Ok(wait_ms) if wait_ms > 0 => LOOK_EVERY.min(Duration::from_millis(wait_ms)),
            _ => LOOK_EVERY,
        }
    }

    fn write_due(&self) {
        for due in self.outbox.due(&self.budgets.catalog()) {
            let (schedule, period) = (due.schedule.name.clone(), &due.due.period);
            match tokio::task::block_in_place(|| self.write(&due)) {
                Ok(()) => {
                    for missed in &due.missed {
                        tracing::warn!(
                            schedule,
                            period = missed,
                            "a report was due while narthex did not run, and is not sent: a newer one is"
                        );
                    }
                }
                Err(error) => {
                    // Once for the same trouble.
                    let error = format!("{period}: {error}");
                    if self.outbox.not_written(&schedule, &error) {
                        tracing::error!(schedule, error, "a report is due and cannot be written; it is tried again");
                    }
                }
            }
        }
    }

    fn write(&self, due: &DueReport) -> anyhow::Result<()> {
        let way = self.in_force.load();
        let email = way.email.as_ref().context(NO_SERVER)?;
        let delivery = |product: &str, span| Delivery::of(&self.gates, product, span);
        let mail = written(due, &self.budgets, delivery, self.clock.now_ms())?;
        Ok(self.outbox.put(due, mail.sealed(email)?)?)
    }

    async fn send(&self) {
        match self.outbox.expire() {
            Ok(old) => {
                for Outgoing { schedule, period, .. } in old {
                    tracing::error!(
                        schedule,
                        period,
                        "a report could not be sent until the next one was due, and is given up"
                    );
                }
            }
            Err(error) => tracing::error!(%error, "reports that are given up not noted"),
        }
        for outgoing in self.outbox.outgoing() {
            let way = self.in_force.load_full();
            let Some(email) = &way.email else { return };
            let sent = outgoing.mail.send(email, &way.addresses, SEND_TIMEOUT).await;
            self.note(&outgoing, sent);
        }
    }

    fn note(&self, outgoing: &Outgoing, sent: Result<Vec<String>, SendFailure>) {
        let Outgoing { id, schedule, period, .. } = outgoing;
        let noted = match sent {
            Ok(refused) => {
                for refusal in refused {
                    tracing::warn!(schedule, period, refusal, "a report did not reach everybody");
                }
                tracing::info!(schedule, period, "a report was sent");
                self.outbox.sent(id)
            }
            Err(failure) => {
                // Who mends the configuration meanwhile gets the report.
                let again = self.outbox.not_sent(id, &failure.reason, !failure.is_refusal);
                match &again {
                    Ok(Some(_)) => tracing::warn!(
                        schedule,
                        period,
                        error = failure.reason,
                        "a report was not sent; it is tried again"
                    ),
                    _ => tracing::error!(
                        schedule,
                        period,
                        error = failure.reason,
                        "a report was not sent, and is given up"
                    ),
                }
                again.map(drop)
            }
        };
        if let Err(error) = noted {
            tracing::error!(%error, schedule, period, "what became of a report was not noted");
        }
    }
}
