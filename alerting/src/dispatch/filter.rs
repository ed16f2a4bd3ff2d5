//! Which entries of the delivery log somebody wants to see.

use super::core::Core;
use super::views::{DeliveryState, DeliveryView, QuietView};
use crate::Fingerprint;

/// What is looked for; `None` is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// The receiver's name.
    pub receiver: Option<String>,
    /// The `alertname` of one of the alerts.
    pub alertname: Option<String>,
    /// One of the alerts.
    pub fingerprint: Option<Fingerprint>,
    /// How it stands.
    pub state: Option<DeliveryState>,
    /// Decided at this time or later, in milliseconds since the Unix epoch.
    pub since_ms: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

impl Core {
    /// What is looked for, newest first.
    pub(super) fn find(&self, filter: &DeliveryFilter) -> Vec<DeliveryView> {
        let mut told = self.told(filter).peekable();
        let mut quiet = self.quiet(filter).peekable();
        let mut views = Vec::new();
        while views.len() < filter.limit {
            let is_told_newer = match (told.peek(), quiet.peek()) {
                (None, None) => break,
                (Some((told_ms, _)), Some((quiet_ms, _))) => told_ms >= quiet_ms,
                (told, _) => told.is_some(),
            };
            let next = if is_told_newer { told.next() } else { quiet.next() };
            views.extend(next.map(|(_, view)| view));
        }
        views
    }

    fn told<'c>(&'c self, filter: &'c DeliveryFilter) -> impl Iterator<Item = (i64, DeliveryView)> + 'c {
        let is_wanted = |delivery: &&super::deliveries::Delivery| {
            let notification = &delivery.intent.notification;
            let has_alert = |is_it: &dyn Fn(&crate::Alert) -> bool| notification.alerts.iter().any(is_it);
            filter.state.is_none_or(|state| state == delivery.state())
                && filter.receiver.as_ref().is_none_or(|receiver| **receiver == *notification.integration.receiver)
                && filter.alertname.as_ref().is_none_or(|name| has_alert(&|alert| alert.name() == name))
                && filter.fingerprint.is_none_or(|of| has_alert(&|alert| alert.fingerprint() == of))
        };
        let is_recent = |delivery: &&super::deliveries::Delivery| {
            filter.since_ms.is_none_or(|since_ms| delivery.intent.notification.at_ms >= since_ms)
        };
        let deliveries = self.deliveries.newest_first().take_while(is_recent).filter(is_wanted);
        deliveries.map(|delivery| (delivery.intent.notification.at_ms, delivery.view()))
    }

    fn quiet<'c>(&'c self, filter: &'c DeliveryFilter) -> impl Iterator<Item = (i64, DeliveryView)> + 'c {
        let is_on = filter.state.is_none_or(|state| state == DeliveryState::Suppressed);
        let records = self.deliveries.quiet_newest_first().filter(move |_| is_on);
        let records = records.take_while(|record| filter.since_ms.is_none_or(|since_ms| record.at_ms >= since_ms));
        let views = records.map(|record| {
            let known = self.dispatcher.alerts.get(&record.fingerprint);
            let view = QuietView {
                at_ms: record.at_ms,
                fingerprint: record.fingerprint,
                labels: known.map(|known| known.alert.labels.clone()),
                starts_at_ms: known.map(|known| known.alert.starts_at_ms),
                group_key: record.group_key.clone(),
                receiver: record.receiver.clone(),
                integration: record.integration.clone(),
                quiet: record.quiet.clone(),
            };
            (record.at_ms, view)
        });
        let is_wanted = |(_, view): &(i64, QuietView)| {
            let name = view.labels.as_ref().and_then(|labels| labels.get("alertname")).unwrap_or_default();
            filter.receiver.as_ref().is_none_or(|receiver| *receiver == view.receiver)
                && filter.alertname.as_ref().is_none_or(|wanted| wanted == name)
                && filter.fingerprint.is_none_or(|of| of == view.fingerprint)
        };
        views.filter(is_wanted).map(|(at_ms, view)| (at_ms, DeliveryView::Quiet(view)))
    }
}
