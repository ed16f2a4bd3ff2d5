//! Texts that several kinds have: durations, shares, names of what has to be there.

use jiff::tz::TimeZone;
use model::duration::PromDuration;
use model::yaml::nearest;

use super::super::walk::Walk;
use crate::condition::{Condition, Word, duration_text};
use crate::deployment::CHANGE_CLASSES;
use crate::gate::MAX_SOAK_MS;
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

/// A condition of a policy.
pub(super) fn condition(field: &str, text: &str, walk: &mut Walk<'_>) {
    walk.within(field, |walk| drop(read(text, walk)));
}

/// Conditions of a gate, in a list. A state that none of the `states` is, where these are known, is one that never comes; there are
/// none where the product has no policy.
pub(super) fn conditions(field: &str, texts: &[String], states: Option<&[&str]>, walk: &mut Walk<'_>) {
    walk.within(field, |walk| {
        for (index, text) in texts.iter().enumerate() {
            walk.at(index, |walk| {
                let Some(condition) = read(text, walk) else { return };
                if let Some(span) = condition.for_span() {
                    let message = "a gate answers at once: only conditions of a policy's states can ask that something \
                                   holds for a while";
                    walk.error_inside(text, span, message.to_owned(), None);
                }
                states.into_iter().for_each(|states| states_are(&condition, states, walk));
            });
        }
    });
}

/// A condition, and what in it can be read and looks wrong.
fn read(text: &str, walk: &mut Walk<'_>) -> Option<Condition> {
    let condition = Condition::parse(text).map_err(|error| {
        walk.error_inside(text, (error.at, error.at), error.message, None);
    });
    let condition = condition.ok()?;
    for (at, word) in condition.words(Word::Change).into_iter().filter(|(_, word)| !CHANGE_CLASSES.contains(word)) {
        walk.warn_inside(text, (at, at + word.len()), no_class(word));
    }
    for (from, to) in condition.without_percent() {
        let share = &text[*from..*to];
        walk.warn_inside(text, (*from, *to), format!("{share} is more than the whole: is {share}% meant?"));
    }
    Some(condition)
}

fn states_are(condition: &Condition, states: &[&str], walk: &mut Walk<'_>) {
    let text = condition.text();
    for (at, word) in condition.words(Word::PolicyState).into_iter().filter(|(_, word)| !states.contains(word)) {
        let message = if states.is_empty() {
            "the product has no policy, so that nobody ever knows its state".to_owned()
        } else {
            let hint = nearest(word, states.iter().copied()).map(|near| format!(" (did you mean `{near}`?)"));
            let hint = hint.unwrap_or_else(|| format!(": there are {}", states.join(", ")));
            format!("the policy has no state {word}{hint}")
        };
        walk.warn_inside(text, (at, at + word.len()), message);
    }
}

/// Classes of changes; no release is of one that does not exist.
pub(super) fn classes(field: &str, classes: &[String], walk: &mut Walk<'_>) {
    walk.within(field, |walk| {
        for (index, class) in classes.iter().enumerate().filter(|(_, class)| !CHANGE_CLASSES.contains(&class.as_str()))
        {
            walk.at(index, |walk| walk.warn_here(no_class(class)));
        }
    });
}

fn no_class(class: &str) -> String {
    let hint = nearest(class, CHANGE_CLASSES).map(|near| format!(" (did you mean `{near}`?)"));
    let hint = hint.unwrap_or_else(|| format!(": there are {}", CHANGE_CLASSES.join(", ")));
    format!("no change is of the class {class}{hint}")
}

/// For how long a release is watched, in milliseconds.
pub(super) fn soak(text: &str, walk: &mut Walk<'_>) -> Option<i64> {
    let soak_ms = duration("soak", text, walk)?;
    if soak_ms > MAX_SOAK_MS {
        let longest = duration_text(MAX_SOAK_MS);
        walk.error("soak", format_args!("{text} is longer than the limit of {longest} (gate_soak)"));
    }
    (soak_ms <= MAX_SOAK_MS).then_some(soak_ms)
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
