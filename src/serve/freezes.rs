//! Freeze periods of GitLab's: kept as policies want them.
//!
//! One task asks GitLab what is there, makes what is missing and takes away what is over: after the start, after each change, and
//! again until that has succeeded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use net::client::{Addresses, Channel, Client, ClientOptions, Request};
use net::config::{Authorization, HttpConfig};
use slo::gate::Gates;
use slo::policy::{FreezePeriod, KnownPeriod};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long GitLab may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The limit `freeze_answer_bytes`: a longer answer is not read.
pub(super) const MAX_ANSWER_BYTES: usize = 1 << 20;
/// After a failure it is tried again after this.
const RETRY_AFTER: Duration = Duration::from_secs(30);
/// What may be said of an answer that is no success, in characters.
const MAX_SAID: usize = 200;

/// The task, until it is dropped.
#[derive(Debug)]
pub(super) struct Freezes {
    wanted: watch::Sender<Vec<FreezePeriod>>,
    task: JoinHandle<()>,
}

impl Freezes {
    /// Begins; `gates` are told how it goes. Must be called in a runtime.
    pub(super) fn start(gates: Arc<Gates>) -> Freezes {
        let (wanted, changes) = watch::channel(Vec::new());
        Freezes { wanted, task: tokio::spawn(keep(changes, gates)) }
    }

    /// Whoever says what is wanted.
    pub(super) fn wants(&self) -> watch::Sender<Vec<FreezePeriod>> {
        self.wanted.clone()
    }
}

impl Drop for Freezes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(mut changes: watch::Receiver<Vec<FreezePeriod>>, gates: Arc<Gates>) {
    let mut told = String::new();
    while changes.changed().await.is_ok() {
        loop {
            let wanted = changes.borrow_and_update().clone();
            let Err(error) = bring_about(&wanted, &gates).await else {
                told.clear();
                break;
            };
            // Once for the same trouble.
            if error != told {
                tracing::error!(error, "a freeze period of GitLab's is not as the policy wants it, and is tried again");
                told = error;
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY_AFTER) => {}
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// Makes what is missing and takes away what is over, project by project; what fails in one holds up no other.
async fn bring_about(wanted: &[FreezePeriod], gates: &Gates) -> Result<(), String> {
    let mut projects: BTreeMap<(&str, &str), Vec<&FreezePeriod>> = BTreeMap::new();
    for period in wanted {
        projects.entry((&period.url, &period.token_file)).or_default().push(period);
    }
    let mut errors = Vec::new();
    for ((url, token_file), periods) in projects {
        let error = bring_about_in(url, token_file, &periods).await.err();
        gates.note_freeze(url, error.clone());
        errors.extend(error);
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
}

/// The same in one project; the first thing that fails ends it.
async fn bring_about_in(url: &str, token_file: &str, periods: &[&FreezePeriod]) -> Result<(), String> {
    let mut channel = channel(token_file)?;
    let answer = ask(&mut channel, Method::GET, &format!("{url}?per_page=100"), Bytes::new()).await?;
    let known: Vec<KnownPeriod> = serde_json::from_slice(&answer).map_err(|error| format!("{url}: {error}"))?;
    for period in periods {
        let same: Vec<u64> = known.iter().filter(|one| one.times == period.times).map(|one| one.id).collect();
        if period.is_wanted && same.is_empty() {
            let body = serde_json::to_vec(&period.times).map_err(|error| error.to_string())?;
            ask(&mut channel, Method::POST, url, body.into()).await?;
            tracing::info!(product = period.product, url, "GitLab freezes releases");
        }
        for id in same.iter().filter(|_| !period.is_wanted) {
            ask(&mut channel, Method::DELETE, &format!("{url}/{id}"), Bytes::new()).await?;
            tracing::info!(product = period.product, url, "GitLab freezes releases no longer");
        }
    }
    Ok(())
}

/// A channel that shows the token of a file.
fn channel(token_file: &str) -> Result<Channel, String> {
    let scheme = Authorization::DEFAULT_SCHEME.to_owned();
    let authorization = Authorization { scheme, credentials_file: token_file.to_owned(), ..Authorization::default() };
    let config = HttpConfig { authorization: Some(authorization), follow_redirects: false, ..HttpConfig::default() };
    let addresses = Addresses::without_metadata(Vec::new(), "no setting");
    let client = Client::new(&config, ClientOptions { addresses, ..ClientOptions::default() });
    client.map(|client| client.channel()).map_err(|error| error.to_string())
}

async fn ask(channel: &mut Channel, method: Method, url: &str, body: Bytes) -> Result<Vec<u8>, String> {
    let failed = |what: &dyn std::fmt::Display| format!("{method} {url}: {what}");
    let parsed = url.parse().map_err(|error: net::url::UrlError| failed(&error))?;
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let request = Request { method: method.clone(), url: parsed, headers, body };
    let response = channel.send(&request, TIMEOUT).await.map_err(|error| failed(error.cause()))?;
    let status = response.status();
    let mut answer = Vec::new();
    response.read_into(MAX_ANSWER_BYTES, &mut answer).await.map_err(|error| failed(&error))?;
    // What is over may be gone already.
    if status.is_success() || (method == Method::DELETE && status == http::StatusCode::NOT_FOUND) {
        return Ok(answer);
    }
    let said: String = String::from_utf8_lossy(&answer).chars().filter(|c| !c.is_control()).take(MAX_SAID).collect();
    Err(failed(&format_args!("{status}: {said}")))
}
