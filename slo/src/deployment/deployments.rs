//! All deployments that are known.

use std::collections::VecDeque;

use super::record::{DEFAULT_CHANGE, Deployment, DeploymentState, Report, ReportError};

/// The limit `deployments`: the oldest beyond it are forgotten.
pub const MAX_DEPLOYMENTS: usize = 50_000;

/// All deployments, in the order in which they became known.
#[derive(Clone, Debug, Default)]
pub struct Deployments {
    known: VecDeque<Deployment>,
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A deployment that was not known, or is now as this says: to be kept.
    Changed(Deployment),
    /// All of it was known.
    Known(Deployment),
}

impl Outcome {
    /// The deployment as it is now.
    pub fn deployment(&self) -> &Deployment {
        match self {
            Outcome::Changed(deployment) | Outcome::Known(deployment) => deployment,
        }
    }
}

/// Which deployments are asked for. Nothing is everything.
#[derive(Clone, Debug, Default)]
pub struct DeploymentFilter {
    /// Of these services; empty for all.
    pub services: Vec<String>,
    /// Of this version.
    pub version: Option<String>,
    /// To this environment.
    pub environment: Option<String>,
    /// That have come so far.
    pub state: Option<DeploymentState>,
    /// Begun after this, in milliseconds since the Unix epoch.
    pub after_ms: Option<i64>,
    /// Begun at or before this.
    pub until_ms: Option<i64>,
}

impl DeploymentFilter {
    fn takes(&self, deployment: &Deployment) -> bool {
        (self.services.is_empty() || self.services.contains(&deployment.service))
            && self.version.as_ref().is_none_or(|version| *version == deployment.version)
            && self.environment.as_ref().is_none_or(|environment| *environment == deployment.environment)
            && self.state.is_none_or(|state| state == deployment.state)
            && self.after_ms.is_none_or(|after_ms| deployment.started_ms > after_ms)
            && self.until_ms.is_none_or(|until_ms| deployment.started_ms <= until_ms)
    }
}

impl Deployments {
    /// What a report would make of what is known; [`Deployments::put`] takes it. `newer` are deployments as they will be, not
    /// taken yet.
    ///
    /// # Errors
    /// When the report makes no sense.
    pub fn outcome(
        &self,
        report: Report,
        newer: &[Deployment],
        now_ms: i64,
        id: impl FnOnce() -> String,
    ) -> Result<Outcome, ReportError> {
        let report = report.checked(now_ms)?;
        let is_current = |known: &&Deployment| !newer.iter().any(|one| one.id == known.id);
        let mut all = newer.iter().rev().chain(self.known.iter().rev().filter(is_current));
        let Some(known) = all.find(|known| is_of(known, &report)) else {
            return Ok(Outcome::Changed(begun(&report, now_ms, id())));
        };
        if is_begun_again(known, &report, now_ms) {
            return Ok(Outcome::Changed(begun(&report, now_ms, id())));
        }
        let told = told(known, &report, now_ms);
        Ok(if told == *known { Outcome::Known(told) } else { Outcome::Changed(told) })
    }

    /// Takes a deployment in the place of the one with its id, or as a new one.
    pub fn put(&mut self, deployment: Deployment) {
        match self.known.iter_mut().rev().find(|known| known.id == deployment.id) {
            Some(known) => *known = deployment,
            None => self.known.push_back(deployment),
        }
        if self.known.len() > MAX_DEPLOYMENTS {
            self.known.pop_front();
        }
    }

    /// The one with an id.
    pub fn get(&self, id: &str) -> Option<&Deployment> {
        self.known.iter().rev().find(|known| known.id == id)
    }

    /// All of them, oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Deployment> {
        self.known.iter()
    }

    /// Those that are asked for, newest first.
    pub fn find(&self, filter: &DeploymentFilter) -> Vec<&Deployment> {
        let mut found: Vec<&Deployment> = self.known.iter().filter(|known| filter.takes(known)).collect();
        found.sort_by_key(|known| std::cmp::Reverse(known.started_ms));
        found
    }
}

/// Whether a report may be about a deployment: runs tell apart what has them.
fn is_of(known: &Deployment, report: &Report) -> bool {
    let is_run = known.run.as_deref().is_none_or(|run| report.run.is_empty() || run == report.run);
    known.service == report.service
        && known.version == report.version
        && known.environment == report.environment
        && is_run
}

/// A beginning that is reported without a time, so long after an end, is another one, in milliseconds; sooner it may be a report that
/// was overtaken.
const OVERTAKEN_MS: i64 = 60_000;

/// Whether a report is of another deployment of the same version: one that began when this one was over.
fn is_begun_again(known: &Deployment, report: &Report, now_ms: i64) -> bool {
    let is_same_run = known.run.as_deref() == Some(report.run.as_str());
    let is_later = known.ended_ms.is_some_and(|ended_ms| match report.started_ms {
        Some(started_ms) => started_ms > ended_ms,
        None => report.state == DeploymentState::Started && now_ms - ended_ms > OVERTAKEN_MS,
    });
    known.state.is_end() && is_later && !is_same_run
}

fn begun(report: &Report, now_ms: i64, id: String) -> Deployment {
    let at_ms = report.started_ms.or(report.ended_ms).unwrap_or(now_ms);
    Deployment {
        id,
        service: report.service.clone(),
        version: report.version.clone(),
        environment: report.environment.clone(),
        change: if report.change.is_empty() { DEFAULT_CHANGE.to_owned() } else { report.change.clone() },
        state: report.state,
        started_ms: at_ms,
        ended_ms: report.state.is_end().then(|| report.ended_ms.unwrap_or(now_ms).max(at_ms)),
        committed_ms: report.committed_ms,
        url: text(&report.url),
        actor: text(&report.actor),
        run: text(&report.run),
        source: report.source,
    }
}

/// A deployment after a report about it. What was said once stands, but for how far it has come.
fn told(known: &Deployment, report: &Report, now_ms: i64) -> Deployment {
    let mut told = known.clone();
    // Who first told of the end may not have said when it began.
    if known.ended_ms == Some(known.started_ms) {
        told.started_ms = known.started_ms.min(report.started_ms.unwrap_or(i64::MAX));
    }
    if report.state.is_end() && report.state != known.state && known.state != DeploymentState::RolledBack {
        told.state = report.state;
        told.ended_ms = Some(report.ended_ms.unwrap_or(now_ms).max(known.started_ms));
    }
    if known.change == DEFAULT_CHANGE && !report.change.is_empty() {
        told.change.clone_from(&report.change);
    }
    told.committed_ms = known.committed_ms.or(report.committed_ms);
    told.url = known.url.clone().or_else(|| text(&report.url));
    told.actor = known.actor.clone().or_else(|| text(&report.actor));
    told.run = known.run.clone().or_else(|| text(&report.run));
    told
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    /// `state` or `state@start` or `state#run`, at times that go up by a thousand; what the deployments are in the end.
    fn check(reports: &[&str], want: &[&str]) {
        let mut deployments = Deployments::default();
        for (number, text) in reports.iter().enumerate() {
            let now_ms = 1000 * (number as i64 + 1);
            let (rest, run) = text.split_once('#').unwrap_or((text, ""));
            let (state, started) = rest.split_once('@').unwrap_or((rest, ""));
            let state = DeploymentState::ALL.into_iter().find(|known| known.as_str() == state).unwrap();
            let mut report = Report::new("api", "v1", state, Source::Api);
            run.clone_into(&mut report.run);
            report.started_ms = started.parse().ok();
            let outcome = deployments.outcome(report.clone(), &[], now_ms, || format!("d{number}")).unwrap();
            deployments.put(outcome.deployment().clone());
            let again = deployments.outcome(report, &[], now_ms + 1, || "again".to_owned()).unwrap();
            assert_eq!(again, Outcome::Known(outcome.deployment().clone()), "{reports:?} {text}");
        }
        let shown = deployments.all().map(|one| {
            let ended = one.ended_ms.map_or("-".to_owned(), |ended_ms| ended_ms.to_string());
            let run = one.run.as_ref().map_or(String::new(), |run| format!("#{run}"));
            format!("{} {} {ended} {}{run}", one.id, one.started_ms, one.state.as_str())
        });
        assert_eq!(shown.collect::<Vec<_>>(), want, "{reports:?}");
    }

    #[test]
    fn reports_become_deployments_once() {
        check(&["started"], &["d0 1000 - started"]);
        check(&["started", "started"], &["d0 1000 - started"]);
        check(&["started", "succeeded", "succeeded"], &["d0 1000 2000 succeeded"]);
        check(&["started", "succeeded", "rolled_back"], &["d0 1000 3000 rolled_back"]);
        check(&["started", "failed", "succeeded"], &["d0 1000 3000 succeeded"]);
        // Out of order: the beginning comes behind the end.
        check(&["succeeded", "started"], &["d0 1000 1000 succeeded"]);
        check(&["succeeded", "started@500"], &["d0 500 1000 succeeded"]);
        check(&["started", "succeeded", "started@500"], &["d0 1000 2000 succeeded"]);
        check(&["started", "rolled_back", "succeeded"], &["d0 1000 2000 rolled_back"]);
        // The same version once more, which only its time or its run can tell.
        check(&["started", "succeeded", "started@2500"], &["d0 1000 2000 succeeded", "d2 2500 - started"]);
        check(&["started", "succeeded", "started@1500"], &["d0 1000 2000 succeeded"]);
        check(
            &["started#1", "succeeded#1", "started#2", "failed#2", "started#1"],
            &["d0 1000 2000 succeeded#1", "d2 3000 4000 failed#2"],
        );
        // A pipeline's own report and the webhook about it are one.
        check(&["started", "started#1", "succeeded#1", "succeeded"], &["d0 1000 3000 succeeded#1"]);
    }

    /// A pipeline that says neither when nor in which run deploys the same version again.
    #[test]
    fn a_version_goes_out_again() {
        let mut deployments = Deployments::default();
        let mut report = |state, now_ms: i64| {
            let report = Report::new("api", "v1", state, Source::Api);
            let outcome = deployments.outcome(report, &[], now_ms, || format!("at {now_ms}")).unwrap();
            deployments.put(outcome.deployment().clone());
            (outcome.deployment().id.clone(), outcome.deployment().state)
        };
        use DeploymentState::{RolledBack, Started, Succeeded};
        assert_eq!(report(Started, 0), ("at 0".to_owned(), Started));
        assert_eq!(report(RolledBack, 1000), ("at 0".to_owned(), RolledBack));
        assert_eq!(report(Started, 1000 + OVERTAKEN_MS), ("at 0".to_owned(), RolledBack), "it was overtaken");
        assert_eq!(report(Started, 1001 + OVERTAKEN_MS), ("at 61001".to_owned(), Started));
        assert_eq!(report(Succeeded, 2_000_000), ("at 61001".to_owned(), Succeeded));
        assert_eq!(report(Succeeded, 9_000_000), ("at 61001".to_owned(), Succeeded), "an end begins nothing");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let check = |change: fn(&mut Report), want: &str| {
            let mut report = Report::new("api", "v1", DeploymentState::Started, Source::Api);
            change(&mut report);
            let error = Deployments::default().outcome(report, &[], 1_000_000, String::new).unwrap_err();
            assert_eq!(error.to_string(), want);
        };
        check(|report| report.service.clear(), "service is missing");
        check(|report| report.version = "a\nb".to_owned(), "version has control characters");
        check(
            |report| report.url = "x".repeat(1025),
            "url has 1025 bytes, and the limit is 1024 (deployment_text_bytes)",
        );
        check(
            |report| report.change = "party".to_owned(),
            "\"party\" is no class of changes: there are feature, fix, security, rollback, config",
        );
        check(
            |report| (report.started_ms, report.ended_ms) = (Some(2), Some(1)),
            "the times make no sense: it ended before it began",
        );
        check(
            |report| report.started_ms = Some(i64::MAX),
            "the times make no sense: they lie in the future, by more than 10 min (deployment_ahead)",
        );
    }
}
