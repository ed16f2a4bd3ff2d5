//! Stopping within five seconds: targets end their series, requests end, the log is on disk.

use std::sync::Arc;
use std::time::Duration;

use alerting::rules::Rules;
use anyhow::Context;
use scrape::Scraper;
use tokio::sync::oneshot;
use tokio::time::timeout;
use web::Web;

use super::Serving;
use super::gates::Gating;
use super::maintenance::Maintenance;
use super::notifications::Notifying;
use super::remote_write::RemoteWrites;
use super::reports::Reporting;
use super::scraping::Scraping;
use super::sender::Alertmanagers;
use super::slo::Slo;
use super::storage::OpenStore;

/// How long targets may take to end their series, and requests to be answered; both at the same time.
pub(super) const QUIET: Duration = Duration::from_secs(2);
/// How long evaluations of rules may take that are going on.
const LAST_EVALUATION: Duration = Duration::from_millis(500);
/// How long remote writes, alerts to Alertmanagers, notifications and reports may take to send what is left; all at the same time.
const LAST_SEND: Duration = Duration::from_millis(750);
/// How long the last sync may take. What it does not reach survives all the same, unless the power fails.
const LAST_SYNC: Duration = Duration::from_secs(2);

/// What is taken apart at the end.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) store: Arc<OpenStore>,
    pub(super) remote_writes: Arc<RemoteWrites>,
    pub(super) maintenance: Maintenance,
    pub(super) scraper: Arc<Scraper>,
    pub(super) scraping: Scraping,
    pub(super) alertmanagers: Alertmanagers,
    pub(super) rules: Arc<Rules>,
    pub(super) slo: Slo,
    pub(super) gating: Gating,
    pub(super) reporting: Reporting,
    pub(super) notifying: Notifying,
    pub(super) web: Web,
    pub(super) stop_server: oneshot::Sender<()>,
    pub(super) serving: Serving,
}

impl Ending {
    /// Stops everything.
    pub(super) async fn carry_out(self) -> anyhow::Result<()> {
        self.web.stop();
        // The server may have ended by itself.
        let _ = self.stop_server.send(());
        // Before targets end their series: that is no reason for anything to end.
        let rules = Arc::clone(&self.rules);
        if timeout(LAST_EVALUATION, tokio::task::spawn_blocking(move || rules.stop())).await.is_err() {
            tracing::warn!("an evaluation of rules takes too long, and is not waited for");
        }
        let slo = self.slo;
        if timeout(LAST_EVALUATION, tokio::task::spawn_blocking(move || slo.close())).await.is_err() {
            tracing::warn!("looking at error budgets takes too long, and is not waited for");
        }
        let gating = self.gating;
        if timeout(LAST_EVALUATION, tokio::task::spawn_blocking(move || gating.close())).await.is_err() {
            tracing::warn!("looking at release gates takes too long, and is not waited for");
        }
        let (has_ended, _) = tokio::join!(self.scraper.shut_down(QUIET), timeout(QUIET, self.serving));
        if !has_ended {
            tracing::warn!("some targets did not end their series in time");
        }
        drop(self.scraping);
        // Held until the last checkpoint is made: what was not sent must stay in the log.
        let (_held, all_told, (), ()) = tokio::join!(
            self.remote_writes.stop(LAST_SEND),
            self.alertmanagers.close(LAST_SEND),
            self.notifying.close(LAST_SEND),
            self.reporting.close(LAST_SEND)
        );
        if !all_told {
            tracing::warn!("some Alertmanagers did not take what waited for them in time");
        }
        let closing = tokio::task::spawn_blocking(move || {
            drop(self.maintenance);
            self.store.store().close()
        });
        match timeout(LAST_SYNC, closing).await {
            Ok(Ok(closed)) => closed.context("the log could not be synced")?,
            Ok(Err(panic)) => return Err(panic).context("the store could not be closed"),
            Err(_) => tracing::warn!("the last sync of the log takes too long, and is not waited for"),
        }
        tracing::info!("stopped");
        Ok(())
    }
}
