//! The configuration in force, as dispatch asks for it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use model::Labels;

use super::batch::Batch;
use super::quiet::Quiet;
use crate::config::Loaded;
use crate::route::Route;
use crate::template::{AlertData, Dialect, Host, Limits, MissingKey, Mode, NotificationData, Sample, Templates, Value};
use crate::{Alert, Integration, interval};

/// One integration of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IntegrationPlan {
    /// Which.
    pub(super) integration: Integration,
    /// Whether it is told what is over.
    pub(super) sends_resolved: bool,
}

/// A configuration, ready to be asked.
pub(super) struct Plan {
    loaded: Arc<Loaded>,
    integrations: HashMap<String, Vec<IntegrationPlan>>,
    /// The users' templates and the labels of routes that are some, under [`label_name`].
    templates: Templates,
    external_url: String,
}

impl Plan {
    /// A plan. `external_url` is what templates say of where the server is reached.
    pub(super) fn new(loaded: Arc<Loaded>, external_url: &str) -> Plan {
        let plans = |receiver: &crate::config::ReceiverConfig| {
            let plan = |(integration, sends_resolved, _)| IntegrationPlan { integration, sends_resolved };
            (receiver.name.clone(), receiver.integrations().map(plan).collect())
        };
        let integrations = loaded.config.receivers.iter().map(plans).collect();
        let templates = route_templates(&loaded);
        Plan { loaded, integrations, templates, external_url: external_url.to_owned() }
    }

    /// All routes; an alert can end at any of them.
    pub(super) fn routes(&self) -> &[Route] {
        self.loaded.tree.routes()
    }

    /// The places among them of those at which an alert ends, in the order of the tree.
    pub(super) fn routes_of(&self, labels: &Labels) -> Vec<usize> {
        self.loaded.tree.matching(labels).into_iter().map(|route| route.index).collect()
    }

    /// The integrations of a receiver.
    pub(super) fn integrations(&self, receiver: &str) -> &[IntegrationPlan] {
        self.integrations.get(receiver).map_or(&[], Vec::as_slice)
    }

    /// Which alerts keep which others quiet.
    pub(super) fn inhibit_rules(&self) -> Arc<crate::inhibit::Rules> {
        Arc::clone(&self.loaded.inhibitor)
    }

    /// What keeps all alerts of a route quiet at a time.
    pub(super) fn quiet(&self, route: usize, at_ms: i64) -> Option<Quiet> {
        let options = &self.routes()[route].options;
        let [active, mute] = [&options.active_time_intervals, &options.mute_time_intervals];
        Some(match self.loaded.intervals.quiet(active, mute, at_ms)? {
            interval::Quiet::NotActive(names) => Quiet::OutsideActiveIntervals(names),
            interval::Quiet::Muted(names) => Quiet::InMuteIntervals(names),
        })
    }

    /// The labels that a route gives to what is told of a batch. One whose template fails is left out, as in Alertmanager.
    pub(super) fn route_labels(&self, route: usize, batch: &Batch<'_>) -> Labels {
        let route = &self.routes()[route];
        if route.options.labels.is_empty() {
            return Labels::empty();
        }
        let data = Value::from(&self.data(&route.options.labels, batch));
        let mut host = RouteHost { now_ms: batch.at_ms, external_url: &self.external_url };
        let mut labels = BTreeMap::new();
        for name in route.options.labels.keys() {
            let template = label_name(route.index, name);
            match self.templates.execute(&template, &data, &mut host, Mode::Text, Limits::ANNOTATION) {
                Ok(value) => drop(labels.insert(name.as_str(), value)),
                Err(error) => tracing::warn!(route = route.id, label = name, %error, "a label of a route is left out"),
            }
        }
        Labels::from_pairs(labels.iter().map(|(name, value)| (*name, value.as_str())))
    }

    fn data(&self, route_labels: &BTreeMap<String, String>, batch: &Batch<'_>) -> NotificationData {
        let is_firing = batch.alerts.iter().any(|alert| !alert.is_resolved_at(batch.at_ms));
        NotificationData {
            receiver: batch.receiver.to_owned(),
            status: if is_firing { "firing" } else { "resolved" }.to_owned(),
            alerts: batch.alerts.iter().map(|alert| alert_data(alert, batch.at_ms)).collect(),
            // As in Alertmanager: labels of routes do not know why.
            notification_reason: "unknown".to_owned(),
            group_labels: batch.group_labels.clone(),
            common_labels: common(batch.alerts, |alert| &alert.labels),
            common_annotations: common(batch.alerts, |alert| &alert.annotations),
            route_labels: route_labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            route_labels_are_rendered: false,
            external_url: self.external_url.clone(),
        }
    }
}

fn route_templates(loaded: &Loaded) -> Templates {
    let mut templates = Templates::new(Dialect::Alertmanager).with_missing_key(MissingKey::Zero);
    for file in &loaded.templates {
        let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // They were parsed when they were loaded.
        let _ = templates.add(name, &file.text);
    }
    for route in loaded.tree.routes() {
        for (name, text) in &route.options.labels {
            if let Err(error) = templates.add(&label_name(route.index, name), text) {
                tracing::warn!(route = route.id, label = name, %error, "a label of a route is no template");
            }
        }
    }
    templates
}

/// The name of the template of a route's label. No user's template has it: names of files have no slash.
fn label_name(route: usize, label: &str) -> String {
    format!("route/{route}/{label}")
}

fn alert_data(alert: &Alert, at_ms: i64) -> AlertData {
    AlertData {
        status: if alert.is_resolved_at(at_ms) { "resolved" } else { "firing" }.to_owned(),
        labels: Some(alert.labels.clone()),
        annotations: Some(alert.annotations.clone()),
        starts_at_ms: Some(alert.starts_at_ms),
        ends_at_ms: alert.ends_at_ms,
        generator_url: alert.generator_url.clone(),
        fingerprint: alert.fingerprint().to_string(),
    }
}

/// What all alerts have in common.
fn common(alerts: &[Alert], labels_of: impl Fn(&Alert) -> &Labels) -> Labels {
    let Some((first, rest)) = alerts.split_first() else { return Labels::empty() };
    let is_common = |(name, value): &(&str, &str)| rest.iter().all(|alert| labels_of(alert).get(name) == Some(*value));
    labels_of(first).iter().filter(is_common).collect()
}

/// The world of a route's labels.
struct RouteHost<'p> {
    now_ms: i64,
    external_url: &'p str,
}

impl Host for RouteHost<'_> {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn external_url(&self) -> &str {
        self.external_url
    }

    fn query(&mut self, _: &str) -> Result<Vec<Sample>, String> {
        Err("labels of routes cannot query".to_owned())
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("external_url", &self.external_url).finish_non_exhaustive()
    }
}
