//! All silences.

use std::collections::BTreeMap;

use model::Labels;

use super::entry::{Silence, State};
use super::error::SilenceError;
use super::limits::Limits;
use crate::matcher::Grammar;

/// How long silences are kept after their end: 120 hours, as in Alertmanager.
const RETENTION_MS: i64 = 120 * 3_600_000;

/// A store of silences in memory.
#[derive(Clone, Debug, Default)]
pub struct Silences {
    by_id: BTreeMap<String, Silence>,
    limits: Limits,
    grammar: Grammar,
}

impl Silences {
    /// None yet.
    pub fn new(limits: Limits) -> Silences {
        Silences { limits, ..Silences::default() }
    }

    /// What must be written for a silence to be as it is wanted; the last is the silence itself. One that begins in the
    /// past, or has no start, begins now. What cannot be changed under its name becomes another under `new_id`, and the old
    /// one ends.
    ///
    /// # Errors
    /// When there is no silence with its id, or it makes no sense, or it exceeds a limit.
    pub fn plan(&self, mut silence: Silence, now_ms: i64, new_id: String) -> Result<Vec<Silence>, SilenceError> {
        if silence.starts_at_ms == 0 {
            silence.starts_at_ms = now_ms;
        }
        silence.check(self.grammar)?;
        let previous = match self.by_id.get(&silence.id) {
            None if !silence.id.is_empty() => return Err(SilenceError::NotFound),
            previous => previous,
        };
        silence.updated_at_ms = now_ms;
        if previous.is_some_and(|previous| previous.can_become(&silence, now_ms)) {
            self.check_size(&silence)?;
            return Ok(vec![silence]);
        }
        if self.limits.silences > 0 && self.by_id.len() >= self.limits.silences {
            return Err(SilenceError::TooMany { n: self.by_id.len(), limit: self.limits.silences });
        }
        silence.starts_at_ms = silence.starts_at_ms.max(now_ms);
        silence.id = new_id;
        self.check_size(&silence)?;
        let ended = previous.and_then(|previous| expired(previous, now_ms));
        Ok(ended.into_iter().chain([silence]).collect())
    }

    /// What must be written for a silence to end; `None` where it has ended.
    ///
    /// # Errors
    /// When there is none with this id.
    pub fn plan_expiry(&self, id: &str, now_ms: i64) -> Result<Option<Silence>, SilenceError> {
        self.by_id.get(id).map(|silence| expired(silence, now_ms)).ok_or(SilenceError::NotFound)
    }

    /// Takes a silence in, in the place of the one with its id.
    pub fn put(&mut self, silence: Silence) {
        self.by_id.insert(silence.id.clone(), silence);
    }

    /// Forgets what ended long ago; returns what that is.
    pub fn forget(&mut self, now_ms: i64) -> Vec<String> {
        let is_old = |silence: &Silence| silence.ends_at_ms.saturating_add(RETENTION_MS) <= now_ms;
        let old: Vec<String> = self.by_id.values().filter(|silence| is_old(silence)).map(|s| s.id.clone()).collect();
        old.iter().for_each(|id| {
            self.by_id.remove(id);
        });
        old
    }

    /// One silence.
    pub fn get(&self, id: &str) -> Option<&Silence> {
        self.by_id.get(id)
    }

    /// All, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Silence> {
        self.by_id.values()
    }

    /// How many there are, those that have ended included.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Those that silence an alert with these labels at a time, by id.
    pub fn muting(&self, labels: &Labels, at_ms: i64) -> impl Iterator<Item = &Silence> {
        self.iter().filter(move |silence| silence.state_at(at_ms) == State::Active && silence.matches(labels))
    }

    fn check_size(&self, silence: &Silence) -> Result<(), SilenceError> {
        let (n_bytes, limit) = (silence.n_bytes(), self.limits.silence_size);
        if limit > 0 && n_bytes > limit { Err(SilenceError::TooLarge { n_bytes, limit }) } else { Ok(()) }
    }
}

/// A silence that ends now; one that has not begun never will.
fn expired(silence: &Silence, now_ms: i64) -> Option<Silence> {
    let ended = Silence { ends_at_ms: now_ms, updated_at_ms: now_ms, ..silence.clone() };
    match silence.state_at(now_ms) {
        State::Expired => None,
        State::Active => Some(ended),
        State::Pending => Some(Silence { starts_at_ms: now_ms, ..ended }),
    }
}
