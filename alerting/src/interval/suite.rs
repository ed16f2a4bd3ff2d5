//! Alertmanager's own cases.

use jiff::Timestamp;
use jiff::fmt::strtime;
use model::yaml::{Document, to_yaml};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::suites::{list, suite, text};

/// `02 Jan 06 15:04 +0000`
fn rfc822z(text: &str) -> i64 {
    strtime::parse("%d %b %y %H:%M %z", text).unwrap().to_timestamp().unwrap().as_millisecond()
}

fn read<T: DeserializeOwned>(yaml: &str) -> Result<T, String> {
    let (value, problems) = Document::parse(yaml).unwrap().read();
    problems.first().map_or_else(|| Ok(value.unwrap()), |problem| Err(problem.message.clone()))
}

fn ranges<U>(json: &Value) -> Option<Vec<Range<U>>> {
    let number = |json: &Value| i32::try_from(json.as_i64().unwrap()).unwrap();
    json.as_array().map(|ranges| ranges.iter().map(|range| Range::new(number(&range[0]), number(&range[1]))).collect())
}

fn interval(json: &Value) -> TimeInterval {
    let minute = |json: &Value| u32::try_from(json.as_u64().unwrap()).unwrap();
    let time = |time: &Value| TimeRange {
        start_minute: minute(&time["start_minute"]),
        end_minute: minute(&time["end_minute"]),
    };
    TimeInterval {
        times: json["times"].as_array().map(|times| times.iter().map(time).collect()),
        weekdays: ranges(&json["weekdays"]),
        days_of_month: ranges(&json["days_of_month"]),
        months: ranges(&json["months"]),
        years: ranges(&json["years"]),
        location: json["location"].as_str().map(|name| Location::of(name).unwrap()),
    }
}

/// Checks what is inside and outside of intervals; returns how many instants that were.
fn check(case: &Value, intervals: &[TimeInterval]) -> usize {
    let mut n_instants = 0;
    for (field, want) in [("inside_rfc822z", true), ("outside_rfc822z", false)] {
        for at in list(&case[field]) {
            let contains = intervals.iter().any(|interval| interval.contains(rfc822z(text(at))));
            assert_eq!(contains, want, "{at} of {case}");
            n_instants += 1;
        }
    }
    n_instants
}

#[test]
fn intervals_are_those_of_alertmanager() {
    let Some(suite) = suite("time_intervals.json") else { return };
    let (mut n_cases, mut n_instants) = (0, 0);
    for case in list(&suite["contains_struct"]) {
        n_instants += check(case, &[interval(&case["interval"])]);
        n_cases += 1;
    }
    for case in list(&suite["time_range_yaml"]) {
        let got = read::<TimeRange>(text(&case["yaml"]));
        assert_eq!(got.is_err(), case["error"] == true, "{case}: {got:?}");
        if let Ok(range) = got {
            assert_eq!(
                json!([range.start_minute, range.end_minute]),
                json!([case["start_minute"], case["end_minute"]])
            );
        }
        n_cases += 1;
    }
    for case in list(&suite["interval_list_yaml"]) {
        match (read::<Vec<TimeInterval>>(text(&case["yaml"])), &case["error"]) {
            (Ok(got), Value::Null) => {
                let want: Vec<_> = list(&case["intervals"]).iter().map(interval).collect();
                assert_eq!(got, want, "{case}");
                assert_eq!(read::<Vec<TimeInterval>>(&to_yaml(&got).unwrap()), Ok(got.clone()), "{case}");
                n_instants += check(case, &got);
            }
            (got, error) => assert_eq!(got.unwrap_err(), text(error), "{case}"),
        }
        n_cases += 1;
    }
    for case in list(&suite["complete_yaml"]) {
        n_instants += check(case, &[read(text(&case["yaml"])).unwrap()]);
        n_cases += 1;
    }
    let mutes = &suite["named_mutes"];
    let named = mutes["intervals"].as_object().unwrap();
    let named = named.iter().map(|(name, elements)| (name.clone(), list(elements).iter().map(interval).collect()));
    let named = Intervals::new(named);
    let texts = |json: &Value| list(json).iter().map(|name| text(name).to_owned()).collect::<Vec<_>>();
    for case in list(&mutes["cases"]) {
        let now: Timestamp = text(&case["now"]).parse::<jiff::Zoned>().unwrap().timestamp();
        let names = texts(&case["interval_names"]);
        assert_eq!(named.containing(&names, now.as_millisecond()), texts(&case["mutedBy"]), "{case}");
        n_cases += 1;
    }
    assert_eq!((n_cases, n_instants), (45, 61));
}

#[test]
fn routes_are_quiet_within_mutes_and_outside_of_what_is_active() {
    let day = |name: &str, day| {
        (name.to_owned(), vec![TimeInterval { weekdays: Some(vec![Range::new(day, day)]), ..TimeInterval::default() }])
    };
    let intervals = Intervals::new([day("sunday", 0), day("monday", 1)]);
    let check = |active: &[&str], mute: &[&str], want: Option<Quiet>| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        // 1970 began on a Thursday: this is the first Sunday.
        let sunday = 3 * 86_400_000;
        assert_eq!(intervals.quiet(&owned(active), &owned(mute), sunday), want, "{active:?} {mute:?}");
    };
    check(&[], &[], None);
    check(&["sunday"], &["monday"], None);
    check(&["monday", "sunday"], &[], None);
    check(&[], &["monday", "sunday"], Some(Quiet::Muted(vec!["sunday".to_owned()])));
    check(&["monday"], &["sunday"], Some(Quiet::NotActive(vec!["monday".to_owned()])));
    // What has no elements contains nothing.
    check(&[], &["tuesday"], None);
    assert!(!read::<TimeInterval>("times: []").unwrap().contains(0));
}
