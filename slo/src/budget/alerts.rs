//! Alerts of budgets: what is pending, fires or has ended, by its labels.
//!
//! A claim is what a tick finds to be wrong. It is pending for as long as its pair says, then fires, and ends at the first tick
//! that does not find it. What has ended is told again for a quarter of an hour. Before an objective has samples of this run of
//! narthex, nothing begins to fire and nothing ends.

use std::collections::{BTreeMap, BTreeSet};

use alerting::Alert;
use alerting::rules::{AlertState, Instance, RESOLVED_RETENTION_MS, RuleAlert};
use model::Labels;

/// How often what fires is told again, in milliseconds: Prometheus's `--rules.alert.resend-delay`.
const RESEND_MS: i64 = 60_000;

/// The annotation that says what is to be expected. It is made when an alert is told, and not at each tick.
const FORECAST: &str = "budget_forecast";

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claim {
    /// Whose budget it is.
    pub(crate) objective: String,
    /// What it is.
    pub(crate) labels: Labels,
    /// What is said of it.
    pub(crate) annotations: Labels,
    /// How much.
    pub(crate) value: f64,
    /// For how long it has to be wrong, in milliseconds.
    pub(crate) hold_ms: i64,
}

/// An alert, and whose budget it is of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BudgetAlert {
    pub(crate) objective: String,
    pub(crate) instance: Instance,
}

/// What a tick changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AlertChanges {
    /// These are otherwise than they were.
    pub(crate) changed: Vec<BudgetAlert>,
    /// These are no more.
    pub(crate) gone: Vec<Labels>,
}

/// All alerts there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alerts(BTreeMap<Labels, BudgetAlert>);

impl Alerts {
    /// What the last run left.
    pub(crate) fn restored(alerts: Vec<BudgetAlert>) -> Alerts {
        Alerts(alerts.into_iter().map(|alert| (alert.instance.labels.clone(), alert)).collect())
    }

    /// All of them, those included that have ended lately.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &BudgetAlert> {
        self.0.values()
    }

    /// How many there are, those included that have ended lately.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all alerts to the time of a tick. Of objectives that are not fresh nothing changes.
    pub(crate) fn step(&mut self, claims: Vec<Claim>, is_fresh: impl Fn(&str) -> bool, now_ms: i64) -> AlertChanges {
        let mut changes = AlertChanges::default();
        let claimed: BTreeSet<Labels> = claims.iter().map(|claim| claim.labels.clone()).collect();
        for claim in claims {
            let is_fresh = is_fresh(&claim.objective);
            self.claim(claim, is_fresh, now_ms, &mut changes);
        }
        self.0.retain(|labels, alert| {
            if claimed.contains(labels) {
                return true;
            }
            let was = alert.instance.state;
            let is_kept = alert.instance_absent(is_fresh(&alert.objective), now_ms);
            if !is_kept {
                changes.gone.push(labels.clone());
            } else if alert.instance.state != was {
                changes.changed.push(alert.clone());
            }
            is_kept
        });
        changes
    }

    fn claim(&mut self, claim: Claim, is_fresh: bool, now_ms: i64, changes: &mut AlertChanges) {
        let known = self.0.get(&claim.labels).map(|alert| &alert.instance);
        let is_new = known.is_none_or(|instance| instance.state == AlertState::Inactive);
        if is_new && !is_fresh {
            return;
        }
        if is_new {
            let instance = begun(&claim, now_ms);
            self.0.insert(claim.labels.clone(), BudgetAlert { objective: claim.objective.clone(), instance });
        }
        let Some(alert) = self.0.get_mut(&claim.labels) else { return };
        let instance = &mut alert.instance;
        instance.annotations = claim.annotations;
        instance.value = claim.value;
        let is_ripe = now_ms - instance.active_at_ms >= claim.hold_ms;
        let ripens = instance.state == AlertState::Pending && is_ripe && is_fresh;
        if ripens {
            instance.state = AlertState::Firing;
            instance.fired_at_ms = Some(now_ms);
        }
        if is_new || ripens {
            changes.changed.push(alert.clone());
        }
    }

    /// What is to be told at a time, to whoever listens. `beside` answers where an objective's page is, and what is to be expected
    /// of its budget.
    pub(crate) fn told(
        &mut self,
        now_ms: i64,
        valid_for_ms: i64,
        beside: impl Fn(&str) -> (String, Option<String>),
    ) -> Vec<RuleAlert> {
        let mut told = Vec::new();
        for BudgetAlert { objective, instance } in self.0.values_mut() {
            let is_news = instance.resolved_at_ms > instance.last_sent_ms;
            let is_due = instance.last_sent_ms.is_none_or(|sent_ms| sent_ms + RESEND_MS <= now_ms || sent_ms > now_ms);
            if instance.state == AlertState::Pending || !(is_news || is_due) {
                continue;
            }
            instance.last_sent_ms = Some(now_ms);
            instance.valid_until_ms = now_ms.saturating_add(valid_for_ms);
            let (generator_url, forecast) = beside(objective);
            // What burns has windows. While nothing is measured nobody knows what is to be expected.
            let forecast = forecast.filter(|_| instance.labels.get("long").is_some());
            let mut annotations = instance.annotations.to_builder();
            annotations.set(FORECAST, forecast.as_deref().unwrap_or_default());
            let alert = Alert {
                labels: instance.labels.clone(),
                annotations: annotations.build(),
                starts_at_ms: instance.fired_at_ms.unwrap_or(instance.active_at_ms),
                ends_at_ms: instance.resolved_at_ms,
                generator_url,
                updated_at_ms: now_ms,
                is_timeout: false,
            };
            told.push(RuleAlert { alert, valid_until_ms: instance.valid_until_ms });
        }
        told
    }
}

impl BudgetAlert {
    /// It was not found; whether it is to be kept.
    fn instance_absent(&mut self, is_fresh: bool, now_ms: i64) -> bool {
        let instance = &mut self.instance;
        match instance.state {
            AlertState::Pending => !is_fresh,
            AlertState::Firing => {
                if is_fresh {
                    instance.state = AlertState::Inactive;
                    instance.resolved_at_ms = Some(now_ms);
                }
                true
            }
            AlertState::Inactive => {
                let is_old = |resolved_at_ms: i64| (now_ms - resolved_at_ms).abs() > RESOLVED_RETENTION_MS;
                !instance.resolved_at_ms.is_some_and(is_old)
            }
        }
    }
}

fn begun(claim: &Claim, now_ms: i64) -> Instance {
    Instance {
        labels: claim.labels.clone(),
        annotations: claim.annotations.clone(),
        value: claim.value,
        state: AlertState::Pending,
        active_at_ms: now_ms,
        fired_at_ms: None,
        keep_firing_since_ms: None,
        resolved_at_ms: None,
        last_sent_ms: None,
        valid_until_ms: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(hold_ms: i64) -> Claim {
        let labels = Labels::from_pairs([("alertname", "SLOBurnRate"), ("long", "1h"), ("slo", "a")]);
        Claim { objective: "a".to_owned(), labels, annotations: Labels::empty(), value: 20.0, hold_ms }
    }

    /// Goes through ticks 30 apart: `x` found, `.` not found, capitals and `-` before there were samples of this run.
    #[test]
    fn states_follow_ticks() {
        let check = |hold_ms: i64, ticks: &str, want: &str| {
            let mut alerts = Alerts::default();
            let mut states = String::new();
            for (number, tick) in ticks.chars().enumerate() {
                let claims = if matches!(tick, 'x' | 'X') { vec![claim(hold_ms)] } else { Vec::new() };
                alerts.step(claims, |_| matches!(tick, 'x' | '.'), number as i64 * 30);
                states.push(match alerts.iter().next().map(|alert| alert.instance.state) {
                    None => ' ',
                    Some(AlertState::Inactive) => 'i',
                    Some(AlertState::Pending) => 'p',
                    Some(AlertState::Firing) => 'f',
                });
            }
            assert_eq!(states, want, "{ticks}");
        };
        check(0, ".xx..x", " ffiif");
        check(60, "xxx.", "ppfi");
        check(60, "xx.x", "pp p");
        check(0, "x--.", "fffi");
        check(0, "X-Xx", "   f");
        check(60, "xXXXx", "ppppf");
        check(60, "x--.", "ppp ");
    }

    #[test]
    fn what_fires_is_told_again_and_its_end_at_once() {
        let mut alerts = Alerts::default();
        let mut check = |now_ms: i64, is_found: bool, want: &[Option<i64>]| {
            let claims = if is_found { vec![claim(0)] } else { Vec::new() };
            alerts.step(claims, |_| true, now_ms);
            let told = alerts.told(now_ms, 1000, |id| (format!("/slos/{id}"), Some("It lasts.".to_owned())));
            let ends: Vec<Option<i64>> = told.iter().map(|told| told.alert.ends_at_ms).collect();
            assert_eq!(ends, want, "at {now_ms}");
            assert!(told.iter().all(|told| told.alert.generator_url == "/slos/a" && told.alert.starts_at_ms == 10));
            assert!(told.iter().all(|told| told.alert.annotations.get("budget_forecast") == Some("It lasts.")));
        };
        check(0, false, &[]);
        check(10, true, &[None]);
        check(20, true, &[]);
        check(60_010, true, &[None]);
        check(60_020, false, &[Some(60_020)]);
        check(60_030, false, &[]);
        check(120_020, false, &[Some(60_020)]);
        check(60_021 + RESOLVED_RETENTION_MS, false, &[]);
    }

    #[test]
    fn changes_are_what_a_restart_has_to_know() {
        let mut alerts = Alerts::default();
        let changes = alerts.step(vec![claim(0)], |_| true, 10);
        assert_eq!((changes.changed.len(), changes.gone.len()), (1, 0));
        assert_eq!(alerts.step(vec![claim(0)], |_| true, 20), AlertChanges::default());
        let mut again = Alerts::restored(changes.changed);
        assert_eq!(again.step(Vec::new(), |_| false, 30), AlertChanges::default());
        let ended = again.step(Vec::new(), |_| true, 40);
        assert_eq!(ended.changed[0].instance.resolved_at_ms, Some(40));
        let gone = again.step(Vec::new(), |_| true, 41 + RESOLVED_RETENTION_MS);
        assert_eq!(gone.gone.len(), 1);
    }
}
