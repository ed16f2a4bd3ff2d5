//! Lints of what an indicator counts.

use model::MatchOp;
use model::Matcher;
use model::labels::{BUCKET_LABEL, QUANTILE_LABEL};

use super::Found;
use crate::spec::counter::{bound_text, checked};
use crate::spec::{Counted, CounterTerm, Indicator, Objective, RatioSide, SourceFormat};

/// Labels in which a protocol says how a request went.
const STATUS_LABELS: [&str; 6] = ["code", "status", "status_code", "response_code", "http_status", "http_status_code"];

pub(super) fn check(objective: &Objective, found: &mut Found) {
    let Indicator::Events { side, counted, total } = &objective.indicator else { return };
    if let (Counted::Exactly(counted), Counted::Exactly(total)) = (counted, total) {
        check_side(objective, *side, &counted.terms, found);
        if !counted.terms.is_empty() && shown(&counted.terms) == shown(&total.terms) {
            let what = if *side == RatioSide::Good { "good" } else { "bad" };
            found.warn(objective, &format!("{what} and total count the same series: every event is {what}"));
        }
    }
    for counted in [counted, total] {
        if let Counted::Exactly(counter) = counted {
            check_bounds(objective, &counter.text, found);
        }
    }
}

fn shown(terms: &[CounterTerm]) -> Vec<(String, Vec<String>)> {
    let form = |term: &CounterTerm| format!("{} {:?}", term.is_subtracted, term.reading);
    let mut terms: Vec<_> = terms.iter().map(|term| (form(term), matchers(&term.matchers))).collect();
    terms.sort();
    terms
}

fn matchers(matchers: &[Matcher]) -> Vec<String> {
    let mut texts: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    texts.sort();
    texts
}

/// Failures among the good events, or successes alone among the bad ones.
fn check_side(objective: &Objective, side: RatioSide, terms: &[CounterTerm], found: &mut Found) {
    let statuses = terms.iter().filter(|term| !term.is_subtracted).flat_map(|term| term.matchers.iter());
    let statuses = statuses.filter(|matcher| STATUS_LABELS.contains(&matcher.name()));
    for matcher in statuses {
        let (is_failing, is_succeeding) = (matcher.matches("500"), matcher.matches("200"));
        if side == RatioSide::Good && is_failing && !is_succeeding {
            found.warn(objective, &format!("{matcher} counts failures as good events"));
        }
        if side == RatioSide::Bad && is_succeeding && !is_failing {
            found.warn(objective, &format!("{matcher} counts successes as bad events"));
        }
    }
}

/// `le="1"` selects what is stored as `1.0`: elsewhere it selects nothing.
fn check_bounds(objective: &Objective, query: &str, found: &mut Found) {
    // Pyrra itself takes both forms of a bound.
    if objective.source.format == SourceFormat::Pyrra {
        return;
    }
    if !query.contains(BUCKET_LABEL) && !query.contains(QUANTILE_LABEL) {
        return;
    }
    let Ok(expr) = checked(query) else { return };
    for matcher in expr.selectors().flatten() {
        let is_bound = matches!(matcher.name(), BUCKET_LABEL | QUANTILE_LABEL) && matcher.op() == MatchOp::Equal;
        let Some(bound) = matcher.value().parse::<f64>().ok().filter(|_| is_bound) else { continue };
        let stored = bound_text(bound);
        if stored != matcher.value() {
            let name = matcher.name();
            found.warn(objective, &format!("{matcher} is read as {name}=\"{stored}\", which is how bounds are stored"));
        }
    }
}
