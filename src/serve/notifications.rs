//! Notifications in the server: what is decided, and how each integration is reached.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alerting::config::{IntegrationConfig, Loaded};
use alerting::delivery::{self, AttemptFuture, Delivery, Integrations, Pictures, SeriesSource};
use alerting::dispatch::{DispatchLimits, Notifications, Options};
use alerting::receivers::{Context as AttemptContext, SendFailure, Sent, Session, send, templates};
use alerting::template::Templates;
use alerting::{Deliver, Integration, Notification, receivers};
use anyhow::Context;
use arc_swap::ArcSwap;
use journal::OsDisk;
use model::Clock;
use model::rng::SeededRng;
use tokio::runtime::Handle;
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::flags::Flags;
use crate::config::Language;

/// How often is looked whether what is on its way has arrived, at the end.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Who decides, who delivers, and to whom.
#[derive(Debug)]
pub(super) struct Notifying {
    notifications: Arc<Notifications>,
    delivery: Arc<Delivery>,
    receivers: Arc<Receivers>,
}

impl Notifying {
    /// Goes on where an earlier run with the same data directory ended.
    pub(super) fn open(
        flags: &Flags,
        data: &Path,
        (external_url, language, series): (&str, Language, Arc<dyn SeriesSource>),
        loaded: Arc<Loaded>,
        limits: DispatchLimits,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Notifying> {
        let rng = || SeededRng::from_entropy().context("the operating system gives no random numbers");
        let external_url = external_url.trim_end_matches('/');
        let receivers = Arc::new(Receivers::new(external_url, series, language, &loaded));
        let delivery = Arc::new(Delivery::new(delivery::Options {
            clock: Arc::clone(&clock),
            rng: Box::new(rng()?),
            runtime: Handle::current(),
            integrations: Arc::clone(&receivers) as Arc<dyn Integrations>,
        }));
        let options = Options {
            disk: Arc::new(OsDisk),
            dir: data.join("alerting").join("notifications"),
            clock,
            rng: Box::new(rng()?),
            deliver: Arc::clone(&delivery) as Arc<dyn Deliver>,
            limits,
            start_delay: flags.duration("dispatch.start-delay"),
            external_url: external_url.to_owned(),
        };
        let notifications = Arc::new(Notifications::open(options, loaded)?);
        let n_damaged = notifications.counts().n_damaged;
        if n_damaged > 0 {
            tracing::warn!(n_damaged, "the journal of notifications is damaged in places; what stood there is lost");
        }
        Ok(Notifying { notifications, delivery, receivers })
    }

    /// Who sends.
    pub(super) fn delivery(&self) -> &Arc<Delivery> {
        &self.delivery
    }

    /// Who decides.
    pub(super) fn notifications(&self) -> &Arc<Notifications> {
        &self.notifications
    }

    /// Puts another configuration into force.
    pub(super) fn apply(&self, language: Language, loaded: Arc<Loaded>) {
        self.receivers.apply(language, &loaded);
        self.notifications.apply(loaded);
    }

    /// Ends: what is on its way may arrive within a time. What does not is sent again after the next start.
    pub(super) async fn close(self, patience: Duration) {
        let notifications = Arc::clone(&self.notifications);
        let all_arrived = async {
            let mut looking = interval(LOOK_EVERY);
            looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while notifications.counts().waiting > 0 {
                looking.tick().await;
            }
        };
        if tokio::time::timeout(patience, all_arrived).await.is_err() {
            tracing::warn!("some notifications have not arrived, and are sent again after the next start");
        }
        self.delivery.close();
        tokio::task::block_in_place(|| self.notifications.close());
    }
}

/// All integrations of the configuration in force.
#[derive(Debug)]
struct Receivers {
    external_url: String,
    series: Arc<dyn SeriesSource>,
    in_force: ArcSwap<InForce>,
}

/// What attempts need of a configuration.
#[derive(Debug)]
struct InForce {
    loaded: Arc<Loaded>,
    language: receivers::Language,
    pictures: Pictures,
    /// Why there are none, where the user's do not go with ours.
    templates: Result<Templates, String>,
    /// What is kept between attempts, or why an integration cannot be reached.
    sessions: HashMap<Integration, Result<Session, String>>,
}

impl Receivers {
    fn new(external_url: &str, series: Arc<dyn SeriesSource>, language: Language, loaded: &Arc<Loaded>) -> Receivers {
        let in_force = InForce::new(external_url, &series, language, loaded);
        Receivers { external_url: external_url.to_owned(), series, in_force: ArcSwap::from_pointee(in_force) }
    }

    fn apply(&self, language: Language, loaded: &Arc<Loaded>) {
        let in_force = InForce::new(&self.external_url, &self.series, language, loaded);
        self.in_force.store(Arc::new(in_force));
    }
}

impl InForce {
    fn new(external_url: &str, series: &Arc<dyn SeriesSource>, language: Language, loaded: &Arc<Loaded>) -> InForce {
        let language = match language {
            Language::English => receivers::Language::English,
            Language::Chinese => receivers::Language::Chinese,
        };
        let texts = loaded.templates.iter().map(|file| {
            let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            (name, file.text.as_str())
        });
        let templates = templates(language, texts).map_err(|error| error.to_string());
        let integrations = loaded.config.receivers.iter().flat_map(alerting::config::ReceiverConfig::integrations);
        let sessions = integrations.map(|(integration, _, config)| {
            let session = Session::new(config, loaded.config.narthex.addresses()).map_err(|error| error.to_string());
            if let Err(error) = &session {
                tracing::error!(%integration, error, "a receiver cannot be reached");
            }
            (integration, session)
        });
        let pictures = Pictures::new(Arc::clone(series), external_url, language);
        InForce { language, pictures, templates, sessions: sessions.collect(), loaded: Arc::clone(loaded) }
    }

    /// The configuration of an integration.
    fn config(&self, integration: &Integration) -> Option<IntegrationConfig<'_>> {
        let all = self.loaded.config.receivers.iter().flat_map(alerting::config::ReceiverConfig::integrations);
        all.into_iter().find(|(known, ..)| known == integration).map(|(_, _, config)| config)
    }

    async fn attempt(
        &self,
        notification: &Notification,
        external_url: &str,
        now_ms: i64,
        timeout: Duration,
    ) -> Result<Sent, SendFailure> {
        let integration = &notification.integration;
        let (Some(config), Some(session)) = (self.config(integration), self.sessions.get(integration)) else {
            return Err(SendFailure::permanent("the receiver is no longer configured"));
        };
        let session = session.as_ref().map_err(SendFailure::permanent)?;
        let templates = self.templates.as_ref().map_err(SendFailure::permanent)?;
        let (language, pictures) = (self.language, Some(&self.pictures));
        let context = AttemptContext { session, templates, external_url, now_ms, timeout, pictures, language };
        send(config, notification, &context).await
    }
}

impl Integrations for Receivers {
    fn attempt(&self, notification: Arc<Notification>, now_ms: i64, timeout: Duration) -> AttemptFuture {
        let (in_force, external_url) = (self.in_force.load_full(), self.external_url.clone());
        Box::pin(async move { in_force.attempt(&notification, &external_url, now_ms, timeout).await })
    }

    fn fallback(&self) -> Vec<Integration> {
        let in_force = self.in_force.load();
        let name = in_force.loaded.config.narthex.fallback_receiver.as_str();
        let receivers = in_force.loaded.config.receivers.iter();
        let fallback = receivers.filter(|receiver| !name.is_empty() && receiver.name == name);
        fallback.flat_map(|receiver| receiver.integrations().map(|(integration, ..)| integration)).collect()
    }
}
