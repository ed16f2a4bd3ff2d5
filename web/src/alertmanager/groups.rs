//! `/api/v2/alerts/groups`

use std::collections::BTreeMap;

use alerting::Fingerprint;
use alerting::dispatch::{AlertView, GroupView, Notifications};
use net::form::Form;

use super::filter::{AlertFilter, ReceiverFilter, switch};
use super::{Answer, write, written};

/// All groups with alerts that are not over, as far as they are wanted.
pub(super) fn get(notifications: &Notifications, query: &Form, now_ms: i64) -> Answer {
    let filter = AlertFilter::of(query)?;
    let wanted = ReceiverFilter::of(query, &notifications.loaded())?;
    let groups = notifications.groups();
    let mut groups: Vec<(&GroupView, Vec<&AlertView>)> = groups
        .iter()
        .filter(|group| wanted.takes_any([&*group.receiver]))
        .map(|group| (group, group.alerts.iter().filter(|view| filter.takes(view)).collect::<Vec<_>>()))
        .filter(|(_, alerts)| !alerts.is_empty())
        .collect();
    let receivers = receivers_of(&groups);
    if !switch(query, "muted") {
        groups.retain(|(group, _)| group.muted_by.is_empty());
    }
    Ok(Some(written(|json| {
        json.list(&groups, |json, (group, alerts)| {
            json.raw("{\"alerts\":");
            json.list(alerts, |json, view| {
                let told = receivers.get(&view.fingerprint).map_or(&[][..], Vec::as_slice);
                write::alert(json, view, told, &group.muted_by, now_ms);
            });
            json.raw(",\"labels\":");
            write::labels(json, &group.labels);
            json.raw(",\"receiver\":");
            write::receiver(json, &group.receiver);
            json.raw(",\"routeLabels\":");
            write::labels(json, &group.route_labels);
            json.raw("}");
        });
    })))
}

/// To whom each alert is told in any of the groups, sorted.
fn receivers_of<'g>(groups: &[(&'g GroupView, Vec<&'g AlertView>)]) -> BTreeMap<Fingerprint, Vec<&'g str>> {
    let mut receivers: BTreeMap<Fingerprint, Vec<&str>> = BTreeMap::new();
    for (group, alerts) in groups {
        for view in alerts {
            receivers.entry(view.fingerprint).or_default().push(&group.receiver);
        }
    }
    receivers.values_mut().for_each(|names| names.sort_unstable());
    receivers
}
