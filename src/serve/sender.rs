//! Alerts to Alertmanagers elsewhere: the sets that the configuration names, and the tasks that find their members.

use std::sync::Arc;
use std::time::Duration;

use alerting::sender::{Group, Sender, SenderOptions, SenderSettings, SetId, SetSettings};
use model::Clock;
use model::name::ValidationScheme;
use model::relabel::Rules;
use net::client::{Client, ClientOptions};
use scrape::discovery::file::FileDiscovery;
use scrape::discovery::{Providers, TargetGroup};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::cli::flags::Flags;
use crate::config::{AlertmanagerConfig, Config};

/// A set of Alertmanagers that can be sent to: nothing that is left can fail.
#[derive(Clone, Debug)]
pub(super) struct AlertmanagerSet {
    config: AlertmanagerConfig,
    scheme: ValidationScheme,
    settings: SetSettings,
    static_groups: Vec<TargetGroup>,
    files: Vec<FileDiscovery>,
}

/// A set that cannot be: its number, the field that is wrong, and what is wrong.
type SetFault = (usize, Option<&'static str>, String);

impl AlertmanagerSet {
    /// All sets that can be sent to, and what is wrong with the others.
    pub(super) fn all(config: &Config) -> (Vec<AlertmanagerSet>, Vec<SetFault>) {
        let (mut sets, mut faults) = (Vec::new(), Vec::new());
        let scheme = config.global.validation_scheme();
        for (index, one) in config.alerting.alertmanagers.iter().enumerate() {
            // This is named as not built; without its signature there is nothing to be sent.
            if one.sigv4.is_some() {
                continue;
            }
            match AlertmanagerSet::new(one, scheme) {
                Ok(set) => sets.push(set),
                Err((field, fault)) => faults.push((index, field, fault)),
            }
        }
        (sets, faults)
    }

    fn new(
        config: &AlertmanagerConfig,
        scheme: ValidationScheme,
    ) -> Result<AlertmanagerSet, (Option<&'static str>, String)> {
        let rules = |field, configs| Rules::new(configs, scheme).map_err(|error| (Some(field), error.to_string()));
        let client = Client::new(&config.http, ClientOptions::default()).map_err(|error| (None, error.to_string()))?;
        let settings = SetSettings {
            continues: None,
            scheme: config.scheme.clone(),
            path_prefix: config.path_prefix.clone(),
            timeout: config.timeout.to_std(),
            relabel: rules("relabel_configs", &config.relabel_configs)?,
            alert_relabel: rules("alert_relabel_configs", &config.alert_relabel_configs)?,
            client,
        };
        let discovery = &config.discovery;
        let (static_groups, files) = (discovery.static_groups(), discovery.files());
        Ok(AlertmanagerSet { config: config.clone(), scheme, settings, static_groups, files })
    }

    fn is_same(&self, other: &AlertmanagerSet) -> bool {
        self.config == other.config && self.scheme == other.scheme
    }
}

/// The sender, and what runs for its sets.
#[derive(Debug)]
pub(super) struct Alertmanagers {
    sender: Arc<Sender>,
    running: Vec<Running>,
}

/// A set and the task that finds its Alertmanagers.
#[derive(Debug)]
struct Running {
    set: AlertmanagerSet,
    id: SetId,
    finding: JoinHandle<()>,
}

impl Alertmanagers {
    /// None yet. Must be called in a runtime, which will send.
    pub(super) fn new(flags: &Flags, clock: Arc<dyn Clock>) -> Alertmanagers {
        let number = |name| usize::try_from(flags.number(name)).unwrap_or(usize::MAX);
        let options = SenderOptions {
            queue_capacity: number("alertmanager.notification-queue-capacity"),
            batch_size: number("alertmanager.notification-batch-size"),
            drains: flags.is_on("alertmanager.drain-notification-queue-on-shutdown"),
        };
        Alertmanagers { sender: Arc::new(Sender::new(Handle::current(), clock, options)), running: Vec::new() }
    }

    /// Takes alerts, and knows to whom they go.
    pub(super) fn sender(&self) -> &Arc<Sender> {
        &self.sender
    }

    /// Sends to these sets and no others.
    pub(super) fn apply(&mut self, config: &Config, mut sets: Vec<AlertmanagerSet>) {
        let mut before: Vec<Running> = std::mem::take(&mut self.running);
        let mut kept = Vec::new();
        for set in &mut sets {
            let same = before.iter().position(|running| running.set.is_same(set));
            let same = same.map(|at| before.swap_remove(at));
            set.settings.continues = same.as_ref().map(|running| running.id);
            kept.push(same);
        }
        let rules = Rules::new(&config.alerting.alert_relabel_configs, config.global.validation_scheme());
        let ids = self.sender.apply(SenderSettings {
            external_labels: config.global.external_labels.clone(),
            // They have been checked with the rest of the configuration.
            alert_relabel: rules.unwrap_or_default(),
            sets: sets.iter().map(|set| set.settings.clone()).collect(),
        });
        for ((set, id), kept) in sets.into_iter().zip(ids).zip(kept) {
            let running = kept.unwrap_or_else(|| {
                let finding = find(Arc::clone(&self.sender), id, set.static_groups.clone(), set.files.clone());
                Running { set, id, finding: tokio::spawn(finding) }
            });
            self.running.push(running);
        }
    }

    /// Sends what waits, for as long as `within`; `false` says that something is left.
    pub(super) async fn close(mut self, within: Duration) -> bool {
        self.running.clear();
        self.sender.close(within).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.finding.abort();
    }
}

/// Tells the sender which Alertmanagers a set has, whenever that changes.
async fn find(sender: Arc<Sender>, id: SetId, static_groups: Vec<TargetGroup>, files: Vec<FileDiscovery>) {
    let mut providers = Providers::start(static_groups, &files);
    loop {
        if let Some(found) = providers.all() {
            let groups: Vec<Group> =
                found.groups.into_iter().map(|TargetGroup { targets, labels, .. }| Group { targets, labels }).collect();
            let errors = sender.set_targets(id, &groups);
            for error in errors.iter().map(ToString::to_string).chain(found.errors) {
                tracing::error!(error, "an Alertmanager cannot be found");
            }
        }
        if !providers.changed().await {
            return;
        }
    }
}
