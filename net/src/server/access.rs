//! Who is let in, and what a web configuration file adds to a server: TLS, users, headers, a limit on the rate of requests.
//!
//! The file is looked at again for each request and each handshake, and read again when its size, its time or its
//! place on the disk has changed, so that a new certificate, a removed user or a typo takes effect at once. While it
//! cannot be read or understood nothing is served, as in Prometheus: a typo must not open a door.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use model::yaml::{Document, Faults, Problem};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::caller::Caller;
use super::counts::ServerCounts;
use super::passwords::{MAX_WAITING, MAX_WAITING_OF_ONE, Passwords, Refusal, Users};
use super::response::Response;
use super::tokens::Tokens;
use crate::config::{RateLimit, WebConfig};
use crate::tls::{ServerSettings, ServerTls, TlsError};

/// What a web configuration file says.
#[derive(Debug, Default)]
struct WebSettings {
    tls: Option<ServerSettings>,
    users: Users,
    headers: Vec<(HeaderName, HeaderValue)>,
    rate_limit: Option<RateLimit>,
}

/// Why a web configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebConfigError {
    /// It cannot be read.
    #[error("web configuration file {path}: {error}")]
    Read {
        /// Its path.
        path: String,
        /// What the operating system said.
        #[source]
        error: std::io::Error,
    },
    /// It cannot be understood.
    #[error("web configuration file {path}: {reason}")]
    Parse {
        /// Its path.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// What it says about TLS cannot be used.
    #[error("web configuration file {path}: {error}")]
    Tls {
        /// Its path.
        path: String,
        /// What is wrong.
        #[source]
        error: TlsError,
    },
}

/// Who is let in, by a file that may change, and by tokens. Where there are neither users nor tokens, everybody is.
pub struct Access {
    file: Option<WebConfigFile>,
    tokens: ArcSwap<Tokens>,
    passwords: Passwords,
    bucket: Mutex<Bucket>,
}

struct WebConfigFile {
    path: PathBuf,
    last: Mutex<(Stamp, Arc<Current>)>,
}

/// What the file said last.
struct Current {
    settings: WebSettings,
    tls: Option<ServerTls>,
}

/// By what a changed file is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    n_bytes: u64,
    modified: Option<std::time::SystemTime>,
    inode: u64,
}

/// Tokens of the rate limit.
#[derive(Debug, Default)]
struct Bucket {
    filled: Option<(Instant, f64)>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("file", &self.file.as_ref().map(|file| &file.path)).finish_non_exhaustive()
    }
}

impl Access {
    /// Everybody, in plain text.
    pub fn open() -> Access {
        Access { file: None, tokens: ArcSwap::default(), passwords: Passwords::new(), bucket: Mutex::default() }
    }

    /// Those whom a file names. Reads it, and what it names.
    ///
    /// # Errors
    /// When the file, or one that it names, cannot be read or used.
    pub fn by_file(path: PathBuf) -> Result<Access, WebConfigError> {
        let stamp = Stamp::of(&path)?;
        let current = Arc::new(Current::read(&path)?);
        let file = WebConfigFile { path, last: Mutex::new((stamp, current)) };
        Ok(Access { file: Some(file), ..Access::open() })
    }

    /// Whether connections are secured.
    pub fn is_secure(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.last.lock().1.tls.is_some())
    }

    /// Whether anybody may ask without a password or token.
    pub fn is_open(&self) -> bool {
        let has_users = self.file.as_ref().is_some_and(|file| !file.last.lock().1.settings.users.is_empty());
        !has_users && self.tokens.load().is_empty()
    }

    /// Lets in those who show one of these tokens, beside the users of the file, and in place of the tokens before.
    pub fn set_tokens(&self, tokens: Tokens) {
        self.tokens.store(Arc::new(tokens));
    }

    /// The settings for a new connection. Reads files.
    pub(super) fn handshake(&self) -> Result<Arc<rustls::ServerConfig>, WebConfigError> {
        let missing = || TlsError::Settings("TLS config is not present".to_owned());
        let Some(file) = &self.file else {
            return Err(WebConfigError::Tls { path: String::new(), error: missing() });
        };
        let current = file.current()?;
        let tls = current.tls.as_ref().ok_or_else(missing);
        let config = tls.and_then(ServerTls::current);
        config.map_err(|error| WebConfigError::Tls { path: file.path.display().to_string(), error })
    }

    /// Lets a request through, and says who asks, or answers it; and says which headers its response gets. Nobody is asked for a
    /// name where that is for anybody.
    pub(super) async fn admit(
        &self,
        headers: &HeaderMap,
        from: IpAddr,
        counts: &ServerCounts,
        is_for_anybody: bool,
    ) -> (Headers, Result<Caller, Response>) {
        let current = match self.file.as_ref().map(WebConfigFile::current).transpose() {
            Ok(current) => current,
            Err(error) => {
                tracing::error!(%error, "unable to parse the web configuration");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                return (Headers::default(), Err(Response::error(status, "Internal Server Error")));
            }
        };
        let own = Headers(current.clone());
        let nobody = WebSettings::default();
        let settings = current.as_ref().map_or(&nobody, |current| &current.settings);
        if settings.rate_limit.is_some_and(|limit| !self.bucket.lock().take(limit, Instant::now())) {
            return (own, Err(Response::error(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")));
        }
        if is_for_anybody {
            return (own, Ok(Caller::Anybody));
        }
        let refusal = match self.caller(&settings.users, headers, from).await {
            Ok(caller) => return (own, Ok(caller)),
            Err(Refusal::TooMany) => {
                counts.logins_turned_away.increment();
                too_many_logins()
            }
            Err(Refusal::Wrong) => {
                counts.logins_refused.increment();
                let scheme = HeaderValue::from_static("Basic");
                let refusal = Response::error(StatusCode::UNAUTHORIZED, "Unauthorized");
                refusal.with(http::header::WWW_AUTHENTICATE, scheme)
            }
        };
        (own, Err(refusal))
    }

    async fn caller(&self, users: &Users, headers: &HeaderMap, from: IpAddr) -> Result<Caller, Refusal> {
        let tokens = self.tokens.load_full();
        if users.is_empty() && tokens.is_empty() {
            return Ok(Caller::Anybody);
        }
        if let Some(name) = tokens.name_shown(headers) {
            return Ok(Caller::Token(name.to_owned()));
        }
        self.passwords.check(users, headers, from).await.map(Caller::User)
    }
}

fn too_many_logins() -> Response {
    let text = format!(
        "too many logins are waiting: limit login_queue is {MAX_WAITING}, {MAX_WAITING_OF_ONE} of them from one address"
    );
    let refusal = Response::error(StatusCode::TOO_MANY_REQUESTS, text);
    refusal.with(http::header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// The headers that a file adds to responses.
#[derive(Default)]
pub(super) struct Headers(Option<Arc<Current>>);

impl Headers {
    /// Adds them; a response's own stand.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in self.0.iter().flat_map(|current| &current.settings.headers) {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

impl WebConfigFile {
    fn current(&self) -> Result<Arc<Current>, WebConfigError> {
        let stamp = Stamp::of(&self.path)?;
        let mut last = self.last.lock();
        if last.0 != stamp {
            *last = (stamp, Arc::new(Current::read(&self.path)?));
        }
        Ok(last.1.clone())
    }
}

impl WebSettings {
    /// Reads a text, whose relative file names are relative to `directory`. What is wrong comes with its line.
    fn parse(text: &str, directory: &Path) -> Result<WebSettings, String> {
        if text.trim().is_empty() {
            return Ok(WebSettings::default());
        }
        let at_line = |problem: Problem| {
            let before = text.get(..problem.span.start).unwrap_or(text);
            format!("line {}: {}", 1 + before.matches('\n').count(), problem.message)
        };
        let document = Document::parse(text).map_err(at_line)?;
        let (config, problems) = document.read::<WebConfig>();
        if let Some(problem) = problems.into_iter().next() {
            return Err(at_line(problem));
        }
        let mut config = config.unwrap_or_default();
        let mut faults = Faults::new();
        config.check(&mut faults);
        if let Some(fault) = faults.into_found().first() {
            return Err(at_line(document.locate(fault)));
        }
        config.set_directory(directory);
        WebSettings::of(&config)
    }

    fn of(config: &WebConfig) -> Result<WebSettings, String> {
        let mut headers = Vec::new();
        for (name, value) in &config.http_server_config.headers {
            let name: HeaderName = name.parse().map_err(|_| format!("invalid header {name:?}"))?;
            let value = value.parse().map_err(|_| format!("invalid value of header {name:?}"))?;
            headers.push((name, value));
        }
        let users = config.basic_auth_users.iter().map(|(user, hash)| (user.clone(), hash.expose().to_owned()));
        Ok(WebSettings {
            tls: ServerSettings::of(&config.tls_server_config),
            users: users.collect(),
            headers,
            rate_limit: Some(config.rate_limit).filter(|limit| !limit.interval.is_zero()),
        })
    }
}

impl Current {
    fn read(path: &Path) -> Result<Current, WebConfigError> {
        let shown = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| WebConfigError::Read { path: shown(), error })?;
        let settings = WebSettings::parse(&text, path.parent().unwrap_or(Path::new("")))
            .map_err(|reason| WebConfigError::Parse { path: shown(), reason })?;
        let tls = settings.tls.clone().map(ServerTls::new).transpose();
        let tls = tls.map_err(|error| WebConfigError::Tls { path: shown(), error })?;
        Ok(Current { settings, tls })
    }
}

impl Stamp {
    fn of(path: &Path) -> Result<Stamp, WebConfigError> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path)
            .map_err(|error| WebConfigError::Read { path: path.display().to_string(), error })?;
        Ok(Stamp { n_bytes: metadata.len(), modified: metadata.modified().ok(), inode: metadata.ino() })
    }
}

impl Bucket {
    fn take(&mut self, limit: RateLimit, now: Instant) -> bool {
        let full = limit.burst as f64;
        let level = self.filled.map_or(full, |(since, level)| {
            let n_new = now.duration_since(since).as_secs_f64() / limit.interval.as_secs_f64();
            (level + n_new).min(full)
        });
        let allowed = level >= 1.0;
        self.filled = Some((now, if allowed { level - 1.0 } else { level }));
        allowed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_fills_again() {
        let limit = RateLimit { burst: 2, interval: Duration::from_secs(1) };
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let got: Vec<bool> = [0, 0, 0, 900, 1000, 1001, 9000, 9000, 9000].map(|ms| bucket.take(limit, at(ms))).into();
        assert_eq!(got, [true, true, false, false, true, false, true, true, false]);
    }
}
