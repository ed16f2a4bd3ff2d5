//! What stands beside a burn-down: time that did not count, and targets that came into force on the way.

use serde::Serialize;

use super::Moment;
use super::versions::{Version, Versions};
use crate::exclusion;
use crate::spec::Catalog;
use crate::window::Span;

/// What a reader of a burn-down has to know of its span.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Time that did not count, the earliest first.
    pub exclusions: Vec<ExclusionMark>,
    /// Changes of the target, the earliest first.
    pub objectives: Vec<ObjectiveMark>,
}

/// Time that did not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExclusionMark {
    /// Since when, or since the span began.
    pub start: Moment,
    /// Until when, or until the span ended.
    pub end: Moment,
    /// The name of the adjustment.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A change of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectiveMark {
    /// After this instant it is in force.
    pub at: Moment,
    /// What was promised before, in percent.
    pub from: String,
    /// What is promised since.
    pub to: String,
}

impl Marks {
    /// The marks of objectives within a span; `versions` are the targets of what burns down.
    pub(crate) fn of(catalog: &Catalog, objectives: &[String], versions: Option<&Versions>, span: Span) -> Marks {
        let excluded = exclusion::adjusted(catalog, objectives, span.from_ms, span.to_ms);
        let mut exclusions: Vec<ExclusionMark> = excluded
            .map(|(adjustment, (start_ms, end_ms))| ExclusionMark {
                start: Moment(start_ms),
                end: Moment(end_ms),
                name: adjustment.name.clone(),
                reason: adjustment.reason.clone(),
            })
            .collect();
        exclusions.sort_unstable();
        let pairs = versions.into_iter().flat_map(|versions| versions.iter().zip(versions.iter().skip(1)));
        let within = pairs.filter(|(_, now)| (span.from_ms..span.to_ms).contains(&now.since_ms));
        let mark = |(before, now): (&Version, &Version)| ObjectiveMark {
            at: Moment(now.since_ms),
            from: before.percent.clone(),
            to: now.percent.clone(),
        };
        Marks { exclusions, objectives: within.map(mark).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Adjustment, Share, SourcePlace};

    #[test]
    fn marks_are_those_of_the_span_and_of_what_burns_down() {
        let mut catalog = Catalog::default();
        let repair = Adjustment {
            name: "repair".to_owned(),
            objectives: vec!["a".to_owned(), "b".to_owned()],
            first: "1970-01-01T00:10:00+00:00[UTC]".parse().unwrap(),
            length_ms: 600_000,
            rrule: Some("FREQ=DAILY".to_owned()),
            reason: "agreed".to_owned(),
            source: SourcePlace::default(),
        };
        catalog.adjustments.insert(repair.name.clone(), repair);
        let share = |percent: &str| Share::from_percent(percent).unwrap();
        let mut versions = Versions::always(share("99"), "99");
        versions.change(share("99.9"), "99.9", 900_000);
        versions.change(share("99.5"), "99.5", 90_000_000);
        let check = |objective: &str, from_ms: i64, to_ms: i64, spans: &[(i64, i64)], targets: &[&str]| {
            let marks = Marks::of(&catalog, &[objective.to_owned()], Some(&versions), Span { from_ms, to_ms });
            let got: Vec<(i64, i64)> = marks.exclusions.iter().map(|mark| (mark.start.0, mark.end.0)).collect();
            assert_eq!(got, spans, "{objective} {from_ms}..{to_ms}");
            let got: Vec<String> = marks.objectives.iter().map(|mark| format!("{}>{}", mark.from, mark.to)).collect();
            assert_eq!(got, targets, "{objective} {from_ms}..{to_ms}");
        };
        check("a", 0, 2_000_000, &[(600_000, 1_200_000)], &["99>99.9"]);
        check("a", 800_000, 1_000_000, &[(800_000, 1_000_000)], &["99>99.9"]);
        check("a", 0, 100_000_000, &[(600_000, 1_200_000), (87_000_000, 87_600_000)], &["99>99.9", "99.9>99.5"]);
        check("c", 0, 800_000, &[], &[]);
        // Of several objectives an adjustment that names them all stands once.
        let both = ["a".to_owned(), "b".to_owned()];
        let marks = Marks::of(&catalog, &both, None, Span { from_ms: 0, to_ms: 2_000_000 });
        assert_eq!((marks.exclusions.len(), marks.objectives.len()), (1, 0));
    }
}
