//! Sampled queries that cannot be evaluated: whose they are, since when and why. None of it is kept over a restart: a query
//! that still fails then fails again, at the same step.

use std::collections::BTreeMap;

use query::QueryError;

use crate::history::SamplingError;

/// Longer queries and errors are cut, in bytes: an error may name series with all of their labels.
const MAX_TEXT_BYTES: usize = 500;

/// A query that could not be evaluated.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) query: String,
    /// The step from which on it was asked.
    pub(super) since_ms: i64,
    /// Whether asking for fewer steps at once may help: it is tried before anybody hears of it.
    pub(super) is_tried_smaller: bool,
    pub(super) error: QueryError,
}

/// What a tick found out about sampled queries that was otherwise before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SamplingChanges {
    /// Objectives whose queries fail from now on, and why.
    pub failing: Vec<(String, SamplingError)>,
    /// Objectives whose queries are evaluated again.
    pub mended: Vec<String>,
}

/// What fails, by the id of its objective.
#[derive(Debug, Default)]
pub(super) struct Failing(BTreeMap<String, SamplingError>);

impl Failing {
    /// What fails of an objective.
    pub(super) fn of(&self, id: &str) -> Option<SamplingError> {
        self.0.get(id).cloned()
    }

    /// Forgets objectives that are not asked for any more, or ask something else.
    pub(super) fn keep(&mut self, ids: &[String]) {
        self.0.retain(|id, _| ids.contains(id));
    }

    /// Takes how sampling an objective went, up to a time. What failed is mended once that has been evaluated.
    pub(super) fn note(
        &mut self,
        id: &str,
        sampled_ms: i64,
        outcome: Result<(), Failed>,
        changes: &mut SamplingChanges,
    ) {
        match outcome {
            Ok(()) => {
                if self.0.get(id).is_some_and(|known| known.since_ms <= sampled_ms) {
                    self.0.remove(id);
                    changes.mended.push(id.to_owned());
                }
            }
            Err(failed) if failed.is_tried_smaller && !self.0.contains_key(id) => {}
            Err(failed) => {
                let Failed { query, since_ms, error, .. } = failed;
                let told = SamplingError { since_ms, query: cut(query), error: cut(error.to_string()) };
                if self.0.insert(id.to_owned(), told.clone()).is_none() {
                    changes.failing.push((id.to_owned(), told));
                }
            }
        }
    }
}

/// A text that is not too long.
fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES - '…'.len_utf8()));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("max(lag)".to_owned()), "max(lag)");
        let (long, text) = (cut("预算".repeat(200)), "预算".repeat(200));
        assert!(long.len() <= MAX_TEXT_BYTES && long.len() > MAX_TEXT_BYTES - 3, "{long}");
        assert!(long.strip_suffix('…').is_some_and(|begin| text.starts_with(begin)), "{long}");
    }
}
