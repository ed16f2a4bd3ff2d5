//! A look at a group: what of it is kept quiet, and what each integration is told of the rest.
//!
//! The order is Alertmanager's: inhibition, active and mute intervals, silences; then for each integration whether it is
//! news. What is kept quiet is out of the batch, and what each integration knows is not touched; where such an alert is
//! over, it leaves the group unheard, and the reason is recorded.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};

use super::batch::{Batch, Batched, now, order};
use super::change::{Change, Intent};
use super::dedup::{Now, Told, news};
use super::dispatcher::Dispatcher;
use super::group::Waiting;
use super::quiet::Quiet;
use crate::{Fingerprint, Notification, Reason};

/// A notification is given up no sooner than this after it was decided, in milliseconds.
const MIN_DEADLINE_MS: i64 = 10_000;
/// Bytes of an id.
const ID_LEN: usize = 16;

impl Dispatcher {
    /// Looks at a group whose timer has rung.
    pub(super) fn flush(&mut self, number: u64, at_ms: i64) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        group.awaits_confirmation = false;
        let interval_ms = self.plan.routes()[group.route].options.group_interval_ms;
        self.set_timer(number, at_ms.saturating_add(interval_ms));
        let batch = self.batch(number, at_ms);
        let n_lines = self.groups.get(&number).map_or(0, |group| group.lines.len());
        if n_lines == 0 {
            self.nobody_is_told(number, &batch, at_ms);
        }
        for line in 0..n_lines {
            self.look(number, line, &batch, at_ms);
        }
        self.end_if_over(number);
    }

    /// Looks at a group for one integration, whose timer has rung while it was busy.
    pub(super) fn look_again(&mut self, number: u64, line: usize, at_ms: i64) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        if std::mem::take(&mut group.lines[line].is_due) {
            let batch = self.batch(number, at_ms);
            self.look(number, line, &batch, at_ms);
        }
    }

    /// The alerts of a group that nothing keeps quiet, in order.
    fn batch(&mut self, number: u64, at_ms: i64) -> Vec<Batched> {
        let Some(group) = self.groups.get(&number) else { return Vec::new() };
        let known = group.members.keys().filter_map(|of| self.alerts.get(of).map(|known| (*of, known)));
        let members = known.map(|(of, known)| Batched::new(of, &known.alert, known.is_confirmed, at_ms));
        let mut batch: Vec<Batched> = members.collect();
        batch.sort_by(|one, other| order(&one.alert.labels, &other.alert.labels));
        let by_time = self.plan.quiet(group.route, at_ms);
        batch.retain(|batched| {
            let quiet = self.quiet(batched, by_time.as_ref(), at_ms);
            if let Some(of) = quiet.as_ref().and_then(Quiet::suppression) {
                self.n_suppressed[of] += 1;
            }
            let is_heard = quiet.is_none();
            self.set_quiet(number, batched, quiet, at_ms);
            is_heard
        });
        batch
    }

    /// What keeps an alert quiet.
    fn quiet(&self, batched: &Batched, by_time: Option<&Quiet>, at_ms: i64) -> Option<Quiet> {
        let labels = &batched.alert.labels;
        if let Some(inhibition) = self.sources.inhibiting(labels, at_ms) {
            return Some(Quiet::Inhibited(vec![inhibition.source]));
        }
        by_time.cloned().or_else(|| {
            let silences: Vec<String> = self.silences.muting(labels, at_ms).map(|silence| silence.id.clone()).collect();
            (!silences.is_empty()).then_some(Quiet::Silenced(silences))
        })
    }

    /// Notes what keeps an alert quiet, once for each time it begins. One that is over leaves.
    fn set_quiet(&mut self, number: u64, batched: &Batched, quiet: Option<Quiet>, at_ms: i64) {
        let Some(member) = self.member(number, batched.fingerprint) else { return };
        let is_quiet = quiet.is_some();
        if member.quiet != quiet {
            member.quiet.clone_from(&quiet);
            self.dirty.member(number, batched.fingerprint);
            if let Some(quiet) = quiet {
                self.note(number, batched.fingerprint, None, at_ms, quiet);
            }
        }
        if is_quiet && batched.is_resolved() {
            self.forget_firing(number, batched.fingerprint);
            self.leave(number, batched.fingerprint);
        }
    }

    /// Makes an alert that left unheard news for all when it fires again.
    fn forget_firing(&mut self, number: u64, fingerprint: Fingerprint) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        for line in &mut group.lines {
            line.forget(fingerprint);
        }
        self.dirty.groups.insert(number);
    }

    fn nobody_is_told(&mut self, number: u64, batch: &[Batched], at_ms: i64) {
        for batched in batch {
            let quiet = Some(Quiet::NoIntegrations);
            self.set_quiet(number, batched, quiet, at_ms);
        }
    }

    /// Tells an integration what there is to be told, if it has news.
    fn look(&mut self, number: u64, index: usize, batch: &[Batched], at_ms: i64) {
        let Some(group) = self.groups.get_mut(&number).filter(|_| !batch.is_empty()) else { return };
        let repeat_interval_ms = self.plan.routes()[group.route].options.repeat_interval_ms;
        let line = &mut group.lines[index];
        if line.waiting.is_some() {
            line.is_due = true;
            self.dirty.groups.insert(number);
            return;
        }
        // What an earlier run left is told to nobody who has not heard of it, and nothing old is repeated with it.
        let is_heard = |batched: &&Batched| batched.is_confirmed || line.knows(batched.fingerprint);
        let heard: Vec<&Batched> = batch.iter().filter(is_heard).collect();
        let is_whole = batch.iter().all(|batched| batched.is_confirmed);
        let content = now(heard.iter().copied());
        let reason = news(line.told.as_ref(), &content, line.sends_resolved, repeat_interval_ms, at_ms);
        let is_owed = content.firing.is_empty() && content.resolved.iter().any(|of| line.owed.contains(of));
        let reason = reason.or(is_owed.then_some(Reason::First));
        let reason = reason.filter(|reason| is_whole || *reason != Reason::Repeat);
        if !is_whole {
            group.awaits_confirmation = true;
            self.dirty.groups.insert(number);
        }
        match reason {
            _ if heard.is_empty() => {}
            Some(reason) => self.tell(number, index, &heard, content, reason, at_ms),
            None => self.settle_unheard(number, index, &content, at_ms),
        }
    }

    /// Hands out a notification; where all of it is over and the integration does not want to hear that, what it knows
    /// changes all the same.
    fn tell(&mut self, number: u64, index: usize, heard: &[&Batched], content: Now, reason: Reason, at_ms: i64) {
        let Some(group) = self.groups.get(&number) else { return };
        let sends_resolved = group.lines[index].sends_resolved;
        if !sends_resolved {
            self.note_resolved(number, index, &content, at_ms);
        }
        let is_told = |batched: &&&Batched| sends_resolved || !batched.is_resolved();
        let alerts: Vec<_> = heard.iter().filter(is_told).map(|batched| batched.alert.clone()).collect();
        if alerts.is_empty() {
            self.hears(number, index, content, at_ms, at_ms);
            return;
        }
        let Some(group) = self.groups.get_mut(&number) else { return };
        let interval_ms = self.plan.routes()[group.route].options.group_interval_ms;
        let batch = Batch { receiver: &group.receiver, group_labels: &group.labels, alerts: &alerts, at_ms };
        let route_labels = self.plan.route_labels(group.route, &batch);
        group.n_notifications += 1;
        let integration = group.lines[index].integration.clone();
        let texts = [&self.salt, &group.key, &integration.to_string()];
        let id = id(texts, [group.created_ms, group.n_notifications.cast_signed(), at_ms]);
        let notification = Arc::new(Notification {
            id,
            integration,
            group_key: group.key.clone(),
            group_labels: group.labels.clone(),
            route_labels,
            alerts,
            reason,
            at_ms,
            deadline_ms: at_ms.saturating_add(interval_ms.max(MIN_DEADLINE_MS)),
        });
        let intent = Intent { group: number, notification: Arc::clone(&notification), content: content.clone() };
        self.waiting.insert(notification.id.clone(), number);
        group.lines[index].waiting = Some(Waiting { notification: Arc::clone(&notification), content });
        self.dirty.groups.insert(number);
        self.dirty.events.push(Change::Intent(intent));
        self.outgoing.push(notification);
    }

    /// The receiver has what was on its way.
    pub(super) fn delivered(&mut self, number: u64, index: usize, at_ms: i64) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        let Some(waiting) = group.lines[index].waiting.take() else { return };
        self.hears(number, index, waiting.content, waiting.notification.at_ms, at_ms);
    }

    /// What was on its way did not arrive: what was new in it is owed.
    pub(super) fn failed(&mut self, number: u64, index: usize) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        let line = &mut group.lines[index];
        let Some(waiting) = line.waiting.take() else { return };
        let is_new = |of: &&Fingerprint| line.told.as_ref().is_none_or(|told| !told.firing.contains(*of));
        let owed: Vec<Fingerprint> = waiting.content.firing.iter().filter(is_new).copied().collect();
        line.owed.extend(owed);
    }

    /// An integration knows what was the case when that was decided.
    fn hears(&mut self, number: u64, index: usize, content: Now, decided_ms: i64, at_ms: i64) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        let line = &mut group.lines[index];
        line.owed.retain(|of| !content.firing.contains(of) && !content.resolved.contains(of));
        let resolved = content.resolved.clone();
        line.told = Some(Told { firing: content.firing, resolved: content.resolved, at_ms });
        self.dirty.groups.insert(number);
        for fingerprint in resolved {
            // One that has fired again since is not over, whatever was told.
            let alert = self.alerts.get(&fingerprint).map(|known| &known.alert);
            if alert.is_some_and(|alert| alert.is_resolved_at(decided_ms)) {
                self.settle(number, index, fingerprint);
            }
        }
    }

    /// There is no news: what is over need not be told to this integration any more.
    fn settle_unheard(&mut self, number: u64, index: usize, content: &Now, at_ms: i64) {
        self.note_resolved(number, index, content, at_ms);
        for fingerprint in &content.resolved {
            let Some(group) = self.groups.get_mut(&number) else { return };
            if group.lines[index].forget(*fingerprint) {
                self.dirty.groups.insert(number);
            }
            self.settle(number, index, *fingerprint);
        }
    }

    /// Records of each alert that is over and that an integration will not hear of, why.
    fn note_resolved(&mut self, number: u64, index: usize, content: &Now, at_ms: i64) {
        for fingerprint in &content.resolved {
            let Some(group) = self.groups.get(&number) else { return };
            let line = &group.lines[index];
            let is_settled = group.members.get(fingerprint).is_some_and(|member| member.settled.contains(&index));
            let has_heard = line.told.as_ref().is_some_and(|told| told.resolved.contains(fingerprint));
            if is_settled || has_heard {
                continue;
            }
            let quiet = match line.knows(*fingerprint) || line.owed.contains(fingerprint) {
                true => Quiet::ResolvedNotSent,
                false => Quiet::OverBeforeTold,
            };
            self.note(number, *fingerprint, Some(index), at_ms, quiet);
        }
    }

    fn settle(&mut self, number: u64, index: usize, fingerprint: Fingerprint) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        self.dirty.member(number, fingerprint);
        if group.settle(fingerprint, index) {
            self.leave(number, fingerprint);
        }
    }
}

/// The id of a notification: the same for the same decision, and for no other.
fn id(texts: [&String; 3], numbers: [i64; 3]) -> String {
    let mut digest = Context::new(&SHA256);
    for text in texts {
        digest.update(&(text.len() as u64).to_le_bytes());
        digest.update(text.as_bytes());
    }
    numbers.iter().for_each(|number| digest.update(&number.to_le_bytes()));
    digest.finish().as_ref()[..ID_LEN].iter().map(|byte| format!("{byte:02x}")).collect()
}
