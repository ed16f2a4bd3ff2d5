//! When somebody is told: OpenSLO's alert policies, as pairs of windows.

use std::collections::BTreeMap;

use super::duration::SpecDuration;
use super::object::{AlertConditionSpec, AlertPolicySpec, ConditionUse, PolicyUse, TargetSpec, TargetUse};
use super::objects::{Objects, missing};
use super::own::burn_policy;
use super::walk::Walk;
use crate::spec::{BurnPair, BurnPolicy, Contact, ContactWay, NoDataAlert, Severity};

impl Objects<'_> {
    /// What the policies of an SLO come to. Without any the default stands; an empty list tells nobody.
    pub(super) fn burn(&self, policies: Option<&[PolicyUse]>, window_ms: i64, walk: &mut Walk<'_>) -> BurnPolicy {
        let Some(policies) = policies else { return BurnPolicy::by_default(window_ms) };
        let mut all = BurnPolicy::default();
        walk.within("alertPolicies", |walk| {
            for (index, policy) in policies.iter().enumerate() {
                if let Some(policy) = walk.at(index, |walk| self.policy_used(policy, window_ms, walk)) {
                    merge(&mut all, policy);
                }
            }
        });
        all
    }

    fn policy_used(&self, policy: &PolicyUse, window_ms: i64, walk: &mut Walk<'_>) -> Option<BurnPolicy> {
        let name = policy.alert_policy_ref.as_str();
        match &policy.spec {
            Some(_) if !name.is_empty() => {
                walk.error("alertPolicyRef", "a policy is named or written here, and not both");
                None
            }
            Some(spec) => walk.within("spec", |walk| self.policy(&policy.metadata.name, spec, walk)),
            None if name.is_empty() => {
                walk.error_here("a policy is needed: alertPolicyRef, or a spec");
                None
            }
            None => {
                let found = self.named_policy(name, window_ms);
                if let Err(message) = &found {
                    walk.error("alertPolicyRef", message);
                }
                found.ok()
            }
        }
    }

    fn named_policy(&self, name: &str, window_ms: i64) -> Result<BurnPolicy, String> {
        let (policy, has_errors) = if let Some(stored) = self.burn_policies.get(name) {
            let mut walk = stored.walk();
            (walk.within("spec", |walk| burn_policy(name, &stored.spec, window_ms, walk)), walk.has_errors())
        } else if let Some(stored) = self.policies.get(name) {
            let mut walk = stored.walk();
            (walk.within("spec", |walk| self.policy(name, &stored.spec, walk)), walk.has_errors())
        } else {
            (None, self.policies.is_broken(name) || self.burn_policies.is_broken(name))
        };
        let known = || self.policies.names().chain(self.burn_policies.names());
        policy.filter(|_| !has_errors).ok_or_else(|| missing("AlertPolicy", name, known(), has_errors))
    }

    /// A policy as it is written.
    pub(super) fn policy(&self, name: &str, spec: &AlertPolicySpec, walk: &mut Walk<'_>) -> Option<BurnPolicy> {
        let mut policy = BurnPolicy { name: name.to_owned(), ..BurnPolicy::default() };
        if spec.conditions.is_empty() {
            walk.error("conditions", "a policy needs a condition");
        }
        walk.within("conditions", |walk| {
            for (index, condition) in spec.conditions.iter().enumerate() {
                policy.pairs.extend(walk.at(index, |walk| self.condition_used(condition, walk)));
            }
        });
        let contacts = self.contacts(&spec.notification_targets, walk);
        if !contacts.is_empty() {
            let severities = policy.pairs.iter().map(|pair| pair.severity.clone());
            policy.notify = severities.map(|severity| (severity, contacts.clone())).collect();
        }
        if spec.alert_when_no_data {
            let severity = policy.pairs.first().map_or(Severity::Page, |pair| pair.severity.clone());
            policy.no_data = Some(NoDataAlert { after_ms: None, severity, name: None });
        }
        if spec.alert_when_breaching == Some(false) {
            policy.pairs.clear();
        }
        (!walk.has_errors()).then_some(policy)
    }

    fn condition_used(&self, condition: &ConditionUse, walk: &mut Walk<'_>) -> Option<BurnPair> {
        let name = condition.condition_ref.as_str();
        if let Some(spec) = &condition.spec {
            return walk.within("spec", |walk| pair(spec, walk));
        }
        let pair = self.conditions.get(name).and_then(|stored| {
            let mut walk = stored.walk();
            walk.within("spec", |walk| pair(&stored.spec, walk))
        });
        if pair.is_none() {
            let is_broken = self.conditions.is_broken(name) || self.conditions.get(name).is_some();
            walk.error("conditionRef", missing("AlertCondition", name, self.conditions.names(), is_broken));
        }
        pair
    }

    fn contacts(&self, targets: &[TargetUse], walk: &mut Walk<'_>) -> Vec<Contact> {
        walk.within("notificationTargets", |walk| {
            let contact = |(index, target)| walk.at(index, |walk| self.contact_used(target, walk));
            targets.iter().enumerate().filter_map(contact).collect()
        })
    }

    fn contact_used(&self, target: &TargetUse, walk: &mut Walk<'_>) -> Option<Contact> {
        let name = target.target_ref.as_str();
        if let Some(spec) = &target.spec {
            return contact(spec, walk);
        }
        let Some(stored) = self.targets.get(name) else {
            let is_broken = self.targets.is_broken(name);
            walk.error("targetRef", missing("AlertNotificationTarget", name, self.targets.names(), is_broken));
            return None;
        };
        contact(&stored.spec, &mut stored.walk())
    }
}

/// Somebody to be told: an address, a URL, or a receiver of `alertmanager.yml`.
pub(super) fn contact(spec: &TargetSpec, walk: &mut Walk<'_>) -> Option<Contact> {
    let target = spec.target.clone();
    if target.is_empty() {
        walk.within("spec", |walk| walk.error("target", "who is told? a receiver, an address or a URL is needed"));
        return None;
    }
    let way = if target.starts_with("http://") || target.starts_with("https://") {
        ContactWay::Webhook(target)
    } else if target.contains('@') {
        ContactWay::Email(target)
    } else {
        ContactWay::Receiver(target)
    };
    Some(Contact { way, source: walk.place() })
}

/// A condition: one window, so that the short one is as long as the long one.
pub(super) fn pair(spec: &AlertConditionSpec, walk: &mut Walk<'_>) -> Option<BurnPair> {
    let condition = &spec.condition;
    let severity = match spec.severity.as_str() {
        "" => {
            walk.error("severity", "a severity is needed, as in page or ticket");
            Severity::Page
        }
        word => Severity::of(word),
    };
    walk.within("condition", |walk| {
        if condition.kind != "burnrate" {
            walk.error("kind", format_args!("{:?} is no condition that is known: burnrate is needed", condition.kind));
        }
        check_op(&condition.op, walk);
        let factor = factor(condition.threshold.as_deref(), walk);
        let long_ms = duration("lookbackWindow", &condition.lookback_window, walk);
        let for_ms = match condition.alert_after.as_str() {
            "" => Some(0),
            text => duration("alertAfter", text, walk),
        };
        let (long_ms, for_ms, factor) = (long_ms?, for_ms?, factor?);
        (!walk.has_errors()).then_some(BurnPair { severity, long_ms, short_ms: long_ms, factor, for_ms })
    })
}

fn check_op(op: &str, walk: &mut Walk<'_>) {
    match op {
        "gt" | "gte" => {}
        "lt" | "lte" => {
            let message =
                "a budget that burns slowly is no reason to be told: gt or gte is needed, for more than threshold";
            walk.error("op", message);
        }
        other => walk.error("op", format_args!("{other:?} does not compare: gt or gte is needed")),
    }
}

fn factor(text: Option<&str>, walk: &mut Walk<'_>) -> Option<f64> {
    let factor = text.unwrap_or_default().parse::<f64>().ok().filter(|factor| factor.is_finite() && *factor > 0.0);
    if factor.is_none() {
        walk.error("threshold", "a burn rate above 0 is needed: how much faster than evenly over the window");
    }
    factor
}

fn duration(field: &str, text: &str, walk: &mut Walk<'_>) -> Option<i64> {
    match SpecDuration::parse(text) {
        Ok(duration) => Some(duration.nominal_ms()),
        Err(message) => {
            walk.error(field, message);
            None
        }
    }
}

/// Puts one policy beside others: any pair of any of them tells.
fn merge(all: &mut BurnPolicy, policy: BurnPolicy) {
    if all.name.is_empty() {
        all.name = policy.name;
    }
    all.pairs.extend(policy.pairs);
    all.low_traffic = all.low_traffic.take().or(policy.low_traffic);
    all.no_data = all.no_data.take().or(policy.no_data);
    let notify: BTreeMap<_, _> = policy.notify;
    for (severity, contacts) in notify {
        all.notify.entry(severity).or_default().extend(contacts);
    }
    all.is_continued |= policy.is_continued;
    all.texts.extend(policy.texts);
    all.has_exhaustion_label |= policy.has_exhaustion_label;
}
