//! What stored series tell of an objective: questions in PromQL, and what their answers mean.

use model::labels::{BUCKET_LABEL, METRIC_NAME};
use model::{MatchOp, Matcher};

use super::fault;
use crate::spec::{Catalog, Counted, Counter, CounterTerm, Indicator, Objective, RatioSide, SpecFault};

/// Over which time events are counted to see how many there are.
const TRAFFIC_MS: f64 = 86_400_000.0;

/// A question about stored series.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// An instant query whose answer has one sample at most.
    pub query: String,
    about: About,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
enum About {
    /// How many series a selector has.
    Series { selector: String, bound: Option<String> },
    /// How many series are counted, and not counted in the total.
    Outside { side: RatioSide },
    /// How many events there were in a day.
    Traffic,
}

/// All that can be asked about an objective.
pub fn questions(objective: &Objective) -> Vec<Question> {
    let Indicator::Events { side, counted, total } = &objective.indicator else { return Vec::new() };
    let mut questions = Vec::new();
    for counted in [counted, total] {
        if let Counted::Exactly(counter) = counted {
            questions.extend(counter.terms.iter().map(series));
        }
    }
    if let (Counted::Exactly(counted), Counted::Exactly(total)) = (counted, total) {
        questions.extend(outside(*side, counted, total));
    }
    if let Counted::Exactly(total) = total {
        let increase = |term: &CounterTerm| {
            let sign = if term.is_subtracted { "-" } else { "+" };
            format!("{sign} sum(increase({}[1d]))", selector(&term.matchers))
        };
        let sum: Vec<String> = total.terms.iter().map(increase).collect();
        questions.push(Question { query: format!("0 {}", sum.join(" ")), about: About::Traffic });
    }
    questions
}

fn series(term: &CounterTerm) -> Question {
    let selector = selector(&term.matchers);
    let bound = term.matchers.iter().find(|matcher| matcher.name() == BUCKET_LABEL && matcher.op() == MatchOp::Equal);
    let bound = bound.map(|matcher| matcher.value().to_owned());
    // A series counts where it is now or was in the last day.
    Question { query: format!("count(last_over_time({selector}[1d]))"), about: About::Series { selector, bound } }
}

/// Bad events that are not among all events. Only where both are of one metric do their labels say so.
fn outside(side: RatioSide, counted: &Counter, total: &Counter) -> Option<Question> {
    let ([counted], [total]) = (&counted.terms[..], &total.terms[..]) else { return None };
    let name = |term: &CounterTerm| {
        let name = term.matchers.iter().find(|matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal);
        name.map(|matcher| matcher.value().to_owned())
    };
    (name(counted)? == name(total)?).then(|| {
        let (counted, total) = (selector(&counted.matchers), selector(&total.matchers));
        let query = format!("count(last_over_time({counted}[1d]) unless last_over_time({total}[1d]))");
        Question { query, about: About::Outside { side } }
    })
}

/// A selector as PromQL writes it.
fn selector(matchers: &[Matcher]) -> String {
    let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", matchers.join(","))
}

impl Question {
    /// What an answer means for the objective that was asked about; `None` for an answer without a sample.
    pub fn judge(&self, objective: &Objective, answer: Option<f64>) -> Option<SpecFault> {
        let value = answer.filter(|value| !value.is_nan());
        let message = match &self.about {
            About::Series { selector, bound } => {
                let bound =
                    bound.as_ref().map(|bound| format!(": is {bound} a bound of its buckets?")).unwrap_or_default();
                value.is_none_or(|n_series| n_series == 0.0).then(|| format!("{selector} matches no series{bound}"))
            }
            About::Outside { side } => value.filter(|n_series| *n_series > 0.0).map(|n_series| {
                let what = if *side == RatioSide::Good { "good" } else { "bad" };
                format!("{n_series} series are counted as {what} events and not in total")
            }),
            About::Traffic => {
                let n_events = value? * objective.window.nominal_ms() as f64 / TRAFFIC_MS;
                let allowed = objective.target.rest().as_f64() * n_events;
                (n_events > 0.0 && allowed < 1.0).then(|| {
                    let percent = &objective.percent;
                    format!(
                        "{percent} % of {n_events:.0} events is {allowed:.2} failures: less than one breaks the promise"
                    )
                })
            }
        };
        message.map(|message| fault(objective, &message))
    }
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

    fn objective(bad: &str, total: &str) -> Objective {
        let source = |query: &str| format!("{{metricSource: {{spec: {{query: '{query}'}}}}}}");
        let text = format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: a}}\nspec:\n  service: s\n  indicator: {{spec: {{ratioMetric: {{counter: true, bad: {}, total: {}}}}}}}\n  timeWindow: [{{duration: 30d, isRolling: true}}]\n  objectives: [{{targetPercent: 99.999}}]\n",
            source(bad),
            source(total)
        );
        let catalog = load(&[SpecFile { path: "a.yml".to_owned(), text }]);
        catalog.objectives["a"].clone()
    }

    #[test]
    fn stored_series_are_asked_for() {
        let objective = objective(r#"x_total{code=~"5.."}"#, "x_total");
        let questions = questions(&objective);
        let queries: Vec<&str> = questions.iter().map(|question| question.query.as_str()).collect();
        let want = [
            r#"count(last_over_time({code=~"5..",__name__="x_total"}[1d]))"#,
            r#"count(last_over_time({__name__="x_total"}[1d]))"#,
            r#"count(last_over_time({code=~"5..",__name__="x_total"}[1d]) unless last_over_time({__name__="x_total"}[1d]))"#,
            r#"0 + sum(increase({__name__="x_total"}[1d]))"#,
        ];
        assert_eq!(queries, want);
        let judged = |index: usize, answer| questions[index].judge(&objective, answer).map(|fault| fault.message);
        assert_eq!(judged(0, None).as_deref(), Some(r#"a: {code=~"5..",__name__="x_total"} matches no series"#));
        assert_eq!(judged(0, Some(2.0)), None);
        assert_eq!(judged(2, None), None);
        assert_eq!(judged(2, Some(3.0)).as_deref(), Some("a: 3 series are counted as bad events and not in total"));
        let want = "a: 99.999 % of 7200 events is 0.07 failures: less than one breaks the promise";
        assert_eq!(judged(3, Some(240.0)).as_deref(), Some(want));
        assert_eq!(judged(3, Some(1e9)), None);
        assert_eq!(judged(3, None), None);
    }

    #[test]
    fn bounds_that_are_none_are_asked_about() {
        let objective = objective(r#"x_bucket{le="0.3"}"#, "x_count");
        let questions = questions(&objective);
        assert_eq!(questions.len(), 3);
        let found = questions[0].judge(&objective, None).map(|fault| fault.message).unwrap();
        assert!(found.ends_with("matches no series: is 0.3 a bound of its buckets?"), "{found}");
    }
}
