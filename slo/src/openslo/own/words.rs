//! Texts that several kinds have: durations, shares, names of what has to be there.

use jiff::tz::TimeZone;
use model::duration::PromDuration;
use model::yaml::nearest;

use super::super::walk::Walk;
use crate::condition::{Condition, Word};
use crate::spec::{Catalog, Share};

/// A duration as Prometheus writes it, in milliseconds; `None` where it is none, or no time at all.
pub(super) fn duration(field: &str, text: &str, walk: &mut Walk<'_>) -> Option<i64> {
    match text.parse::<PromDuration>() {
        Ok(duration) if !duration.is_zero() => Some(duration.as_millis()),
        Ok(_) => {
            walk.error(field, format_args!("{text:?} is no time at all"));
            None
        }
        Err(error) => {
            walk.error(field, error);
            None
        }
    }
}

/// The same where nothing may be written.
#[expect(clippy::option_option, reason = "none given, and none that can be read, are not the same")]
pub(super) fn optional_duration(field: &str, text: Option<&str>, walk: &mut Walk<'_>) -> Option<Option<i64>> {
    match text {
        None => Some(None),
        Some(text) => duration(field, text, walk).map(Some),
    }
}

/// A share: `20%`, or `0.2`.
pub(super) fn share(field: &str, text: &str, walk: &mut Walk<'_>) -> Option<Share> {
    let read = match text.trim().strip_suffix('%') {
        Some(percent) => Share::from_percent(percent),
        None => Share::from_ratio(text),
    };
    read.map_err(|error| walk.error(field, error)).ok()
}

/// A time zone of the IANA database; UTC where none is given.
pub(super) fn zone(field: &str, name: &str, walk: &mut Walk<'_>) -> Option<TimeZone> {
    if name.is_empty() {
        return Some(TimeZone::UTC);
    }
    let zone = TimeZone::get(name);
    zone.map_err(|_| walk.error(field, format_args!("{name:?} is no time zone of the IANA database"))).ok()
}

/// A text that has to be there.
pub(super) fn needed<'s>(field: &str, text: &'s str, what: &str, walk: &mut Walk<'_>) -> Option<&'s str> {
    if text.is_empty() {
        walk.error(field, format_args!("{field} is missing: {what} is needed"));
    }
    (!text.is_empty()).then_some(text)
}

/// A condition of a policy or a gate.
pub(super) fn condition(field: &str, text: &str, walk: &mut Walk<'_>) {
    if let Err(error) = Condition::parse(text) {
        walk.within(field, |walk| walk.error_inside(text, (error.at, error.at), error.message, None));
    }
}

/// Conditions in a list. A state that none of the `states` is, where these are known, is one that never comes.
pub(super) fn conditions(field: &str, texts: &[String], states: Option<&[&str]>, walk: &mut Walk<'_>) {
    walk.within(field, |walk| {
        for (index, text) in texts.iter().enumerate() {
            walk.at(index, |walk| match Condition::parse(text) {
                Err(error) => walk.error_inside(text, (error.at, error.at), error.message, None),
                Ok(condition) => states.into_iter().for_each(|states| states_are(&condition, states, walk)),
            });
        }
    });
}

fn states_are(condition: &Condition, states: &[&str], walk: &mut Walk<'_>) {
    let text = condition.text();
    for (at, word) in condition.words(Word::PolicyState).into_iter().filter(|(_, word)| !states.contains(word)) {
        let hint = nearest(word, states.iter().copied()).map(|near| format!(" (did you mean `{near}`?)"));
        let hint = hint.unwrap_or_else(|| format!(": there are {}", states.join(", ")));
        walk.warn_inside(text, (at, at + word.len()), format!("the policy has no state {word}{hint}"));
    }
}

/// One of a few words.
pub(super) fn one_of(field: &str, word: &str, words: &[&str], walk: &mut Walk<'_>) -> bool {
    let is_known = words.contains(&word);
    if !is_known {
        let hint = nearest(word, words.iter().copied()).map(|near| format!(" (did you mean `{near}`?)"));
        let hint = hint.unwrap_or_else(|| format!(": {} are known", words.join(", ")));
        walk.error(field, format_args!("{word:?} is not known here{hint}"));
    }
    is_known
}

/// Why there is no objective of a name: it may be one of several of an SLO.
pub(super) fn no_objective(name: &str, catalog: &Catalog) -> String {
    let first = format!("{name}.0");
    if catalog.objectives.contains_key(&first) {
        return format!("SLO {name} has several objectives: {name}.0, {name}.1 and so on");
    }
    if catalog.errors.iter().any(|fault| fault.object.as_ref().is_some_and(|(kind, of)| kind == "SLO" && of == name)) {
        return format!("SLO {name} has an error of its own");
    }
    match nearest(name, catalog.objectives.keys().map(String::as_str)) {
        Some(near) => format!("there is no objective {name} (did you mean `{near}`?)"),
        None => format!("there is no objective {name}"),
    }
}

/// Names of objectives in a list; those that are not there are errors.
pub(super) fn objectives(field: &str, names: &[String], catalog: &Catalog, walk: &mut Walk<'_>) {
    walk.within(field, |walk| {
        for (index, name) in names.iter().enumerate() {
            if !catalog.objectives.contains_key(name) {
                walk.at(index, |walk| walk.error_here(no_objective(name, catalog)));
            }
        }
    });
}
