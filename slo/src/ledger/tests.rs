//! Ledgers of made-up events: what is whose, and that it adds up.

use proptest::prelude::*;

use super::test_kit::{Events, deployment, objective};
use super::*;
use crate::deployment::Deployment;
use crate::history::History;
use crate::spec::{Role, Share};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// One event a minute for so many hours, some of them bad: from minute, to minute, how many of ten.
fn minutes(hours: i64, bad: &[(i64, i64, f64)]) -> Events {
    let of = |minute: i64| bad.iter().filter(|(from, to, _)| (*from..*to).contains(&minute)).map(|(.., bad)| bad).sum();
    Events((0..hours * 60).map(|minute| ((minute + 1) * MINUTE_MS, "v1", of(minute), 10.0)).collect())
}

/// What was always promised alike.
fn past(events: &Events) -> Past<'_> {
    Past { history: events, promises: None }
}

/// The account of a product's own objective in words: `version` or `incident` or `background`, and the bad events.
fn check(events: &Events, promise: (&str, &[&str]), deployments: &[Deployment], hours: i64, want: &[(&str, f64)]) {
    check_of(Role::Own, events, promise, deployments, hours, want);
}

fn check_of(
    role: Role,
    events: &Events,
    promise: (&str, &[&str]),
    deployments: &[Deployment],
    hours: i64,
    want: &[(&str, f64)],
) {
    let objective = objective("slo", promise.0, "99", promise.1);
    let charge = |one| {
        let one: &Deployment = one;
        Charge { deployment: one, from_ms: one.started_ms, to_ms: one.started_ms + HOUR_MS }
    };
    let charges: Vec<Charge<'_>> = deployments.iter().map(charge).collect();
    let account = account(past(events), &objective, role, &charges, (0, hours * HOUR_MS), None);
    let shown = account.entries.iter().map(|entry| match &entry.kind {
        EntryKind::Deployment(deployment) => (deployment.version.clone(), entry.bad),
        EntryKind::Incident => ("incident".to_owned(), entry.bad),
        EntryKind::Background => ("background".to_owned(), entry.bad),
    });
    let shown: Vec<(String, f64)> = shown.map(|(name, bad)| (name, (bad * 1000.0).round() / 1000.0)).collect();
    let want: Vec<(String, f64)> = want.iter().map(|(name, bad)| ((*name).to_owned(), *bad)).collect();
    assert_eq!(shown, want);
    let sum: f64 = account.entries.iter().map(|entry| entry.bad).sum();
    assert!((sum - account.counts.bad).abs() < 1e-6, "{sum} of {}", account.counts.bad);
}

#[test]
fn what_cost_what() {
    // Twenty bad minutes that nobody deployed in.
    check(&minutes(24, &[(100, 120, 5.0)]), ("api", &[]), &[], 24, &[("incident", 100.0), ("background", 0.0)]);
    // One bad event here and there is background.
    check(&minutes(24, &[(100, 101, 0.5)]), ("api", &[]), &[], 24, &[("background", 0.5)]);
    // All after a deployment, nothing before it.
    let bad = minutes(24, &[(120, 140, 5.0)]);
    let v2 = deployment("api", "v2", 120 * MINUTE_MS);
    check(&bad, ("api", &[]), std::slice::from_ref(&v2), 24, &[("v2", 100.0), ("background", 0.0)]);
    // What was bad before already is expected: it stays an incident.
    let before = minutes(24, &[(60, 120, 1.0), (120, 180, 3.0)]);
    check(
        &before,
        ("api", &[]),
        std::slice::from_ref(&v2),
        24,
        &[("v2", 120.0), ("incident", 120.0), ("background", 0.0)],
    );
    // Two at once: the objective's service bears it, or else both alike.
    let both = [v2.clone(), deployment("web", "w2", 120 * MINUTE_MS)];
    check(&bad, ("api", &[]), &both, 24, &[("v2", 100.0), ("background", 0.0)]);
    check(&bad, ("db", &[]), &both, 24, &[("v2", 50.0), ("w2", 50.0), ("background", 0.0)]);
}

#[test]
fn what_fails_upstream_is_no_fault_of_releases_down_here() {
    let bad = minutes(24, &[(120, 140, 5.0)]);
    let ours = deployment("api", "v2", 120 * MINUTE_MS);
    let theirs = deployment("payments", "p2", 120 * MINUTE_MS);
    let upstream = |attribution, deployments: &[Deployment], want| {
        check_of(Role::Upstream, &bad, ("payments", attribution), deployments, 24, want);
    };
    upstream(&[], std::slice::from_ref(&ours), &[("incident", 100.0), ("background", 0.0)]);
    upstream(&["version"], std::slice::from_ref(&ours), &[("incident", 100.0), ("background", 0.0)]);
    upstream(&[], &[ours, theirs], &[("p2", 100.0), ("background", 0.0)]);
}

#[test]
fn versions_tell_deployments_apart_exactly() {
    let mut events = minutes(24, &[(120, 140, 1.0)]);
    events.0.extend((120..140).map(|minute| ((minute + 1) * MINUTE_MS, "v2", 4.0, 10.0)));
    events.0.sort_by_key(|(at_ms, ..)| *at_ms);
    let both = [deployment("api", "v2", 120 * MINUTE_MS), deployment("api", "v3", 120 * MINUTE_MS)];
    check(&events, ("api", &["version"]), &both, 24, &[("v2", 80.0), ("incident", 20.0), ("background", 0.0)]);
}

#[test]
fn a_dear_incident_needs_a_postmortem() {
    let objective = objective("slo", "api", "99", &[]);
    let events = minutes(24, &[(100, 120, 5.0), (600, 610, 0.6)]);
    let account = account(past(&events), &objective, Role::Own, &[], (0, 24 * HOUR_MS), Some(0.2));
    let got: Vec<(f64, bool)> =
        account.entries.iter().map(|entry| (entry.bad.round(), entry.needs_postmortem)).collect();
    assert_eq!(got, [(100.0, true), (6.0, false), (0.0, false)]);
}

/// 90 % were promised for twelve hours, and 99 % since.
#[derive(Debug)]
struct Tightened<'a>(&'a Events);

impl Promises for Tightened<'_> {
    fn allowed(&self, id: &str, from_ms: i64, to_ms: i64) -> Option<f64> {
        let change_ms = (12 * HOUR_MS).clamp(from_ms, to_ms);
        let total = |from_ms, to_ms| self.0.counts(id, from_ms, to_ms).total;
        Some(total(from_ms, change_ms) / 10.0 + total(change_ms, to_ms) / 100.0)
    }

    fn target(&self, _: &str, at_ms: i64) -> Option<Share> {
        Share::from_percent(if at_ms <= 12 * HOUR_MS { "90" } else { "99" }).ok()
    }
}

#[test]
fn what_was_promised_then_counts() {
    let objective = objective("slo", "api", "99", &[]);
    // Half of ten minutes' events each: in the morning five times as fast as evenly, in the evening fifty times. One of twenty
    // before and behind each burns in the evening only.
    let events = minutes(24, &[(95, 100, 0.5), (100, 110, 5.0), (110, 115, 0.5), (1000, 1010, 5.0), (1010, 1015, 0.5)]);
    let entries = |promises: Option<&dyn Promises>| {
        let past = Past { history: &events, promises };
        let account = account(past, &objective, Role::Own, &[], (0, 24 * HOUR_MS), Some(0.2));
        let entry = |entry: &Entry| (entry.bad, entry.needs_postmortem);
        (account.allowed.round(), account.entries.iter().map(entry).collect::<Vec<_>>())
    };
    let always = entries(None);
    assert_eq!(always, (144.0, vec![(55.0, true), (52.5, true), (0.0, false)]));
    let tightened = entries(Some(&Tightened(&events)));
    assert_eq!(tightened, (792.0, vec![(52.5, false), (50.0, false), (5.0, false)]));
}

proptest! {
    /// The sum of a ledger is the bad events of the window, whatever happened in it.
    #[test]
    fn it_adds_up(
        counts in prop::collection::vec((0u8..4, 0u8..12, 0usize..3), 1..400),
        starts in prop::collection::vec((0i64..700, 0usize..3, 0usize..2), 0..12),
        soak in 1i64..200,
        is_exact: bool,
    ) {
        let versions = ["v1", "v2", "v3"];
        let event = |(at, (bad, good, version)): (usize, &(u8, u8, usize))| {
            (at as i64 * 2 * MINUTE_MS, versions[*version], f64::from(*bad), f64::from(*bad + *good))
        };
        let events = Events(counts.iter().enumerate().map(event).collect());
        let deployed = starts.iter().map(|(at, version, service)| {
            deployment(["api", "web"][*service], versions[*version], at * MINUTE_MS + 1)
        });
        let deployed: Vec<Deployment> = deployed.collect();
        let charge = |one| {
            let one: &Deployment = one;
            Charge { deployment: one, from_ms: one.started_ms, to_ms: one.started_ms + soak * MINUTE_MS }
        };
        let charges: Vec<Charge<'_>> = deployed.iter().map(charge).collect();
        let objective = objective("slo", "api", "99", if is_exact { &["version"] } else { &[] });
        let span = (30 * MINUTE_MS, 700 * MINUTE_MS);
        let account = account(past(&events), &objective, Role::Own, &charges, span, None);
        let sum: f64 = account.entries.iter().map(|entry| entry.bad).sum();
        prop_assert!((sum - account.counts.bad).abs() < 1e-6, "{} of {}", sum, account.counts.bad);
        prop_assert!(account.entries.iter().all(|entry| entry.bad >= 0.0));
    }
}
