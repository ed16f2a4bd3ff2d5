//! What the Notification plugin of Jenkins tells (plugins.jenkins.io/notification): the phases of a build.
//!
//! A build is a deployment where it has a commit or a parameter `VERSION`. Its parameters `SERVICE`, `ENVIRONMENT`, `CHANGE` say
//! what the URL of the webhook does not.

use serde_json::Value;

use super::hints::{Hints, HookError, object, text};
use crate::deployment::{CHANGE_CLASSES, DeploymentState, Report, Source};

/// What a notification reports; nothing for a build that only waits, or that has no version.
///
/// # Errors
/// When it is not what the plugin sends.
pub fn jenkins(body: &[u8], hints: &Hints) -> Result<Vec<Report>, HookError> {
    let notification = object(body)?;
    let build = &notification["build"];
    if !build.is_object() {
        return Err(HookError::Missing("build"));
    }
    let Some(state) = state(&text(&build["phase"]), &text(&build["status"])) else { return Ok(Vec::new()) };
    let parameter = |name: &str| text(&build["parameters"][name]);
    let version = first([parameter("VERSION"), text(&build["scm"]["commit"])]);
    if version.is_empty() {
        return Ok(Vec::new());
    }
    let job = text(&notification["name"]);
    let service = first([hints.service.clone(), parameter("SERVICE"), hints.service_of(&job)]);
    if service.is_empty() {
        return Err(HookError::Missing("name"));
    }
    let mut report = Report::new(&service, &version, state, Source::Jenkins);
    if state == DeploymentState::Started {
        // Later phases bear the time of the beginning or of the end, as the plugin's version has it.
        report.started_ms = build["timestamp"].as_i64();
    }
    report.environment = first([hints.environment.clone(), parameter("ENVIRONMENT")]);
    report.change =
        Some(parameter("CHANGE")).filter(|change| CHANGE_CLASSES.contains(&change.as_str())).unwrap_or_default();
    report.url = first([text(&build["full_url"]), text(&build["url"])]);
    report.run = run(&job, build);
    Ok(vec![report])
}

fn first<const N: usize>(texts: [String; N]) -> String {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

fn run(job: &str, build: &Value) -> String {
    let number = text(&build["number"]);
    if number.is_empty() { String::new() } else { format!("jenkins-{job}-{number}") }
}

fn state(phase: &str, status: &str) -> Option<DeploymentState> {
    match (phase, status) {
        ("STARTED", _) => Some(DeploymentState::Started),
        ("COMPLETED" | "FINALIZED", "SUCCESS" | "UNSTABLE") => Some(DeploymentState::Succeeded),
        ("COMPLETED" | "FINALIZED", "FAILURE" | "ABORTED" | "NOT_BUILT") => Some(DeploymentState::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn phases_of_a_build() {
        let check = |phase: &str, status: &str, parameters: &Value, service: &str, want: Option<&str>| {
            let notification = json!({
                "name": "settlement-deploy", "url": "job/settlement-deploy/",
                "build": {
                    "full_url": "http://jenkins.example.org/job/settlement-deploy/7/", "number": 7, "phase": phase,
                    "status": status, "timestamp": 1_777_405_800_000_i64, "parameters": parameters,
                    "scm": {"commit": "c6d86dc6"},
                },
            });
            let hints = Hints { service: service.to_owned(), ..Hints::default() };
            let reports = jenkins(notification.to_string().as_bytes(), &hints).unwrap();
            let shown = reports.first().map(|report| {
                let started = report.started_ms.map_or("-".to_owned(), |at_ms| at_ms.to_string());
                let (state, run) = (report.state.as_str(), &report.run);
                let (service, version) = (&report.service, &report.version);
                format!("{service} {version} {:?} {:?} {state} {started} {run}", report.environment, report.change)
            });
            assert_eq!(shown.as_deref(), want, "{phase} {status}");
        };
        let none = json!(null);
        let said = json!({"SERVICE": "settlement", "VERSION": "v9", "ENVIRONMENT": "eu", "CHANGE": "fix"});
        let run = "jenkins-settlement-deploy-7";
        check("QUEUED", "", &none, "", None);
        let want = format!("settlement-deploy c6d86dc6 \"\" \"\" started 1777405800000 {run}");
        check("STARTED", "", &none, "", Some(&want));
        let want = format!("settlement v9 \"eu\" \"fix\" succeeded - {run}");
        check("COMPLETED", "SUCCESS", &said, "", Some(&want));
        check("FINALIZED", "UNSTABLE", &said, "", Some(&want));
        let want = format!("other v9 \"eu\" \"fix\" failed - {run}");
        check("COMPLETED", "ABORTED", &said, "other", Some(&want));
    }

    #[test]
    fn what_is_no_notification() {
        let hints = Hints::default();
        assert_eq!(jenkins(b"{}", &hints), Err(HookError::Missing("build")));
        assert!(matches!(jenkins(b"", &hints), Err(HookError::NotJson(_))));
        let unversioned = br#"{"name": "x", "build": {"phase": "STARTED"}}"#;
        assert_eq!(jenkins(unversioned, &hints), Ok(Vec::new()));
    }
}
