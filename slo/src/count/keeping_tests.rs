//! What of counts is kept: by a run that cannot take them up, and in files that are written anew.

use std::sync::Arc;

use model::Matcher;
use model::storage::{LabelRequest, Listing, Select, SelectError, SelectHints, SeriesSet};

use super::Counting;
use super::test_kit::{Bench, DAY, MINUTE, catalog, events, labels};
use crate::history::History;
use crate::spec::{Budgeting, Objective};

fn minute(minute: i64) -> i64 {
    minute * MINUTE
}

/// Of which all events are bad.
fn of(counter: &str) -> Objective {
    events(counter, "a_total", Budgeting::Occurrences)
}

/// Raw samples that cannot be read.
#[derive(Debug)]
struct Unreadable;

impl Select for Unreadable {
    fn select(&self, _: &[Matcher], _: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        Err(SelectError::Unreadable("no".to_owned()))
    }

    fn label_names(&self, _: &LabelRequest) -> Result<Listing, SelectError> {
        Err(SelectError::Unreadable("no".to_owned()))
    }

    fn label_values(&self, _: &str, _: &LabelRequest) -> Result<Listing, SelectError> {
        Err(SelectError::Unreadable("no".to_owned()))
    }
}

/// Counts so many samples of `o`, a minute apart.
fn count_minutes(bench: &Bench, counting: &Counting, minutes: std::ops::Range<i64>) {
    let (series, up) = (labels("a_total", &[("job", "j")]), labels("up", &[("job", "j")]));
    for number in minutes {
        bench.set_now(minute(number));
        bench.commit(minute(number), &[(series.clone(), number as f64), (up.clone(), 1.0)]);
        if number % 100 == 99 {
            counting.tick();
            counting.close();
        }
    }
}

#[test]
fn what_the_last_run_counted_outlives_one_that_cannot_take_it_up() {
    let mut bench = Bench::new();
    let one = catalog([of("a_total")]);
    let counting = bench.counting();
    counting.apply(Arc::clone(&one)).unwrap();
    count_minutes(&bench, &counting, 0..100);
    drop(counting);
    // Raw samples of that time are read no more.
    bench.set_now(20 * DAY);
    bench.restart();
    let counting = bench.counting_over(Arc::new(Unreadable));
    let another = Objective { id: "p".to_owned(), ..of("b_total") };
    counting.apply(catalog([of("a_total"), another])).unwrap_err();
    counting.tick();
    counting.close();
    drop(counting);
    bench.restart();
    let counting = bench.counting();
    counting.apply(one).unwrap();
    assert_eq!(counting.counts("o", 0, i64::MAX).bad, 99.0);
}

#[test]
fn files_of_chunks_are_rewritten_with_what_books_on_the_shelf_need() {
    let mut bench = Bench::new();
    let (one, other) = (of("a_total"), of("b_total"));
    let counting = bench.counting();
    counting.apply(catalog([one.clone()])).unwrap();
    count_minutes(&bench, &counting, 0..4000);
    counting.apply(catalog([other])).unwrap();
    count_minutes(&bench, &counting, 4000..7000);
    let n_stored = |counting: &Counting| counting.standing().n_stored_bytes;
    let before = n_stored(&counting);
    // What is counted becomes coarser, and what it was is of no use.
    bench.set_now(20 * DAY);
    counting.rewrite_soon();
    counting.close();
    assert!(n_stored(&counting) * 5 < before * 3, "{} of {before}", n_stored(&counting));
    drop(counting);
    // What was on the shelf comes from these files: raw samples of that time are read no more.
    bench.set_now(30 * DAY);
    for _ in 0..2 {
        bench.restart();
        let counting = bench.counting();
        counting.apply(catalog([one.clone()])).unwrap();
        // These have become coarser by five minutes.
        for (from, to) in [(0, 100), (1000, 1005), (2500, 3800), (5, 3995)] {
            let counts = counting.counts("o", minute(from), minute(to));
            assert_eq!(counts.total, (to - from) as f64, "{from}..{to}");
        }
    }
}
