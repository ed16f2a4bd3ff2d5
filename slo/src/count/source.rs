//! What an objective listens to: series by their matchers, and what a sample of each adds.

use std::fmt::Write as _;
use std::sync::Arc;

use model::{Histogram, Matcher};
use query::syntax::{Expr, NodeKind, Options, parse};

use super::events::Events;
use super::native;
use crate::spec::{Comparison, Counted, Indicator, Objective, RatioSide, Reading, compile};

/// Series, and what they add.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) matchers: Arc<[Matcher]>,
    pub(super) role: Role,
}

/// What a sample adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    /// What a counter grew by, so often.
    Counter { reading: Reading, weight: Events },
    /// One event, good or bad.
    Gauge(Judge),
}

/// Tells a good sample of a gauge from a bad one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Judge {
    Condition { comparison: Comparison, than: f64 },
    Share { side: RatioSide },
}

/// A query that is evaluated step by step, because it is no selector.
#[derive(Clone, Debug)]
pub(super) struct Sampled {
    pub(super) query: String,
    pub(super) adds: SampledRole,
}

/// What a step of it adds.
#[derive(Clone, Copy, Debug)]
pub(super) enum SampledRole {
    /// The sum of its values, so often.
    Increase { weight: Events },
    /// One event for each of its values.
    Gauge(Judge),
}

/// All that an objective listens to.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) terms: Vec<Term>,
    pub(super) sampled: Vec<Sampled>,
}

impl Judge {
    /// The event that a sample is.
    pub(super) fn event(self, value: f64) -> Events {
        let bad = match self {
            Judge::Condition { comparison, than } => f64::from(u8::from(!comparison.holds(value, than))),
            Judge::Share { .. } if value.is_nan() => return Events::default(),
            Judge::Share { side: RatioSide::Bad } => value,
            Judge::Share { side: RatioSide::Good } => 1.0 - value,
        };
        Events { bad, total: 1.0 }
    }
}

/// What of a histogram is the counter.
pub(super) fn read(reading: Reading, histogram: &Histogram) -> f64 {
    match reading {
        Reading::Value => histogram.count,
        Reading::AtOrBelow(bound) => native::at_or_below(histogram, bound),
    }
}

impl Source {
    /// What an objective listens to; nothing for one that is composed of others.
    pub(super) fn of(objective: &Objective) -> Source {
        let mut source = Source::default();
        match &objective.indicator {
            Indicator::Events { side, counted, total } => {
                let weight = match side {
                    RatioSide::Bad => Events { bad: 1.0, total: 0.0 },
                    RatioSide::Good => Events { bad: -1.0, total: 0.0 },
                };
                let of_total = match side {
                    RatioSide::Bad => Events { bad: 0.0, total: 1.0 },
                    RatioSide::Good => Events { bad: 1.0, total: 1.0 },
                };
                source.count(counted, weight);
                source.count(total, of_total);
            }
            Indicator::Threshold { query, comparison, value } => {
                source.judge(query, Judge::Condition { comparison: *comparison, than: *value });
            }
            Indicator::Ratio { side, query } => source.judge(query, Judge::Share { side: *side }),
            Indicator::Composite(_) => {}
        }
        source
    }

    fn count(&mut self, counted: &Counted, weight: Events) {
        match counted {
            Counted::Exactly(counter) => {
                self.terms.reserve_exact(counter.terms.len());
                self.terms.extend(counter.terms.iter().map(|term| {
                    let weight = weight * if term.is_subtracted { -1.0 } else { 1.0 };
                    Term { matchers: Arc::clone(&term.matchers), role: Role::Counter { reading: term.reading, weight } }
                }));
            }
            Counted::Sampled { query } => {
                self.sampled.push(Sampled { query: query.clone(), adds: SampledRole::Increase { weight } });
            }
        }
    }

    fn judge(&mut self, query: &str, judge: Judge) {
        match plain_selector(query) {
            Some(matchers) => self.terms.push(Term { matchers, role: Role::Gauge(judge) }),
            None => self.sampled.push(Sampled { query: query.to_owned(), adds: SampledRole::Gauge(judge) }),
        }
    }

    /// Says in words what is listened to, so that a change is seen.
    pub(super) fn in_words(&self) -> String {
        let mut words = String::new();
        for Term { matchers, role } in &self.terms {
            let matchers = matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let _ = writeln!(words, "{{{matchers}}} {role:?}");
        }
        for Sampled { query, adds } in &self.sampled {
            let _ = writeln!(words, "{query} {adds:?}");
        }
        words
    }
}

/// The matchers of a query that is a selector and nothing else.
fn plain_selector(query: &str) -> Option<Arc<[Matcher]>> {
    let expr = parse(query, Options::default()).ok()?;
    let is_selector = matches!(unwrapped(&expr), NodeKind::VectorSelector(_));
    match compile(query).ok()? {
        Counted::Exactly(mut counter) if is_selector => counter.terms.pop().map(|term| term.matchers),
        _ => None,
    }
}

fn unwrapped(expr: &Expr) -> &NodeKind {
    let mut kind = &expr.node(expr.root()).kind;
    while let NodeKind::Paren(inner) = kind {
        kind = &expr.node(*inner).kind;
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_followed_and_other_gauges_sampled() {
        for (query, is_plain) in
            [("a", true), ("(a{b=\"c\"})", true), ("sum(a)", false), ("a offset 5m", false), ("rate(a[5m])", false)]
        {
            assert_eq!(plain_selector(query).is_some(), is_plain, "{query}");
        }
    }

    #[test]
    fn samples_of_gauges_are_events() {
        let condition = Judge::Condition { comparison: Comparison::Less, than: 2.0 };
        let share = |side| Judge::Share { side };
        for (judge, value, bad, total) in [
            (condition, 1.0, 0.0, 1.0),
            (condition, 2.0, 1.0, 1.0),
            (condition, f64::NAN, 1.0, 1.0),
            (share(RatioSide::Good), 0.75, 0.25, 1.0),
            (share(RatioSide::Bad), 0.75, 0.75, 1.0),
            (share(RatioSide::Bad), f64::NAN, 0.0, 0.0),
        ] {
            assert_eq!(judge.event(value), Events { bad, total }, "{judge:?} {value}");
        }
    }
}
