//! Alertmanager's own cases, and the life of a silence.

use serde_json::{Value, json};

use super::*;
use crate::matcher::{Grammar, Matchers, op};
use crate::suites::{labels, list, matcher, suite, text};

const NOW_MS: i64 = 1_700_000_000_000;

fn at(json: &Value) -> i64 {
    json.as_i64().map_or(0, |seconds| NOW_MS + seconds * 1000)
}

fn silence(start: &Value, end: &Value) -> Silence {
    Silence { starts_at_ms: at(start), ends_at_ms: at(end), ..Silence::default() }
}

/// Reads sets of matchers as they come in, with what is wrong with them.
fn sets(json: &Value) -> Vec<Matchers> {
    list(json).iter().map(|set| Matchers(list(set).iter().map(matcher).collect())).collect()
}

#[test]
fn silences_are_those_of_alertmanager() {
    let Some(suite) = suite("silences.json") else { return };
    let mut n_cases = 0;
    for case in list(&suite["state_filter"]) {
        let state = silence(&case["starts_at_s"], &case["ends_at_s"]).state_at(NOW_MS);
        let kept = list(&case["states"]).iter().any(|name| text(name) == state.as_str());
        assert_eq!(kept, case["expect_kept"] == true, "{case}");
        n_cases += 1;
    }
    let table = &suite["matches"];
    for case in list(&table["cases"]) {
        let silence = Silence { matcher_sets: sets(&case["matcher_sets"]), ..Silence::default() };
        assert_eq!(silence.matches(&labels(&table["labels"])), case["expect_match"] == true, "{case}");
        n_cases += 1;
    }
    for case in list(&suite["can_update_in_place"]) {
        let [a, b] = ["a", "b"].map(|side| silence(&case[side]["StartsAt"], &case[side]["EndsAt"]));
        assert_eq!(a.can_become(&b, NOW_MS), case["expect"] == true, "{case}");
        n_cases += 1;
    }
    let check = |case: &Value, got: Result<(), String>| {
        let want = text(&case["error_contains"]);
        match got {
            Ok(()) => assert_eq!(want, "", "{case}"),
            Err(got) => assert!(!want.is_empty() && got.contains(want), "{case}: {got}"),
        }
    };
    for case in list(&suite["validate"]) {
        let silence =
            Silence { matcher_sets: sets(&case["matcher_sets"]), ..silence(&case["starts_at_s"], &case["ends_at_s"]) };
        check(case, silence.check(Grammar::Classic).map_err(|error| error.to_string()));
        n_cases += 1;
    }
    for (table, grammar) in [("validate_matcher_classic", Grammar::Classic), ("validate_matcher_utf8", Grammar::Utf8)] {
        for case in list(&suite[table]) {
            let matcher = &case["matcher"];
            n_cases += 1;
            // Neither what is no text nor an operator that is none can become a matcher at all.
            let (Some(value), Some(op)) = (matcher["value"].as_str(), op(text(&matcher["type"]))) else { continue };
            let read = read_matcher(0, 0, text(&matcher["name"]), op, value);
            let checked = read.and_then(|matcher| {
                let matcher_sets = vec![Matchers(vec![matcher])];
                Silence { matcher_sets, ..silence(&json!(0), &json!(1)) }.check(grammar)
            });
            check(case, checked.map_err(|error| error.to_string()));
        }
    }
    assert_eq!(n_cases, 51);
}

/// A store and the names that it gives: `1`, `2`, …
struct Life {
    silences: Silences,
    n_ids: u32,
}

impl Life {
    fn set(&mut self, silence: Silence, now_ms: i64) -> Result<Silence, SilenceError> {
        self.n_ids += 1;
        let planned = self.silences.plan(silence, now_ms, self.n_ids.to_string())?;
        planned.iter().for_each(|silence| self.silences.put(silence.clone()));
        Ok(planned.last().cloned().unwrap())
    }

    /// Id, start, end and update of all, in milliseconds after [`NOW_MS`].
    fn all(&self) -> Vec<(&str, i64, i64, i64)> {
        let times = |s: &'_ Silence| [s.starts_at_ms, s.ends_at_ms, s.updated_at_ms].map(|time| time - NOW_MS);
        self.silences.iter().map(|s| (s.id.as_str(), times(s)[0], times(s)[1], times(s)[2])).collect()
    }
}

fn of(value: &str, start_ms: i64, end_ms: i64) -> Silence {
    let matchers = Matchers(vec![matcher(&json!({ "name": "a", "type": "=", "value": value }))]);
    Silence {
        matcher_sets: vec![matchers],
        starts_at_ms: if start_ms == 0 { 0 } else { NOW_MS + start_ms },
        ends_at_ms: NOW_MS + end_ms,
        ..Silence::default()
    }
}

#[test]
fn the_life_of_a_silence() {
    let mut life = Life { silences: Silences::default(), n_ids: 0 };
    // Without a start, or with one in the past, it begins now.
    life.set(of("b", 0, 10_000), NOW_MS).unwrap();
    life.set(of("b", -5_000, 10_000), NOW_MS).unwrap();
    assert_eq!(life.all(), [("1", 0, 10_000, 0), ("2", 0, 10_000, 0)]);
    // Its end may change, and its name stays.
    let mut longer = Silence { id: "1".into(), ends_at_ms: NOW_MS + 20_000, ..life.silences.get("1").unwrap().clone() };
    longer.comment = "longer".into();
    assert_eq!(life.set(longer, NOW_MS + 1_000).unwrap().id, "1");
    // What it is about may not: that makes another.
    let other = Silence { id: "1".into(), ..of("c", 2_500, 20_000) };
    assert_eq!(life.set(other, NOW_MS + 2_000).unwrap().id, "4");
    assert_eq!(life.all(), [("1", 0, 2_000, 2_000), ("2", 0, 10_000, 0), ("4", 2_500, 20_000, 2_000)]);
    // What is refused changes nothing.
    let before = life.silences.get("4").cloned();
    let backwards = Silence { id: "4".into(), ..of("c", 2_500, 1_000) };
    assert_eq!(
        life.set(backwards, NOW_MS + 2_100).unwrap_err().to_string(),
        "invalid silence: end time must not be before start time"
    );
    assert_eq!(life.silences.get("4").cloned(), before);
    assert_eq!(life.set(Silence { id: "x".into(), ..of("c", 0, 1) }, NOW_MS), Err(SilenceError::NotFound));
    // One that waits never begins when it is ended; one that is active ends; one that has ended stays.
    for (id, at_ms, want) in [("4", 2_400, Some((2_400, 2_400))), ("2", 3_000, Some((0, 3_000))), ("1", 3_000, None)] {
        let planned = life.silences.plan_expiry(id, NOW_MS + at_ms).unwrap();
        let got = planned.map(|silence| (silence.starts_at_ms - NOW_MS, silence.ends_at_ms - NOW_MS));
        assert_eq!(got, want, "{id}");
    }
    assert_eq!(life.silences.plan_expiry("x", NOW_MS), Err(SilenceError::NotFound));
    // It is kept for 120 hours after its end.
    let hours = |hours: i64| NOW_MS + 20_000 + hours * 3_600_000;
    assert_eq!(life.silences.forget(hours(119)), Vec::<String>::new());
    assert_eq!(life.silences.forget(hours(120)), ["1", "2", "4"]);
    assert!(life.silences.is_empty());
}

#[test]
fn silences_mute_while_they_are_active() {
    let mut life = Life { silences: Silences::default(), n_ids: 0 };
    life.set(of("b", 1_000, 2_000), NOW_MS).unwrap();
    life.set(of("c", 0, 2_000), NOW_MS).unwrap();
    let check = |value: &str, at_ms: i64, want: &[&str]| {
        let labels = labels(&json!({ "a": value }));
        let ids: Vec<_> = life.silences.muting(&labels, NOW_MS + at_ms).map(|s| s.id.as_str()).collect();
        assert_eq!(ids, want, "{value} at {at_ms}");
    };
    check("b", 999, &[]);
    check("b", 1_000, &["1"]);
    check("b", 1_999, &["1"]);
    check("b", 2_000, &[]);
    check("c", 1_500, &["2"]);
    check("d", 1_500, &[]);
}

#[test]
fn limits_have_names() {
    let mut life = Life { silences: Silences::new(Limits { silences: 1, silence_size: 60 }), n_ids: 0 };
    let large = Silence { comment: "x".repeat(60), ..of("b", 0, 1_000) };
    let error = life.set(large.clone(), NOW_MS).unwrap_err().to_string();
    assert_eq!(error, "silence exceeded maximum size: 63 bytes (limit silence_size: 60 bytes)");
    let id = life.set(of("b", 0, 1_000), NOW_MS).unwrap().id;
    let error = life.set(of("b", 0, 1_000), NOW_MS).unwrap_err().to_string();
    assert_eq!(error, "exceeded maximum number of silences: 1 (limit silences: 1)");
    // Changing the one that is there takes no more room.
    assert_eq!(life.set(Silence { id, ends_at_ms: NOW_MS + 500, ..of("b", 0, 500) }, NOW_MS).unwrap().id, "2");
}
