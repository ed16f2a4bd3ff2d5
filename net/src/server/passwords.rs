//! Checks of names and passwords against bcrypt hashes, without telling by the time it takes which was wrong.
//!
//! bcrypt is slow on purpose, so one check runs at a time, on one thread, and only so many wait for it. What was right
//! is remembered under a keyed hash (HMAC-SHA-256, the key drawn at start) of name, stored hash and password, each with
//! its length in front, so that no two combinations are the same text.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Logins that wait for a check at a time; others are told to come back.
const MAX_WAITING: usize = 64;
/// Logins that are remembered.
const MAX_REMEMBERED: usize = 100;
/// A password longer than this is wrong. bcrypt looks at 72 bytes.
const MAX_PASSWORD_BYTES: usize = 1024;

/// Users and their bcrypt hashes.
pub(super) type Users = HashMap<String, String>;

/// Why a request may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Name and password are missing or wrong.
    Wrong,
    /// Too many are waiting to be told.
    TooMany,
}

/// Checks passwords.
#[derive(Debug)]
pub(super) struct Passwords {
    /// One to be checked, the others to wait.
    waiting: Semaphore,
    checking: Arc<Semaphore>,
    key: hmac::Key,
    remembered: Mutex<VecDeque<[u8; 32]>>,
}

impl Passwords {
    pub(super) fn new() -> Passwords {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new())
            .expect("the operating system has entropy, as TLS also needs it");
        Passwords {
            waiting: Semaphore::new(MAX_WAITING),
            checking: Arc::new(Semaphore::new(1)),
            key,
            remembered: Mutex::default(),
        }
    }

    /// Checks what a request shows; the name whose password it is.
    pub(super) async fn check(&self, users: &Users, headers: &HeaderMap) -> Result<String, Refusal> {
        let Some((user, password)) = basic_credentials(headers) else { return Err(Refusal::Wrong) };
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(Refusal::Wrong);
        }
        // For a name that nobody has, somebody else's hash is checked and the outcome thrown away.
        let known = users.get(&user);
        let Some(hash) = known.or_else(|| users.values().next()) else { return Err(Refusal::Wrong) };
        let tag = self.tag(&user, hash, &password);
        if known.is_some() && self.remembered.lock().iter().any(|other| subtle_eq(other, &tag)) {
            return Ok(user);
        }
        let Ok(_place) = self.waiting.try_acquire() else { return Err(Refusal::TooMany) };
        if !self.verify(hash.clone(), password).await || known.is_none() {
            return Err(Refusal::Wrong);
        }
        self.remember(tag);
        Ok(user)
    }

    async fn verify(&self, hash: String, password: String) -> bool {
        // The permit goes to the thread, so that a client who leaves does not let a second check begin.
        let Ok(permit) = self.checking.clone().acquire_owned().await else { return false };
        let check = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            bcrypt::verify(password, &hash).unwrap_or(false)
        });
        check.await.unwrap_or(false)
    }

    fn tag(&self, user: &str, hash: &str, password: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [user, hash, password] {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part.as_bytes());
        }
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    fn remember(&self, tag: [u8; 32]) {
        let mut remembered = self.remembered.lock();
        if remembered.len() == MAX_REMEMBERED {
            remembered.pop_front();
        }
        remembered.push_back(tag);
    }
}

fn subtle_eq(one: &[u8; 32], another: &[u8; 32]) -> bool {
    subtle::ConstantTimeEq::ct_eq(one.as_slice(), another.as_slice()).into()
}

/// Name and password of an `Authorization: Basic` header.
pub(super) fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> Result<String, Refusal> {
        Ok("alice".to_owned())
    }

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        headers
    }

    fn basic(user: &str, password: &str) -> HeaderMap {
        headers(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    fn users() -> Users {
        HashMap::from([("alice".to_owned(), bcrypt::hash("secret", 4).unwrap())])
    }

    #[tokio::test]
    async fn who_is_let_in() {
        let (passwords, users) = (Passwords::new(), users());
        let check = async |headers: HeaderMap, want| {
            assert_eq!(passwords.check(&users, &headers).await, want, "{headers:?}");
        };
        check(basic("alice", "secret"), allowed()).await;
        check(basic("alice", "secret"), allowed()).await;
        check(basic("alice", "wrong"), Err(Refusal::Wrong)).await;
        check(basic("bob", "secret"), Err(Refusal::Wrong)).await;
        check(basic("", ""), Err(Refusal::Wrong)).await;
        check(basic("alice", &"x".repeat(2000)), Err(Refusal::Wrong)).await;
        check(HeaderMap::new(), Err(Refusal::Wrong)).await;
        check(headers("Basic"), Err(Refusal::Wrong)).await;
        check(headers("Basic !!!"), Err(Refusal::Wrong)).await;
        check(headers("Bearer secret"), Err(Refusal::Wrong)).await;
        assert_eq!(passwords.remembered.lock().len(), 1, "only what was right is remembered");
    }

    /// CVE-2022-46146: parts must not be able to stand in for each other.
    #[test]
    fn what_is_remembered_cannot_be_shifted() {
        let passwords = Passwords::new();
        assert_ne!(passwords.tag("a", "bc", "d"), passwords.tag("ab", "c", "d"));
        assert_ne!(passwords.tag("a", "b", "cd"), passwords.tag("a", "bc", "d"));
    }

    #[tokio::test]
    async fn a_changed_hash_forgets() {
        let passwords = Passwords::new();
        assert_eq!(passwords.check(&users(), &basic("alice", "secret")).await, allowed());
        let changed = HashMap::from([("alice".to_owned(), bcrypt::hash("other", 4).unwrap())]);
        assert_eq!(passwords.check(&changed, &basic("alice", "secret")).await, Err(Refusal::Wrong));
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_who_is_known_passes() {
        let (passwords, users) = (Arc::new(Passwords::new()), Arc::new(users()));
        assert_eq!(passwords.check(&users, &basic("alice", "secret")).await, allowed());
        let (outside, _permit) = (passwords.clone(), passwords.checking.clone().acquire_owned().await.unwrap());
        let flood: Vec<_> = (0..MAX_WAITING)
            .map(|n| {
                let (passwords, users) = (outside.clone(), users.clone());
                tokio::spawn(async move { passwords.check(&users, &basic("alice", &n.to_string())).await })
            })
            .collect();
        while passwords.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.check(&users, &basic("alice", "one more")).await, Err(Refusal::TooMany));
        assert_eq!(passwords.check(&users, &basic("alice", "secret")).await, allowed());
        flood.into_iter().for_each(|login| login.abort());
    }

    /// The name of the next test, and where it finds whom to log in.
    const ONE_LOGIN: &str = "server::passwords::tests::a_login_is_refused";
    const WHO: &str = "NARTHEX_TEST_LOGIN";

    #[tokio::test]
    async fn a_login_is_refused() {
        let users = HashMap::from([(
            "alice".to_owned(),
            "$2b$05$abcdefghijklmnopqrstuuW7PdLzWgCkGPJGpUZbVCQJVwNkkQ4Xa".to_owned(),
        )]);
        let user = std::env::var(WHO).unwrap_or_else(|_| "alice".to_owned());
        assert_eq!(Passwords::new().check(&users, &basic(&user, "wrong")).await, Err(Refusal::Wrong));
    }

    /// Counted in instructions, by valgrind: time would tell more of the machine than of the code.
    #[test]
    fn unknown_names_cost_what_wrong_passwords_cost() {
        let instructions = |user: &str| {
            let mut valgrind = std::process::Command::new("valgrind");
            valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).env(WHO, user);
            let output = valgrind.arg(std::env::current_exe()?).args(["--exact", ONE_LOGIN]).output()?;
            let report = String::from_utf8_lossy(&output.stderr).into_owned();
            let count = report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse::<f64>().ok());
            Ok::<_, std::io::Error>(count.unwrap_or_else(|| panic!("valgrind counted nothing: {report}")))
        };
        let known = match instructions("alice") {
            Ok(known) => known,
            Err(error) if std::env::var_os("NARTHEX_CI").is_none() => return eprintln!("left out: valgrind: {error}"),
            Err(error) => panic!("valgrind: {error}"),
        };
        let unknown = instructions("mallory").expect("it ran before");
        // Without the dummy check a start of the process is all that is left, a third.
        assert!((0.95..1.05).contains(&(known / unknown)), "known {known} instructions, unknown {unknown}");
    }
}
