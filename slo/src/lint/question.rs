//! What stored series tell of an objective: questions in PromQL, and what their answers mean.

use std::collections::{BTreeMap, BTreeSet};

use model::labels::{BUCKET_LABEL, METRIC_NAME, QUANTILE_LABEL};
use model::{MatchOp, Matcher, float};

use super::{fault, finer_than_one};
use crate::spec::counter::checked;
use crate::spec::{
    Budgeting, Catalog, Counted, Counter, CounterTerm, Indicator, Objective, RatioSide, Reading, SpecFault,
};

/// Over which time events are counted to see how many there are.
const TRAFFIC_MS: f64 = 86_400_000.0;
/// So many bounds are told where one is none.
const MAX_BOUNDS: usize = 12;

/// A question about stored series.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// An instant query.
    pub query: String,
    about: About,
}

/// A sample of what is answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
enum About {
    /// How many series a selector has.
    Series { selector: String },
    /// How many series have the labels by which bad events are told from others: bad ones themselves may never have come.
    Labels { selector: String, names: BTreeSet<String> },
    /// Which bounds series have.
    Bounds { selector: String, label: String, bound: String },
    /// How many series are counted, and not counted in the total.
    Outside { side: RatioSide },
    /// How many events were counted in a day, where these are more than all.
    More { side: RatioSide },
    /// How many events there were in a day.
    Traffic,
}

/// All that can be asked about an objective.
pub fn questions(objective: &Objective) -> Vec<Question> {
    let mut questions = match &objective.indicator {
        Indicator::Events { side, counted, total } => of_events(objective, *side, counted, total),
        Indicator::Threshold { query, .. } | Indicator::Ratio { query, .. } => of_query(query),
        Indicator::Composite(_) => Vec::new(),
    };
    let mut asked = Vec::new();
    questions.retain(|question| {
        let is_new = !asked.contains(&question.query);
        asked.push(question.query.clone());
        is_new
    });
    questions
}

fn of_events(objective: &Objective, side: RatioSide, counted: &Counted, total: &Counted) -> Vec<Question> {
    let mut questions = Vec::new();
    match counted {
        Counted::Exactly(counter) => {
            questions.extend(counter.terms.iter().map(|term| match (side, total) {
                (RatioSide::Bad, Counted::Exactly(total)) => bad_series(term, total),
                _ => series(&term.matchers),
            }));
        }
        Counted::Sampled { query } => questions.extend(of_query(query)),
    }
    match total {
        Counted::Exactly(counter) => questions.extend(counter.terms.iter().map(|term| series(&term.matchers))),
        Counted::Sampled { query } => questions.extend(of_query(query)),
    }
    if let (Counted::Exactly(counted), Counted::Exactly(total)) = (counted, total) {
        questions.push(outside(side, counted, total).unwrap_or_else(|| more(side, counted, total)));
    }
    match total {
        Counted::Exactly(total) if objective.budgeting == Budgeting::Occurrences => {
            questions.push(Question { query: events(total), about: About::Traffic });
        }
        _ => {}
    }
    questions
}

/// The series of each selector of a query that is evaluated.
fn of_query(query: &str) -> Vec<Question> {
    // What cannot be read has been told.
    checked(query).map(|expr| expr.selectors().map(series).collect()).unwrap_or_default()
}

fn series(matchers: &[Matcher]) -> Question {
    let selector = selector(matchers);
    let is_bound =
        |matcher: &&Matcher| matches!(matcher.name(), BUCKET_LABEL | QUANTILE_LABEL) && matcher.op() == MatchOp::Equal;
    // A series counts where it is now or was in the last day.
    let Some(bound) = matchers.iter().find(is_bound) else {
        return Question { query: format!("count(last_over_time({selector}[1d]))"), about: About::Series { selector } };
    };
    let (label, bound) = (bound.name().to_owned(), bound.value().to_owned());
    let others: Vec<Matcher> = matchers.iter().filter(|matcher| matcher.name() != label).cloned().collect();
    let query = format!("count by ({label}) (last_over_time({}[1d]))", self::selector(&others));
    Question { query, about: About::Bounds { selector, label, bound } }
}

/// Where bad events are some of the total's series, it is asked for their labels: that none has failed yet is no mistake.
fn bad_series(term: &CounterTerm, total: &Counter) -> Question {
    let is_same = |of_total: &&CounterTerm| name_of(of_total).is_some() && name_of(of_total) == name_of(term);
    let Some(total) = total.terms.iter().find(is_same) else { return series(&term.matchers) };
    let (shared, own): (Vec<&Matcher>, Vec<&Matcher>) =
        term.matchers.iter().partition(|matcher| total.matchers.contains(matcher));
    let is_bound = |matcher: &&&Matcher| matches!(matcher.name(), BUCKET_LABEL | QUANTILE_LABEL);
    let is_without_label = |matcher: &&Matcher| matcher.op() == MatchOp::Equal && matcher.value().is_empty();
    if own.is_empty() || own.iter().any(|matcher| is_bound(&matcher) || is_without_label(matcher)) {
        return series(&term.matchers);
    }
    let names: BTreeSet<String> = own.iter().map(|matcher| matcher.name().to_owned()).collect();
    let has_label = names.iter().filter_map(|name| Matcher::new(name, MatchOp::NotEqual, "").ok());
    let matchers: Vec<Matcher> = has_label.chain(shared.into_iter().cloned()).collect();
    let query = format!("count(last_over_time({}[1d]))", selector(&matchers));
    Question { query, about: About::Labels { selector: selector(&term.matchers), names } }
}

/// Bad events that are not among all events. Only where both are of one metric do their labels say so.
fn outside(side: RatioSide, counted: &Counter, total: &Counter) -> Option<Question> {
    let ([counted], [total]) = (&counted.terms[..], &total.terms[..]) else { return None };
    (name_of(counted)? == name_of(total)?).then(|| {
        let (counted, total) = (selector(&counted.matchers), selector(&total.matchers));
        let query = format!("count(last_over_time({counted}[1d]) unless last_over_time({total}[1d]))");
        Question { query, about: About::Outside { side } }
    })
}

/// Where only numbers tell: more than all events cannot be bad. Rates are estimated at both ends of a day, hence the hundredth.
fn more(side: RatioSide, counted: &Counter, total: &Counter) -> Question {
    let query = format!("({}) > 1.01 * ({})", events(counted), events(total));
    Question { query, about: About::More { side } }
}

fn name_of(term: &CounterTerm) -> Option<&str> {
    let is_name = |matcher: &&Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
    term.matchers.iter().find(is_name).map(Matcher::value)
}

/// The events that a counter counted in the last day; a series that is not there counted none.
fn events(counter: &Counter) -> String {
    let increase = |term: &CounterTerm| {
        let sign = if term.is_subtracted { "- " } else { "+ " };
        let sum = format!("sum(increase({}[1d]))", selector(&term.matchers));
        let count = match term.reading {
            Reading::Value => format!("histogram_count({sum}) or {sum}"),
            Reading::AtOrBelow(bound) => {
                format!("histogram_fraction(0, {}, {sum}) * histogram_count({sum})", float::general(bound))
            }
        };
        format!("{sign}({count} or vector(0))")
    };
    let sum: Vec<String> = counter.terms.iter().map(increase).collect();
    sum.join(" ").trim_start_matches("+ ").to_owned()
}

/// A selector as PromQL writes it.
fn selector(matchers: &[Matcher]) -> String {
    let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", matchers.join(","))
}

impl Question {
    /// What is wrong with the objective that was asked about, by what was answered.
    pub fn judge(&self, objective: &Objective, answers: &[Answer]) -> Option<SpecFault> {
        let value = answers.first().map(|answer| answer.value).filter(|value| !value.is_nan());
        let is_none = value.is_none_or(|n_series| n_series == 0.0);
        let message = match &self.about {
            About::Series { selector } => is_none.then(|| format!("{selector} matches no series")),
            About::Labels { selector, names } => is_none.then(|| {
                let labels = if names.len() == 1 { "label" } else { "labels" };
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("{selector} matches no series, and none like it has the {labels} {}", names.join(", "))
            }),
            About::Bounds { selector, .. } if is_none => Some(format!("{selector} matches no series")),
            About::Bounds { label, bound, .. } => no_bound(label, bound, answers),
            About::Outside { side } => value.filter(|n_series| *n_series > 0.0).map(|n_series| {
                format!("{n_series} series are counted as {} events and not in total", name_of_side(*side))
            }),
            About::More { side } => {
                let side = name_of_side(*side);
                value.map(|n_events| format!("{n_events:.0} {side} events in a day are more than there were in total"))
            }
            About::Traffic => {
                finer_than_one(objective, value? * objective.window.nominal_ms() as f64 / TRAFFIC_MS, "events")
            }
        };
        message.map(|message| fault(objective, &message))
    }
}

fn name_of_side(side: RatioSide) -> &'static str {
    if side == RatioSide::Good { "good" } else { "bad" }
}

/// What is said of a bound that no series has. The bounds that there are stand by their size.
fn no_bound(label: &str, bound: &str, answers: &[Answer]) -> Option<String> {
    let mut bounds: Vec<&str> =
        answers.iter().filter_map(|answer| answer.labels.get(label).map(String::as_str)).collect();
    if bounds.contains(&bound) {
        return None;
    }
    let size = |bound: &str| bound.parse::<f64>().unwrap_or(f64::INFINITY);
    bounds.sort_by(|a, b| size(a).total_cmp(&size(b)));
    let what = if label == BUCKET_LABEL { "bound of its buckets" } else { "quantile of it" };
    let more = if bounds.len() > MAX_BOUNDS { " …" } else { "" };
    bounds.truncate(MAX_BOUNDS);
    Some(format!("{label}=\"{bound}\" is no {what}: there are {}{more}", bounds.join(", ")))
}

/// Questions about all objectives.
pub fn all(catalog: &Catalog) -> impl Iterator<Item = (&Objective, Question)> {
    catalog
        .objectives
        .values()
        .flat_map(|objective| questions(objective).into_iter().map(move |question| (objective, question)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{SpecFile, load};

    fn objective(indicator: &str) -> Objective {
        let text = format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: a}}\nspec:\n  service: s\n  indicator: {{spec: {indicator}}}\n  timeWindow: [{{duration: 30d, isRolling: true}}]\n  objectives: [{{targetPercent: 99.999, op: lt, value: 1}}]\n",
        );
        let catalog = load(&[SpecFile { path: "a.yml".to_owned(), text }]);
        assert!(catalog.errors.is_empty(), "{:?}", catalog.errors);
        catalog.objectives["a"].clone()
    }

    fn ratio(side: &str, counted: &str, total: &str) -> Objective {
        let source = |query: &str| format!("{{metricSource: {{spec: {{query: '{query}'}}}}}}");
        let (counted, total) = (source(counted), source(total));
        objective(&format!("{{ratioMetric: {{counter: true, {side}: {counted}, total: {total}}}}}"))
    }

    fn queries(objective: &Objective) -> Vec<String> {
        questions(objective).into_iter().map(|question| question.query).collect()
    }

    fn judged(objective: &Objective, index: usize, answers: &[(&str, f64)]) -> Option<String> {
        let answer = |&(bound, value): &(&str, f64)| {
            let labels = [(BUCKET_LABEL.to_owned(), bound.to_owned())].into();
            Answer { labels, value }
        };
        let answers: Vec<Answer> = answers.iter().map(answer).collect();
        questions(objective)[index].judge(objective, &answers).map(|fault| fault.message)
    }

    #[test]
    fn stored_series_are_asked_for() {
        let objective = ratio("bad", r#"x_total{code=~"5.."}"#, "x_total");
        let want = [
            r#"count(last_over_time({code!="",__name__="x_total"}[1d]))"#,
            r#"count(last_over_time({__name__="x_total"}[1d]))"#,
            r#"count(last_over_time({code=~"5..",__name__="x_total"}[1d]) unless last_over_time({__name__="x_total"}[1d]))"#,
            r#"(histogram_count(sum(increase({__name__="x_total"}[1d]))) or sum(increase({__name__="x_total"}[1d])) or vector(0))"#,
        ];
        assert_eq!(queries(&objective), want);
        let judged = |index, value: Option<f64>| {
            let answers: Vec<(&str, f64)> = value.map(|value| ("", value)).into_iter().collect();
            judged(&objective, index, &answers)
        };
        let want = r#"a: {code=~"5..",__name__="x_total"} matches no series, and none like it has the label code"#;
        assert_eq!(judged(0, None).as_deref(), Some(want));
        assert_eq!(judged(0, Some(2.0)), None);
        assert_eq!(judged(1, None).as_deref(), Some(r#"a: {__name__="x_total"} matches no series"#));
        assert_eq!(judged(2, None), None);
        assert_eq!(judged(2, Some(3.0)).as_deref(), Some("a: 3 series are counted as bad events and not in total"));
        let want = "a: 99.999 % of 7200 events is 0.07 failures: less than one breaks the promise";
        assert_eq!(judged(3, Some(240.0)).as_deref(), Some(want));
        assert_eq!(judged(3, Some(1e9)), None);
        assert_eq!(judged(3, Some(0.0)), None);
        assert_eq!(judged(3, None), None);
    }

    #[test]
    fn bounds_that_are_none_are_told_with_those_that_there_are() {
        let objective = ratio("good", r#"x_bucket{le="0.3"}"#, "x_count");
        assert_eq!(queries(&objective)[0], r#"count by (le) (last_over_time({__name__="x_bucket"}[1d]))"#);
        let want = r#"a: {le="0.3",__name__="x_bucket"} matches no series"#;
        assert_eq!(judged(&objective, 0, &[]).as_deref(), Some(want));
        let want = r#"a: le="0.3" is no bound of its buckets: there are 0.25, 2.5, 10.0, +Inf"#;
        let bounds = [("10.0", 1.0), ("+Inf", 1.0), ("0.25", 1.0), ("2.5", 1.0)];
        assert_eq!(judged(&objective, 0, &bounds).as_deref(), Some(want));
        assert_eq!(judged(&objective, 0, &[("0.25", 1.0), ("0.3", 1.0)]), None);
    }

    #[test]
    fn events_of_other_metrics_are_held_against_each_other() {
        let objective = ratio("bad", "x_failed_total", "x_total");
        let more = &queries(&objective)[2];
        assert!(more.starts_with("((histogram_count(sum(increase({__name__=\"x_failed_total\"}[1d])))"), "{more}");
        let want = "a: 12 bad events in a day are more than there were in total";
        assert_eq!(judged(&objective, 2, &[("", 12.0)]).as_deref(), Some(want));
        assert_eq!(judged(&objective, 2, &[]), None);
        assert!(questions(&objective).iter().all(|question| checked(&question.query).is_ok()));
    }

    #[test]
    fn bad_events_are_asked_for_by_what_tells_them_from_others() {
        let check = |bad: &str, want: &str| {
            assert_eq!(queries(&ratio("bad", bad, "x_total{job=\"a\"}"))[0], want, "{bad}");
        };
        let labels = r#"count(last_over_time({code!="",job="a",__name__="x_total"}[1d]))"#;
        check(r#"x_total{job="a",code!="200",code!~"3.."}"#, labels);
        // Bad are those without a label: that one has it says nothing of them.
        check(r#"x_total{job="a",code=""}"#, r#"count(last_over_time({job="a",code="",__name__="x_total"}[1d]))"#);
        check("y_total", r#"count(last_over_time({__name__="y_total"}[1d]))"#);
    }

    #[test]
    fn gauges_and_sampled_queries_are_asked_for_by_their_selectors() {
        let objective =
            objective("{thresholdMetric: {metricSource: {spec: {query: 'max(lag{a=\"b\"}) - min(lag) + lag'}}}}");
        let want =
            [r#"count(last_over_time({a="b",__name__="lag"}[1d]))"#, r#"count(last_over_time({__name__="lag"}[1d]))"#];
        assert_eq!(queries(&objective), want);
        let objective = ratio("bad", "sum(x) / 2", "x");
        assert_eq!(queries(&objective).len(), 2);
        assert_eq!(queries(&objective)[0], r#"count(last_over_time({__name__="x"}[1d]))"#);
    }
}
