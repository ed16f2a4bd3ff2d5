//! Which signatures have been matched, and when: more than one match may be one too many.

use model::Labels;
use rustc_hash::FxHashMap;

use crate::column::Presence;
use crate::engine::QueryError;

/// The matches so far, by signature.
#[derive(Debug)]
pub(super) enum Matched {
    /// Each signature may be matched once.
    Once(Vec<Option<Presence>>),
    /// Each signature may be matched once for each set of labels that comes of it.
    Grouped(Vec<FxHashMap<Labels, Presence>>),
}

impl Matched {
    pub(super) fn new(is_one_to_one: bool, n_signatures: usize) -> Matched {
        if is_one_to_one {
            Matched::Once(vec![None; n_signatures])
        } else {
            Matched::Grouped(vec![FxHashMap::default(); n_signatures])
        }
    }

    /// Adds a match at some steps, which gives a series of these labels.
    ///
    /// # Errors
    /// When there is such a match already at one of the steps.
    pub(super) fn add(&mut self, number: usize, labels: &Labels, steps: &Presence) -> Result<(), QueryError> {
        let (before, message) = match self {
            Matched::Once(matched) => {
                (matched[number].as_mut(), "many-to-one matching must be explicit (group_left/group_right)")
            }
            Matched::Grouped(matched) => {
                (matched[number].get_mut(labels), "grouping labels must ensure unique matches")
            }
        };
        match before {
            Some(before) if before.first_common(steps).is_some() => {
                return Err(QueryError::Execution(format!("multiple matches for labels: {message}")));
            }
            Some(before) => before.or(steps),
            None => self.insert(number, labels, steps),
        }
        Ok(())
    }

    fn insert(&mut self, number: usize, labels: &Labels, steps: &Presence) {
        match self {
            Matched::Once(matched) => matched[number] = Some(steps.clone()),
            Matched::Grouped(matched) => {
                matched[number].insert(labels.clone(), steps.clone());
            }
        }
    }

    /// Takes away the steps at which a signature is matched.
    pub(super) fn remove_from(&self, steps: &mut Presence, number: usize) {
        match self {
            Matched::Once(matched) => matched[number].iter().for_each(|matched| steps.and_not(matched)),
            Matched::Grouped(matched) => matched[number].values().for_each(|matched| steps.and_not(matched)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(of: &[usize]) -> Presence {
        let mut steps = Presence::none(8);
        of.iter().for_each(|&step| steps.set(step));
        steps
    }

    #[test]
    fn one_match_at_a_time() {
        let (a, b) = (Labels::from_pairs([("x", "a")]), Labels::from_pairs([("x", "b")]));
        for (is_one_to_one, message) in [(true, "must be explicit"), (false, "unique matches")] {
            let mut matched = Matched::new(is_one_to_one, 1);
            matched.add(0, &a, &steps(&[0, 1])).unwrap();
            matched.add(0, &a, &steps(&[2])).unwrap();
            assert!(matched.add(0, &a, &steps(&[1, 3])).unwrap_err().to_string().contains(message));
            assert_eq!(matched.add(0, &b, &steps(&[1])).is_err(), is_one_to_one);
            let mut rest = steps(&[0, 1, 2, 3]);
            matched.remove_from(&mut rest, 0);
            assert_eq!(rest, steps(&[3]));
        }
    }
}
