//! `BudgetAdjustment`: time and events that do not count.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;

use super::super::objects::{Objects, Stored};
use super::super::resolve::each;
use super::super::walk::Walk;
use super::words::{duration, needed, no_objective, zone};
use crate::exclusion::Recurrence;
use crate::spec::{Adjustment, Catalog};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "BudgetAdjustment", rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct AdjustmentSpec {
    slos: Vec<String>,
    first_event_start: String,
    time_zone: String,
    duration: String,
    rrule: Option<String>,
    reason: String,
}

pub(super) fn resolve(objects: &Objects<'_>, catalog: &mut Catalog) {
    each(objects.adjustments.iter(), catalog, |stored, walk, catalog| {
        if let Some(adjustment) = adjustment(stored, catalog, walk).filter(|_| !walk.has_errors()) {
            catalog.adjustments.insert(adjustment.name.clone(), adjustment);
        }
    });
}

fn adjustment(stored: &Stored<'_, AdjustmentSpec>, catalog: &Catalog, walk: &mut Walk<'_>) -> Option<Adjustment> {
    let spec = &stored.spec;
    let objectives = objectives(&spec.slos, catalog, walk);
    needed("reason", &spec.reason, "why this does not count", walk);
    let first = first(spec, walk);
    let length_ms = duration("duration", &spec.duration, walk);
    if let Some(rrule) = &spec.rrule {
        walk.within("rrule", |walk| recurrence(rrule, first.as_ref(), walk));
    }
    Some(Adjustment {
        name: stored.name().to_owned(),
        objectives,
        first: first?,
        length_ms: length_ms?,
        rrule: spec.rrule.clone(),
        reason: spec.reason.clone(),
        source: walk.place(),
    })
}

/// The ids of what is named: an SLO stands for all of its objectives.
fn objectives(names: &[String], catalog: &Catalog, walk: &mut Walk<'_>) -> Vec<String> {
    if names.is_empty() {
        walk.error("slos", "whose budget is adjusted? slos are needed");
    }
    let mut ids = Vec::new();
    walk.within("slos", |walk| {
        for (index, name) in names.iter().enumerate() {
            let n_before = ids.len();
            let of_name =
                catalog.objectives.values().filter(|objective| objective.id == *name || objective.name == *name);
            ids.extend(of_name.map(|objective| objective.id.clone()));
            if ids.len() == n_before {
                walk.at(index, |walk| walk.error_here(no_objective(name, catalog)));
            }
        }
    });
    ids
}

/// Whether a repetition can be read, and comes at all.
fn recurrence(rrule: &str, first: Option<&Zoned>, walk: &mut Walk<'_>) {
    match (rrule.parse::<Recurrence>(), first) {
        (Err(error), _) => walk.error_inside(rrule, error.span, error.to_string(), None),
        (Ok(recurrence), Some(first)) if recurrence.never_begins(first) => {
            walk.warn_here(format_args!("it never begins: by this rule it is over before {first}"));
        }
        (Ok(_), _) => {}
    }
}

/// When it first begins: on the clocks of a zone that is named, or by the offset that is written.
fn first(spec: &AdjustmentSpec, walk: &mut Walk<'_>) -> Option<Zoned> {
    let text = &spec.first_event_start;
    let zone = zone("timeZone", &spec.time_zone, walk)?;
    let first = match (text.parse::<Timestamp>(), text.parse::<jiff::civil::DateTime>()) {
        (Ok(timestamp), _) if !spec.time_zone.is_empty() => Some(timestamp.to_zoned(zone)),
        (Ok(timestamp), _) => Some(timestamp.to_zoned(offset(text).unwrap_or(TimeZone::UTC))),
        (Err(_), Ok(local)) => local.to_zoned(zone).ok(),
        _ => None,
    };
    if first.is_none() {
        walk.error("firstEventStart", format_args!("{text:?} is no time, as in 2026-01-04T02:00:00+08:00"));
    }
    first
}

/// The offset at the end of a time.
fn offset(text: &str) -> Option<TimeZone> {
    let at = text.len().checked_sub(6)?;
    let offset = text.get(at..).filter(|offset| offset.starts_with(['+', '-']))?;
    let (hours, minutes) = offset[1..].split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    let signed = if offset.starts_with('-') { -seconds } else { seconds };
    Some(TimeZone::fixed(jiff::tz::Offset::from_seconds(signed).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_kept() {
        let check = |text: &str, want: Option<&str>| {
            let shown = offset(text).map(|zone| text.parse::<Timestamp>().unwrap().to_zoned(zone).to_string());
            assert_eq!(shown.as_deref(), want, "{text}");
        };
        check("2026-01-04T02:00:00+08:00", Some("2026-01-04T02:00:00+08:00[+08:00]"));
        check("2026-01-04T02:00:00-03:30", Some("2026-01-04T02:00:00-03:30[-03:30]"));
        check("2026-01-04T02:00:00Z", None);
        check("Z", None);
    }
}
