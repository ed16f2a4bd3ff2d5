//! What a request wants to see.

use std::collections::BTreeMap;

use alerting::config::{Loaded, ReceiverConfig};
use alerting::dispatch::AlertView;
use alerting::matcher::{Grammar, Matcher};
use model::{Labels, MatchOp};
use net::form::Form;

use super::refusal::Refusal;

/// Matchers in a parameter that may be there several times.
pub(super) fn matchers(query: &Form, name: &str) -> Result<Vec<Matcher>, String> {
    query.all(name).map(|text| Grammar::default().matcher(text).map_err(|error| error.to_string())).collect()
}

/// A switch that is on unless it is said to be off. Whatever is not a yes is a no.
pub(super) fn switch(query: &Form, name: &str) -> bool {
    let yes = ["1", "yes", "y", "t", "true", "on", "ok", "selected", "checked", "enabled"];
    match query.get(name) {
        "" => true,
        text => yes.iter().any(|yes| yes.eq_ignore_ascii_case(text)),
    }
}

/// Which alerts are wanted.
pub(super) struct AlertFilter {
    matchers: Vec<Matcher>,
    active: bool,
    silenced: bool,
    inhibited: bool,
}

impl AlertFilter {
    pub(super) fn of(query: &Form) -> Result<AlertFilter, Refusal> {
        Ok(AlertFilter {
            matchers: matchers(query, "filter").map_err(Refusal::Bad)?,
            active: switch(query, "active"),
            silenced: switch(query, "silenced"),
            inhibited: switch(query, "inhibited"),
        })
    }

    pub(super) fn takes(&self, view: &AlertView) -> bool {
        let (is_silenced, is_inhibited) = (!view.silenced_by.is_empty(), !view.inhibited_by.is_empty());
        self.matchers.iter().all(|matcher| matcher.matches_labels(&view.alert.labels))
            && (self.active || is_silenced || is_inhibited)
            && (self.silenced || !is_silenced)
            && (self.inhibited || !is_inhibited)
    }
}

/// Which receivers are wanted.
pub(super) struct ReceiverFilter {
    /// An expression for the name, as a matcher.
    name: Option<Matcher>,
    matchers: Vec<Matcher>,
    labels: BTreeMap<String, Labels>,
}

impl ReceiverFilter {
    pub(super) fn of(query: &Form, loaded: &Loaded) -> Result<ReceiverFilter, Refusal> {
        let name = match query.get("receiver") {
            "" => None,
            text => Some(
                Matcher::new("", MatchOp::Regex, text)
                    .map_err(|error| Refusal::bad(format_args!("failed to parse receiver param: {error}")))?,
            ),
        };
        let matchers = receiver_matchers(query)?;
        let labels = loaded.config.receivers.iter().map(|receiver| (receiver.name.clone(), labels_of(receiver)));
        Ok(ReceiverFilter { name, matchers, labels: labels.collect() })
    }

    /// Whether something that is told to these receivers is wanted.
    pub(super) fn takes_any<'r>(&self, receivers: impl IntoIterator<Item = &'r str> + Clone) -> bool {
        let is_named = self.name.as_ref().is_none_or(|name| receivers.clone().into_iter().any(|it| name.matches(it)));
        let matches =
            |receiver: &str| self.labels.get(receiver).is_some_and(|labels| match_all(&self.matchers, labels));
        is_named && (self.matchers.is_empty() || receivers.into_iter().any(matches))
    }
}

/// `receiver_matchers`
pub(super) fn receiver_matchers(query: &Form) -> Result<Vec<Matcher>, Refusal> {
    matchers(query, "receiver_matchers")
        .map_err(|error| Refusal::bad(format_args!("failed to parse receiver_matchers param: {error}")))
}

/// Whether labels fulfil all conditions.
pub(super) fn match_all(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches_labels(labels))
}

/// A receiver's labels.
pub(super) fn labels_of(receiver: &ReceiverConfig) -> Labels {
    Labels::from_pairs(receiver.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}
