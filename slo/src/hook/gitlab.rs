//! GitLab's deployment and pipeline events (docs.gitlab.com, "Webhook events").
//!
//! Both name the job that deploys, and it is the run: so what both tell, and what the job reports itself, is one deployment. A
//! pipeline's event has the whole commit and its time; a deployment's has the commit's beginning, and its URL ends with all of it.

use serde_json::Value;

use super::hints::{Hints, HookError, object, text, time};
use crate::deployment::{DeploymentState, Report, Source};

/// What an event reports; nothing where it is of another kind.
///
/// # Errors
/// When it is not what GitLab sends.
pub fn gitlab(body: &[u8], hints: &Hints) -> Result<Vec<Report>, HookError> {
    let event = object(body)?;
    match event["object_kind"].as_str() {
        Some("deployment") => deployment(&event, hints).map(|report| report.into_iter().collect()),
        Some("pipeline") => pipeline(&event, hints),
        Some(_) => Ok(Vec::new()),
        None => Err(HookError::Missing("object_kind")),
    }
}

fn state(status: &str) -> Option<DeploymentState> {
    match status {
        "running" => Some(DeploymentState::Started),
        "success" => Some(DeploymentState::Succeeded),
        "failed" | "canceled" => Some(DeploymentState::Failed),
        _ => None,
    }
}

fn project(event: &Value) -> Result<String, HookError> {
    Some(text(&event["project"]["path_with_namespace"]))
        .filter(|path| !path.is_empty())
        .ok_or(HookError::Missing("project.path_with_namespace"))
}

fn run(job: &Value) -> String {
    let id = text(job);
    if id.is_empty() { id } else { format!("gitlab-job-{id}") }
}

fn deployment(event: &Value, hints: &Hints) -> Result<Option<Report>, HookError> {
    let Some(state) = state(&text(&event["status"])) else { return Ok(None) };
    let short = text(&event["short_sha"]);
    let commit_url = text(&event["commit_url"]);
    let whole = commit_url.rsplit('/').next().filter(|sha| !short.is_empty() && sha.starts_with(&short));
    let version = whole.map_or(short.clone(), str::to_owned);
    if version.is_empty() {
        return Err(HookError::Missing("short_sha"));
    }
    let mut report = Report::new(&hints.service_of(&project(event)?), &version, state, Source::Gitlab);
    let at_ms = time(&event["status_changed_at"]);
    match state {
        DeploymentState::Started => report.started_ms = at_ms,
        _ => report.ended_ms = at_ms,
    }
    report.environment = environment(hints, &event["environment"]);
    report.url = text(&event["deployable_url"]);
    report.actor = text(&event["user"]["username"]);
    report.run = run(&event["deployable_id"]);
    Ok(Some(report))
}

fn environment(hints: &Hints, said: &Value) -> String {
    if hints.environment.is_empty() { text(said) } else { hints.environment.clone() }
}

fn pipeline(event: &Value, hints: &Hints) -> Result<Vec<Report>, HookError> {
    let service = hints.service_of(&project(event)?);
    let attributes = &event["object_attributes"];
    let version = text(&attributes["sha"]);
    if version.is_empty() {
        return Err(HookError::Missing("object_attributes.sha"));
    }
    let url = match text(&attributes["url"]) {
        url if !url.is_empty() => url,
        _ => match (text(&event["project"]["web_url"]), text(&attributes["id"])) {
            (web_url, id) if !web_url.is_empty() && !id.is_empty() => format!("{web_url}/-/pipelines/{id}"),
            _ => String::new(),
        },
    };
    let jobs = event["builds"].as_array().map(Vec::as_slice).unwrap_or_default();
    let deploys = |job: &&Value| job["environment"]["action"] == "start";
    let report = |job: &Value| {
        let mut report = Report::new(&service, &version, state(&text(&job["status"]))?, Source::Gitlab);
        report.environment = environment(hints, &job["environment"]["name"]);
        report.started_ms = time(&job["started_at"]);
        report.ended_ms = time(&job["finished_at"]).filter(|_| report.state.is_end());
        report.committed_ms = time(&event["commit"]["timestamp"]);
        report.url.clone_from(&url);
        report.actor = text(&event["user"]["username"]);
        report.run = run(&job["id"]);
        Some(report)
    };
    Ok(jobs.iter().filter(deploys).filter_map(report).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHA: &str = "279484c09fbe69ededfced8c1bb6e6d24616b468";

    /// Reports in words: service, version, environment, state, start, end, commit, run, actor.
    fn check(event: &Value, hints: &Hints, want: Result<&[&str], &str>) {
        let shown = |report: &Report| {
            let time = |at_ms: Option<i64>| at_ms.map_or("-".to_owned(), |at_ms| (at_ms / 1000).to_string());
            let times = [report.started_ms, report.ended_ms, report.committed_ms].map(time).join(" ");
            format!(
                "{} {} {} {} {times} {} {}",
                report.service,
                report.version,
                report.environment,
                report.state.as_str(),
                report.run,
                report.actor
            )
        };
        let got = gitlab(event.to_string().as_bytes(), hints);
        let got = got.map(|reports| reports.iter().map(shown).collect::<Vec<_>>()).map_err(|error| error.to_string());
        let want = want.map(|want| want.iter().map(|one| (*one).to_owned()).collect()).map_err(str::to_owned);
        assert_eq!(got, want, "{event}");
    }

    fn deployment(status: &str) -> Value {
        json!({
            "object_kind": "deployment", "status": status, "status_changed_at": "2026-04-28 21:50:00 +0200",
            "deployment_id": 15, "deployable_id": 796, "deployable_url": "https://gitlab.example.org/shop/api/-/jobs/796",
            "environment": "production", "project": {"path_with_namespace": "shop/api"}, "short_sha": &SHA[..8],
            "user": {"username": "li"}, "commit_url": format!("https://gitlab.example.org/shop/api/-/commit/{SHA}"),
        })
    }

    #[test]
    fn deployments() {
        let hints = Hints::default();
        let line = |rest: &str| format!("api {SHA} production {rest}");
        check(&deployment("running"), &hints, Ok(&[&line("started 1777405800 - - gitlab-job-796 li")]));
        check(&deployment("success"), &hints, Ok(&[&line("succeeded - 1777405800 - gitlab-job-796 li")]));
        check(&deployment("canceled"), &hints, Ok(&[&line("failed - 1777405800 - gitlab-job-796 li")]));
        check(&deployment("created"), &hints, Ok(&[]));
        let mut short = deployment("running");
        short["commit_url"] = json!("https://elsewhere/");
        check(&short, &hints, Ok(&["api 279484c0 production started 1777405800 - - gitlab-job-796 li"]));
        let labelled = [("shop/api".to_owned(), "checkout".to_owned())].into();
        let hints = Hints { environment: "eu".to_owned(), labelled, ..Hints::default() };
        check(&short, &hints, Ok(&["checkout 279484c0 eu started 1777405800 - - gitlab-job-796 li"]));
    }

    #[test]
    fn pipelines() {
        let event = json!({
            "object_kind": "pipeline",
            "object_attributes": {"id": 31, "sha": SHA, "status": "running"},
            "commit": {"timestamp": "2026-04-28T19:00:00Z"},
            "user": {"username": "li"},
            "project": {"path_with_namespace": "shop/api", "web_url": "https://gitlab.example.org/shop/api"},
            "builds": [
                {"id": 795, "status": "success", "environment": null},
                {"id": 796, "status": "success", "started_at": "2026-04-28 19:50:00 UTC",
                 "finished_at": "2026-04-28 19:51:00 UTC", "environment": {"name": "production", "action": "start"}},
                {"id": 797, "status": "running", "started_at": "2026-04-28 19:52:00 UTC",
                 "environment": {"name": "eu", "action": "start"}},
                {"id": 798, "status": "manual", "environment": {"name": "us", "action": "start"}},
                {"id": 799, "status": "success", "environment": {"name": "review", "action": "stop"}},
            ],
        });
        let want = [
            format!("api {SHA} production succeeded 1777405800 1777405860 1777402800 gitlab-job-796 li"),
            format!("api {SHA} eu started 1777405920 - 1777402800 gitlab-job-797 li"),
        ];
        check(&event, &Hints::default(), Ok(&want.each_ref().map(String::as_str)));
        let reports = gitlab(event.to_string().as_bytes(), &Hints::default()).unwrap();
        assert_eq!(reports[0].url, "https://gitlab.example.org/shop/api/-/pipelines/31");
    }

    #[test]
    fn what_is_no_event() {
        let hints = Hints::default();
        check(&json!({"object_kind": "push"}), &hints, Ok(&[]));
        check(&json!({}), &hints, Err("object_kind is missing"));
        check(&json!([]), &hints, Err("the body is no JSON object: it is something else"));
        check(
            &json!({"object_kind": "deployment", "status": "success", "short_sha": "1"}),
            &hints,
            Err("project.path_with_namespace is missing"),
        );
        assert!(matches!(gitlab(b"x", &hints), Err(HookError::NotJson(_))));
    }
}
