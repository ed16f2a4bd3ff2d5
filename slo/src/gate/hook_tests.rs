//! What webhooks tell of deployments, over kills: nothing of it waits in memory for what is yet to come.

use serde_json::{Value, json};

use super::tests::{Fixture, START_MS};
use crate::deployment::{Deployment, DeploymentFilter, DeploymentState, Report, Source};
use crate::hook::{Hints, gitlab};
use crate::spec::OnUnknown;

const SHA: &str = "279484c09fbe69ededfced8c1bb6e6d24616b468";

/// The job that deploys, as a pipeline's event has it.
fn job(id: u64, status: &str, times: &Value) -> Value {
    let mut job = json!({"id": id, "status": status, "environment": {"name": "production", "action": "start"}});
    job.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
    job
}

fn pipeline(jobs: &[Value]) -> Value {
    json!({
        "object_kind": "pipeline", "object_attributes": {"id": 31, "sha": SHA, "status": "running"},
        "commit": {"timestamp": "2023-11-14T20:00:00Z"}, "user": {"username": "li"},
        "project": {"path_with_namespace": "shop/api", "web_url": "https://gitlab.example.org/shop/api"}, "builds": jobs,
    })
}

fn deployment(status: &str, at: &str) -> Value {
    json!({
        "object_kind": "deployment", "status": status, "status_changed_at": at, "deployable_id": 796,
        "environment": "production", "project": {"path_with_namespace": "shop/api"}, "short_sha": &SHA[..8],
        "user": {"username": "li"}, "commit_url": format!("https://gitlab.example.org/shop/api/-/commit/{SHA}"),
    })
}

fn reports(event: &Value) -> Vec<Report> {
    gitlab(event.to_string().as_bytes(), &Hints::default()).unwrap()
}

/// All that is known, but for what narthex calls it.
fn known(fixture: &Fixture) -> Vec<Deployment> {
    let all = fixture.gates.deployments(&DeploymentFilter::default());
    all.into_iter().map(|one| Deployment { id: String::new(), ..one }).collect()
}

#[test]
fn a_kill_between_two_events_of_one_deployment_loses_nothing() {
    let times = json!({"started_at": "2023-11-14 22:01:00 UTC", "finished_at": "2023-11-14 22:05:00 UTC"});
    let events = [
        pipeline(&[job(796, "running", &json!({"started_at": "2023-11-14 22:01:00 UTC"}))]),
        deployment("running", "2023-11-14 22:01:05 +0000"),
        deployment("success", "2023-11-14 22:05:00 +0000"),
        pipeline(&[job(796, "success", &times)]),
    ];
    let told = |order: &[usize], killed_before: Option<usize>| {
        let mut fixture = Fixture::new(OnUnknown::Deny);
        for (number, event) in order.iter().enumerate() {
            if killed_before == Some(number) {
                let before = known(&fixture);
                fixture.restart();
                assert_eq!(known(&fixture), before, "{order:?} {killed_before:?}");
            }
            let uuid = event.to_string();
            let take = || fixture.gates.report_hook("gitlab", &uuid, reports(&events[*event])).unwrap();
            assert_eq!(take().map(|all| all.len()), Some(1));
            assert_eq!(take(), None, "it was taken");
        }
        if killed_before == Some(order.len()) {
            fixture.restart();
        }
        for event in order {
            let again = fixture.gates.report_hook("gitlab", &event.to_string(), reports(&events[*event])).unwrap();
            assert_eq!(again, None, "it was taken before the kill");
        }
        known(&fixture)
    };
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [2, 3, 0, 1], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let want = told(&order, None);
        assert_eq!(want.len(), 1, "both tell of one deployment: {want:?}");
        assert_eq!(want[0].state, DeploymentState::Succeeded, "{order:?}");
        assert!(want[0].committed_ms.is_some() && want[0].run.as_deref() == Some("gitlab-job-796"), "{want:?}");
        for killed_before in 0..=order.len() {
            assert_eq!(told(&order, Some(killed_before)), want, "{order:?} {killed_before}");
        }
    }
}

/// A job that was tried again is another deployment, even where one event tells of both, and a pipeline said that it begins.
#[test]
fn two_jobs_of_one_event_are_two_deployments() {
    let mut fixture = Fixture::new(OnUnknown::Deny);
    let began = Report::new("api", SHA, DeploymentState::Started, Source::Api);
    fixture.gates.report(Report { started_ms: Some(START_MS - 60_000), ..began }).unwrap();
    let no_times = json!({});
    let jobs = [("failed", 796), ("success", 797), ("success", 797)];
    let jobs = jobs.map(|(status, id)| job(id, status, &no_times));
    let told = fixture.gates.report_hook("gitlab", "1", reports(&pipeline(&jobs))).unwrap().unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    fixture.restart();
    let mut shown: Vec<(Option<String>, DeploymentState)> =
        known(&fixture).into_iter().map(|one| (one.run, one.state)).collect();
    shown.sort_by(|one, other| one.0.cmp(&other.0));
    let run = |id: u64| Some(format!("gitlab-job-{id}"));
    assert_eq!(shown, [(run(796), DeploymentState::Failed), (run(797), DeploymentState::Succeeded)]);
}
