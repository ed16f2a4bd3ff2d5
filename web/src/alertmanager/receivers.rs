//! `/api/v2/receivers`

use alerting::dispatch::Notifications;
use net::form::Form;

use super::filter::{labels_of, match_all, receiver_matchers};
use super::{Answer, write, written};

/// All receivers, or those whose labels match.
pub(super) fn get(notifications: &Notifications, query: &Form) -> Answer {
    let matchers = receiver_matchers(query)?;
    let loaded = notifications.loaded();
    let receivers = loaded.config.receivers.iter().map(|receiver| (receiver, labels_of(receiver)));
    let receivers: Vec<_> = receivers.filter(|(_, labels)| match_all(&matchers, labels)).collect();
    Ok(Some(written(|json| {
        json.list(&receivers, |json, (receiver, labels)| {
            json.raw("{\"labels\":");
            write::labels(json, labels);
            json.raw(",\"name\":");
            json.string(&receiver.name);
            json.raw("}");
        });
    })))
}
