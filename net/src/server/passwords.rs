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

/// Whether a request may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Name and password are right.
    Allowed,
    /// They are missing or wrong.
    Refused,
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

    /// Checks what a request shows.
    pub(super) async fn check(&self, users: &Users, headers: &HeaderMap) -> Verdict {
        let Some((user, password)) = basic_credentials(headers) else { return Verdict::Refused };
        if password.len() > MAX_PASSWORD_BYTES {
            return Verdict::Refused;
        }
        // For a name that nobody has, somebody else's hash is checked and the outcome thrown away.
        let known = users.get(&user);
        let Some(hash) = known.or_else(|| users.values().next()) else { return Verdict::Refused };
        let tag = self.tag(&user, hash, &password);
        if known.is_some() && self.remembered.lock().iter().any(|other| subtle_eq(other, &tag)) {
            return Verdict::Allowed;
        }
        let Ok(_place) = self.waiting.try_acquire() else { return Verdict::TooMany };
        if !self.verify(hash.clone(), password).await || known.is_none() {
            return Verdict::Refused;
        }
        self.remember(tag);
        Verdict::Allowed
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
fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
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
        check(basic("alice", "secret"), Verdict::Allowed).await;
        check(basic("alice", "secret"), Verdict::Allowed).await;
        check(basic("alice", "wrong"), Verdict::Refused).await;
        check(basic("bob", "secret"), Verdict::Refused).await;
        check(basic("", ""), Verdict::Refused).await;
        check(basic("alice", &"x".repeat(2000)), Verdict::Refused).await;
        check(HeaderMap::new(), Verdict::Refused).await;
        check(headers("Basic"), Verdict::Refused).await;
        check(headers("Basic !!!"), Verdict::Refused).await;
        check(headers("Bearer secret"), Verdict::Refused).await;
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
        assert_eq!(passwords.check(&users(), &basic("alice", "secret")).await, Verdict::Allowed);
        let changed = HashMap::from([("alice".to_owned(), bcrypt::hash("other", 4).unwrap())]);
        assert_eq!(passwords.check(&changed, &basic("alice", "secret")).await, Verdict::Refused);
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_who_is_known_passes() {
        let (passwords, users) = (Arc::new(Passwords::new()), Arc::new(users()));
        assert_eq!(passwords.check(&users, &basic("alice", "secret")).await, Verdict::Allowed);
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
        assert_eq!(passwords.check(&users, &basic("alice", "one more")).await, Verdict::TooMany);
        assert_eq!(passwords.check(&users, &basic("alice", "secret")).await, Verdict::Allowed);
        flood.into_iter().for_each(|login| login.abort());
    }

    #[tokio::test]
    async fn unknown_names_cost_what_wrong_passwords_cost() {
        let users = HashMap::from([("alice".to_owned(), bcrypt::hash("secret", 8).unwrap())]);
        let passwords = Passwords::new();
        let shortest = async |user: &str| {
            let mut times = Vec::new();
            for n in 0..15 {
                let started = tokio::time::Instant::now();
                passwords.check(&users, &basic(user, &n.to_string())).await;
                times.push(started.elapsed());
            }
            times.into_iter().min().unwrap().as_secs_f64()
        };
        let (known, unknown) = (shortest("alice").await, shortest("mallory").await);
        // The shortest of many, and wide, for a busy machine; without the dummy check the ratio is about a hundred.
        assert!((0.2..5.0).contains(&(known / unknown)), "known {known} s, unknown {unknown} s");
    }
}
