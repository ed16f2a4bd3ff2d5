//! Queries over what was summed up: the answers are those of the samples, bit for bit.
//!
//! Series of all kinds of values, with gaps, late samples, ends in the middle of a span, and deletions, are asked random
//! questions before and after their blocks are summed up.

use model::Rng;
use model::rng::SeededRng;
use model::sample::stale_marker;
use model::{Labels, Matcher};
use query::{Engine, EngineOptions, Limits, QueryOptions, Value};
use tsdb::{Downsampling, Maintained, Store};

use super::loaded::{append, empty};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Behind the border of a block, so that there is something in the head.
const LENGTH_MS: i64 = 30 * HOUR_MS + 7 * MINUTE_MS;
const ALWAYS: Downsampling = Downsampling { five_minutes_after_ms: Some(0), one_hour_after_ms: Some(0) };

fn value(rng: &mut SeededRng, kind: u64, n_before: usize) -> f64 {
    match kind {
        0 => n_before as f64,
        1 => rng.unit() * 100.0 - 50.0,
        2 => 7.5,
        3 => f64::from_bits(rng.next_u64()),
        _ => {
            let odd = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, stale_marker(), 1.0, -1.0];
            odd[rng.below(odd.len() as u64) as usize]
        }
    }
}

/// A series of some kind, from somewhere to somewhere, with gaps.
fn samples(rng: &mut SeededRng, kind: u64) -> Vec<(i64, f64)> {
    let interval_ms = [15_000, 17_000, 60_000, 300_000, 421_001][rng.below(5) as usize];
    let (mut samples, mut now_ms) = (Vec::new(), rng.below(LENGTH_MS as u64 / 2) as i64);
    let end_ms = LENGTH_MS - if rng.below(2) == 0 { 0 } else { rng.below(LENGTH_MS as u64 / 2) as i64 };
    if rng.below(3) == 0 {
        now_ms -= now_ms % interval_ms;
    }
    while now_ms < end_ms {
        samples.push((now_ms, value(rng, kind, samples.len())));
        let n_intervals = if rng.below(150) == 0 { 1 + rng.below(200) as i64 } else { 1 };
        now_ms += n_intervals * interval_ms;
    }
    samples
}

/// Series in blocks of two hours, of which some have become larger ones, and in the head.
fn store(rng: &mut SeededRng) -> Store {
    let store = empty();
    let series: Vec<_> = (0..10)
        .map(|i| (Labels::from_pairs([("__name__", "x"), ("i", &*i.to_string())]), samples(rng, i % 5)))
        .collect();
    let mut from_ms = i64::MIN;
    for until_ms in (2..).map(|hours| hours * HOUR_MS).step_by(2).take(15) {
        for (labels, samples) in &series {
            let mut now: Vec<_> =
                samples.iter().copied().filter(|&(at_ms, _)| at_ms >= from_ms && at_ms < until_ms).collect();
            // Some come late.
            if let [.., (one_ms, _), (other_ms, _)] = now[..]
                && other_ms - one_ms < 10 * MINUTE_MS
                && rng.below(3) == 0
            {
                let at = now.len() - 2;
                now.swap(at, at + 1);
            }
            append(&store, labels, &now);
        }
        from_ms = until_ms;
        if rng.below(3) > 0 {
            store.seal(until_ms - 20 * MINUTE_MS).unwrap();
        }
    }
    while rng.below(3) > 0 && store.maintain().unwrap() != Maintained::Nothing {}
    for _ in 0..rng.below(3) {
        let selector = vec![Matcher::equal("i", &*rng.below(10).to_string())];
        let start_ms = rng.below(LENGTH_MS as u64) as i64;
        store.delete_series(&[selector], start_ms, start_ms + rng.below(4 * HOUR_MS as u64) as i64).unwrap();
    }
    store
}

struct Question {
    text: String,
    interval_ms: (i64, i64),
    step_ms: i64,
}

fn question(rng: &mut SeededRng) -> Question {
    let mut of = |texts: &[&str]| texts[rng.below(texts.len() as u64) as usize].to_owned();
    let functions = ["min", "max", "last", "count", "present", "absent", "sum", "first", "avg"];
    let function = of(&functions) + "_over_time";
    let range = of(&["5m", "10m", "7m", "1h", "90m", "2h", "3h", "26h"]);
    let modifier =
        of(&["", "", "", " offset 1h", " offset 5m", " offset -35m", " offset 1s", " @ 36000", " @ 36000.001"]);
    let inner = format!("{function}(x{}[{range}]{modifier})", of(&["", "", "{i=~\"[0-4]\"}"]));
    let text = match of(&["", "", "sum", "sub", "topk"]).as_str() {
        "sum" => format!("sum({inner})"),
        "sub" => format!("max_over_time({inner}[2h:10m])"),
        "topk" => format!("topk(2, {inner})"),
        _ => inner,
    };
    let step_ms = [5, 10, 60, 60, 120, 7][rng.below(6) as usize] * MINUTE_MS;
    let aligned_ms = [1, 5 * MINUTE_MS, HOUR_MS, HOUR_MS][rng.below(4) as usize];
    let mut time_ms = || rng.below(LENGTH_MS as u64 + 2 * HOUR_MS as u64) as i64 / aligned_ms * aligned_ms;
    let (one, other) = (time_ms(), time_ms());
    Question { text, interval_ms: (one.min(other), one.max(other)), step_ms }
}

/// The answer, each value as bits, and how many samples were read for it.
fn answer(engine: &Engine, store: &Store, question: &Question) -> (String, u64) {
    let Question { text, interval_ms, step_ms } = question;
    let outcome = engine.range(store, text, *interval_ms, *step_ms, &QueryOptions::default()).unwrap();
    let Value::Matrix(series) = &outcome.value else { panic!("{text} is no matrix") };
    let mut lines: Vec<String> = series
        .iter()
        .map(|series| {
            let bits: Vec<_> = series.floats.iter().map(|(at_ms, value)| (at_ms, value.to_bits())).collect();
            format!("{} {bits:?}", series.labels)
        })
        .collect();
    lines.push(format!("{:?}", outcome.annotations));
    (lines.join("\n"), outcome.stats.n_samples_read)
}

#[test]
fn what_was_summed_up_answers_as_the_samples_do() {
    let options =
        EngineOptions { limits: Limits { max_samples: u64::MAX, ..Limits::default() }, ..EngineOptions::default() };
    let engine = Engine::new(options);
    let (mut n_before, mut n_after) = (0, 0);
    for seed in 0..12 {
        let mut rng = SeededRng::new(seed);
        let store = store(&mut rng);
        let questions: Vec<_> = (0..60).map(|_| question(&mut rng)).collect();
        let before: Vec<_> = questions.iter().map(|question| answer(&engine, &store, question)).collect();
        store.set_downsampling(ALWAYS);
        while store.downsample_if_due().unwrap().is_some() {}
        for (question, (before, n_read_before)) in questions.iter().zip(before) {
            let (after, n_read_after) = answer(&engine, &store, question);
            let Question { text, interval_ms, step_ms } = question;
            assert!(after == before, "seed {seed}: {text} in {interval_ms:?} every {step_ms} ms:\n{before}\n{after}");
            (n_before, n_after) = (n_before + n_read_before, n_after + n_read_after);
        }
    }
    assert!(n_after < n_before, "less was read: {n_after} samples in place of {n_before}");
}
