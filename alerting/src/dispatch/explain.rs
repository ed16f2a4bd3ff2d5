//! "Why was I not paged?": for one alert, the route it takes, its groups with their timers, and step by step what was told
//! of it and what kept it quiet.

use std::sync::Arc;

use super::deliveries::{Deliveries, Delivery};
use super::dispatcher::Dispatcher;
use super::group::{Group, Line};
use super::quiet::Quiet;
use super::views::DeliveryState;
use crate::{Alert, Fingerprint};

/// Steps that are told of one alert, newest first.
const MAX_STEPS: usize = 500;

/// What is known of one alert's way.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The alert, where it is still known.
    pub alert: Option<Arc<Alert>>,
    /// Which one was asked for.
    pub fingerprint: Fingerprint,
    /// The groups that it is in, one for each route it ends at.
    pub groups: Vec<GroupExplanation>,
    /// What happened, oldest first.
    pub steps: Vec<Step>,
}

/// One of the groups of an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupExplanation {
    /// The route.
    pub route_id: String,
    /// Who is told.
    pub receiver: Arc<str>,
    /// The group.
    pub key: String,
    /// When it is looked at next, in milliseconds since the Unix epoch.
    pub flush_at_ms: i64,
    /// `group_wait`, `group_interval` and `repeat_interval`, in milliseconds.
    pub timers_ms: [i64; 3],
    /// What keeps the alert quiet, as of the last look at the group.
    pub quiet: Option<Quiet>,
    /// What each integration knows.
    pub lines: Vec<LineExplanation>,
}

/// What one integration knows of an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct LineExplanation {
    /// Which.
    pub integration: String,
    /// In words.
    pub what: String,
    /// When it was told of the group last, in milliseconds since the Unix epoch.
    pub told_at_ms: Option<i64>,
    /// From when on the same is told again, in milliseconds since the Unix epoch.
    pub repeat_at_ms: Option<i64>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// `told`, `failed`, `waiting` or `quiet`.
    pub what: &'static str,
    /// In words.
    pub why: String,
    /// Who or what: the integration, the silences, the alerts, the intervals.
    pub by: Vec<String>,
    /// The group.
    pub group_key: String,
}

impl Dispatcher {
    /// What is known of an alert's way.
    pub(super) fn explain(&self, fingerprint: Fingerprint, deliveries: &Deliveries) -> Explanation {
        let alert = self.alerts.get(&fingerprint).map(|known| Arc::clone(&known.alert));
        let groups = self.alerts.get(&fingerprint).into_iter().flat_map(|known| &known.groups);
        let groups = groups.filter_map(|number| self.groups.get(number));
        let groups = groups.map(|group| self.explain_group(group, fingerprint)).collect();
        let told = deliveries.newest_first().filter(|delivery| tells(delivery, fingerprint)).take(MAX_STEPS);
        let mut steps: Vec<Step> = told.map(|delivery| told_step(delivery, fingerprint)).collect();
        steps.extend(deliveries.quiet_of(fingerprint).map(|record| Step {
            at_ms: record.at_ms,
            what: "quiet",
            why: record.quiet.what().to_owned(),
            by: record.integration.iter().cloned().chain(record.quiet.by()).collect(),
            group_key: record.group_key.clone(),
        }));
        steps.sort_by_key(|step| step.at_ms);
        let n_over = steps.len().saturating_sub(MAX_STEPS);
        steps.drain(..n_over);
        Explanation { alert, fingerprint, groups, steps }
    }

    fn explain_group(&self, group: &Group, fingerprint: Fingerprint) -> GroupExplanation {
        let options = &self.plan.routes()[group.route].options;
        let is_confirmed = self.alerts.get(&fingerprint).is_none_or(|known| known.is_confirmed);
        let recorded = group.members.get(&fingerprint).and_then(|member| member.quiet.clone());
        let no_line = group.lines.is_empty().then_some(Quiet::NoIntegrations);
        GroupExplanation {
            route_id: group.route_id.clone(),
            receiver: Arc::clone(&group.receiver),
            key: group.key.clone(),
            flush_at_ms: group.flush_at_ms,
            timers_ms: [options.group_wait_ms, options.group_interval_ms, options.repeat_interval_ms],
            quiet: recorded.or(no_line).or((!is_confirmed).then_some(Quiet::AwaitsReport)),
            lines: group.lines.iter().map(|line| explain_line(line, fingerprint, options.repeat_interval_ms)).collect(),
        }
    }
}

fn explain_line(line: &Line, fingerprint: Fingerprint, repeat_interval_ms: i64) -> LineExplanation {
    let is_told = line.told.as_ref().is_some_and(|told| told.firing.contains(&fingerprint));
    let what = match &line.waiting {
        Some(waiting) if waiting.content.firing.contains(&fingerprint) => "is being told that it fires",
        Some(waiting) if waiting.content.resolved.contains(&fingerprint) => "is being told that it is over",
        Some(_) => "is busy with an earlier notification of the group",
        None if is_told => "knows that it fires, and is told again only after repeat_interval",
        None if line.owed.contains(&fingerprint) => "could not be told, and is told at the next look at the group",
        None => "is told at the next look at the group, if it still fires and nothing keeps it quiet",
    };
    let told_at_ms = line.told.as_ref().map(|told| told.at_ms);
    LineExplanation {
        integration: line.integration.to_string(),
        what: what.to_owned(),
        told_at_ms,
        repeat_at_ms: told_at_ms.filter(|_| is_told).map(|at_ms| at_ms.saturating_add(repeat_interval_ms)),
    }
}

fn tells(delivery: &Delivery, fingerprint: Fingerprint) -> bool {
    let content = &delivery.intent.content;
    content.firing.contains(&fingerprint) || content.resolved.contains(&fingerprint)
}

fn told_step(delivery: &Delivery, fingerprint: Fingerprint) -> Step {
    let notification = &delivery.intent.notification;
    let state = if delivery.intent.content.firing.contains(&fingerprint) { "firing" } else { "resolved" };
    let failure = delivery.end.as_ref().and_then(|end| end.failure.as_deref());
    let what = match delivery.state() {
        DeliveryState::Delivered => "told",
        DeliveryState::Failed => "failed",
        DeliveryState::Waiting | DeliveryState::Suppressed => "waiting",
    };
    let colon = if failure.is_some() { ": " } else { "" };
    Step {
        at_ms: notification.at_ms,
        what,
        why: format!("{state}, {}{colon}{}", notification.reason.as_str(), failure.unwrap_or_default()),
        by: vec![notification.integration.to_string()],
        group_key: notification.group_key.clone(),
    }
}
