//! Checks of names and passwords against bcrypt hashes, without telling by the time it takes which was wrong.
//!
//! bcrypt is slow on purpose, so one check runs at a time, on one thread, and only so many wait for it: a quarter of them from
//! one address, so that who floods us keeps nobody else from logging in. What was right is remembered under a keyed hash (HMAC-SHA-256, the key drawn at start) of name, stored hash and password, each with
//! its length in front, so that no two combinations are the same text.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Logins that wait for a check at a time (limit `login_queue`); others are told to come back.
pub const MAX_WAITING: usize = 64;
/// Of them, those from one address. With a check in 50 ms, as with the usual cost of 10, the last waits for less than a second.
pub(super) const MAX_WAITING_OF_ONE: usize = 16;
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
    waiting: Mutex<Waiting>,
    checking: Arc<Semaphore>,
    key: hmac::Key,
    remembered: Mutex<VecDeque<[u8; 32]>>,
}

impl Passwords {
    pub(super) fn new() -> Passwords {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new())
            .expect("the operating system has entropy, as TLS also needs it");
        Passwords {
            waiting: Mutex::default(),
            checking: Arc::new(Semaphore::new(1)),
            key,
            remembered: Mutex::default(),
        }
    }

    /// Checks what a request from an address shows; the name whose password it is.
    pub(super) async fn check(&self, users: &Users, headers: &HeaderMap, from: IpAddr) -> Result<String, Refusal> {
        let Some((user, password)) = basic_credentials(headers) else { return Err(Refusal::Wrong) };
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(Refusal::Wrong);
        }
        // For a name that nobody has, somebody else's hash is checked and the outcome thrown away.
        let known = users.get(&user);
        let Some(hash) = known.or_else(|| users.values().next()) else { return Err(Refusal::Wrong) };
        let tag = self.tag(&user, hash, &password);
        if known.is_some() && self.remembers(&tag) {
            return Ok(user);
        }
        let _place = Place::take(&self.waiting, from).ok_or(Refusal::TooMany)?;
        // The permit goes to the thread, so that a client who leaves does not let a second check begin.
        let Ok(permit) = self.checking.clone().acquire_owned().await else { return Err(Refusal::Wrong) };
        // A page asks for many things at once, all with the same password.
        if known.is_some() && self.remembers(&tag) {
            return Ok(user);
        }
        if !Passwords::verify(permit, hash.clone(), password).await || known.is_none() {
            return Err(Refusal::Wrong);
        }
        self.remember(tag);
        Ok(user)
    }

    async fn verify(permit: OwnedSemaphorePermit, hash: String, password: String) -> bool {
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

    fn remembers(&self, tag: &[u8; 32]) -> bool {
        self.remembered.lock().iter().any(|other| subtle_eq(other, tag))
    }

    fn remember(&self, tag: [u8; 32]) {
        let mut remembered = self.remembered.lock();
        if remembered.len() == MAX_REMEMBERED {
            remembered.pop_front();
        }
        remembered.push_back(tag);
    }
}

/// How many logins wait, in all and from whom.
#[derive(Debug, Default)]
struct Waiting {
    n: usize,
    of: HashMap<IpAddr, usize>,
}

/// A place among those that wait, given back when dropped.
#[derive(Debug)]
struct Place<'w> {
    waiting: &'w Mutex<Waiting>,
    owner: IpAddr,
}

impl<'w> Place<'w> {
    /// A place for a login from an address, `None` where there is no room.
    fn take(waiting: &'w Mutex<Waiting>, from: IpAddr) -> Option<Place<'w>> {
        let owner = owner(from);
        let mut all = waiting.lock();
        let n_own = all.of.get(&owner).copied().unwrap_or(0);
        if all.n == MAX_WAITING || n_own == MAX_WAITING_OF_ONE {
            return None;
        }
        all.n += 1;
        all.of.insert(owner, n_own + 1);
        Some(Place { waiting, owner })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut all = self.waiting.lock();
        all.n -= 1;
        if let Some(n_own) = all.of.get_mut(&self.owner) {
            *n_own -= 1;
            if *n_own == 0 {
                all.of.remove(&self.owner);
            }
        }
    }
}

/// Whose an address is: with IPv6 everybody has a whole network.
fn owner(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
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
            assert_eq!(passwords.check(&users, &headers, FLOOD).await, want, "{headers:?}");
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
        assert_eq!(passwords.check(&users(), &basic("alice", "secret"), FLOOD).await, allowed());
        let changed = HashMap::from([("alice".to_owned(), bcrypt::hash("other", 4).unwrap())]);
        assert_eq!(passwords.check(&changed, &basic("alice", "secret"), FLOOD).await, Err(Refusal::Wrong));
    }

    const FLOOD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const NEIGHBOUR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    /// T16.
    #[tokio::test]
    async fn a_flood_is_cut_and_keeps_nobody_out() {
        let (passwords, users) = (Arc::new(Passwords::new()), Arc::new(users()));
        assert_eq!(passwords.check(&users, &basic("alice", "secret"), FLOOD).await, allowed());
        let permit = passwords.checking.clone().acquire_owned().await.unwrap();
        let login = |password: String, from: IpAddr| {
            let (passwords, users) = (passwords.clone(), users.clone());
            tokio::spawn(async move { passwords.check(&users, &basic("alice", &password), from).await })
        };
        let wait_for = async |n: usize| {
            while passwords.waiting.lock().n < n {
                tokio::task::yield_now().await;
            }
        };
        let flood: Vec<_> = (0..MAX_WAITING_OF_ONE).map(|n| login(n.to_string(), FLOOD)).collect();
        wait_for(flood.len()).await;
        assert_eq!(passwords.check(&users, &basic("alice", "more"), FLOOD).await, Err(Refusal::TooMany));
        assert_eq!(passwords.check(&users, &basic("alice", "secret"), FLOOD).await, allowed(), "who is known passes");
        // Who comes from elsewhere has a place, and is let in as soon as those before are through.
        *passwords.remembered.lock() = VecDeque::new();
        let newcomer = login("secret".to_owned(), NEIGHBOUR);
        wait_for(flood.len() + 1).await;
        drop(permit);
        assert_eq!(newcomer.await.unwrap(), allowed());
        for login in flood {
            assert_eq!(login.await.unwrap(), Err(Refusal::Wrong));
        }
        let left = passwords.waiting.lock();
        assert_eq!((left.n, left.of.len()), (0, 0));
    }

    #[test]
    fn places_are_counted_by_owner() {
        let waiting = Mutex::default();
        let take = |from: &str| Place::take(&waiting, from.parse().unwrap());
        let mut places = Vec::new();
        for owner in ["10.0.0.1", "2001:db8::1", "10.0.0.3", "10.0.0.4"] {
            places.extend((0..MAX_WAITING_OF_ONE).map(|_| take(owner).unwrap()));
            assert!(take(owner).is_none(), "{owner}");
        }
        // All are taken now; one's own are, under whatever name.
        assert!(take("10.0.0.5").is_none());
        places.truncate(2 * MAX_WAITING_OF_ONE);
        assert!(take("10.0.0.5").is_some() && take("2001:db8:0:1::1").is_some());
        assert!(take("2001:db8::ffff").is_none() && take("::ffff:10.0.0.1").is_none());
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
        assert_eq!(Passwords::new().check(&users, &basic(&user, "wrong"), FLOOD).await, Err(Refusal::Wrong));
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
