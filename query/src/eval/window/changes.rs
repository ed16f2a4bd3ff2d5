//! `changes` and `resets`: how often a value changed, or a counter fell.

use super::cumulative::Cumulative;
use super::rate::Counted;
use super::{Context, Output, View, WindowFn};
use crate::engine::QueryError;
use crate::eval::samples::Samples;
use crate::syntax::Border;

/// `changes`
#[derive(Debug, Default)]
pub(super) struct Changes(Cumulative);

/// `resets`
#[derive(Debug, Default)]
pub(super) struct Resets(Cumulative);

fn differ(before: f64, now: f64) -> bool {
    before != now && !(before.is_nan() && now.is_nan())
}

fn mark(marks: &mut Cumulative, samples: &Samples, from: usize, counts: impl Fn(f64, f64) -> bool) {
    let values = &samples.floats.values;
    for at in from..values.len() {
        // The first sample of all has none before it, and is never asked for.
        marks.push(i64::from(at > 0 && counts(values[at - 1], values[at])));
    }
}

impl WindowFn for Changes {
    fn read(&mut self, samples: &Samples, from: usize) {
        mark(&mut self.0, samples, from, differ);
    }

    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        counted(&mut self.0, view, context, |before, now| differ(before.value, now.value))
    }
}

impl WindowFn for Resets {
    fn read(&mut self, samples: &Samples, from: usize) {
        mark(&mut self.0, samples, from, |before, now| now < before);
    }

    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        counted(&mut self.0, view, context, |before, now| now.value < before.value || now.began_anew_since(before))
    }
}

fn counted(
    marks: &mut Cumulative,
    view: &View<'_>,
    context: &mut Context<'_, '_>,
    counts: impl Fn(&Counted, &Counted) -> bool,
) -> Result<Output, QueryError> {
    let Some(first) = first_of(view, context.call.border) else { return Ok(Output::None) };
    if !view.histograms.is_empty() {
        return counted_with_histograms(view, first, context, counts);
    }
    if !view.starts.is_empty() {
        context.tick(view.values.len())?;
        let pairs = (first.float + 1..view.values.len())
            .filter(|&at| counts(&Counted::at(view, at - 1), &Counted::at(view, at)));
        return Ok(Output::Float(pairs.count() as f64));
    }
    marks.forget_before(view.first);
    let n = marks.between(view.first + first.float + 1, view.first + view.values.len());
    Ok(Output::Float(n as f64))
}

/// The first samples of each kind that count.
#[derive(Clone, Copy)]
struct First {
    float: usize,
    histogram: usize,
}

/// Where an anchored window begins: with the newest sample that is not in its range. `None` where its range is empty.
fn first_of(view: &View<'_>, border: Border) -> Option<First> {
    if border != Border::Anchored {
        return Some(First { float: 0, histogram: 0 });
    }
    let n_before = |times: &[i64]| times.partition_point(|&time_ms| time_ms <= view.start_ms);
    let (floats, histograms) = (n_before(view.times), n_before(view.histogram_times));
    if floats == view.times.len() && histograms == view.histogram_times.len() {
        return None;
    }
    let last_ms = |times: &[i64], n: usize| n.checked_sub(1).map(|at| times[at]);
    Some(match (last_ms(view.times, floats), last_ms(view.histogram_times, histograms)) {
        (None, None) => First { float: 0, histogram: 0 },
        (Some(float_ms), histogram_ms) if histogram_ms.is_none_or(|histogram_ms| float_ms >= histogram_ms) => {
            First { float: floats - 1, histogram: histograms }
        }
        _ => First { float: floats, histogram: histograms - 1 },
    })
}

/// Floats and histograms in the order of time. A change of kind counts; two histograms in a row cannot be compared yet.
fn counted_with_histograms(
    view: &View<'_>,
    first: First,
    context: &Context<'_, '_>,
    counts: impl Fn(&Counted, &Counted) -> bool,
) -> Result<Output, QueryError> {
    let mut order: Vec<(i64, Option<usize>)> = Vec::new();
    order.extend((first.float..view.times.len()).map(|at| (view.times[at], Some(at))));
    order.extend(view.histogram_times[first.histogram..].iter().map(|&time_ms| (time_ms, None)));
    order.sort_by_key(|(time_ms, _)| *time_ms);
    let mut n = 0;
    for pair in order.windows(2) {
        let is_counted = match (pair[0].1, pair[1].1) {
            (Some(before), Some(now)) => counts(&Counted::at(view, before), &Counted::at(view, now)),
            (None, None) => return context.unsupported(),
            _ => true,
        };
        n += u64::from(is_counted);
    }
    Ok(Output::Float(n as f64))
}
