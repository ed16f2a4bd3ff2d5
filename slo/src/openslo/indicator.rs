//! Indicators: what of a service is measured.

use query::syntax::NodeKind;

use super::object::{MetricSpec, RatioMetric, SliSpec};
use super::objects::Objects;
use super::walk::Walk;
use crate::spec::counter::checked;
use crate::spec::{CompileFault, Counted, Indicator, RatioSide, compile};

/// An indicator without what the objective says of it.
#[derive(Clone, Debug)]
pub(super) enum Measure {
    /// It is complete.
    Ratio(Indicator),
    /// The objective says with what it is compared.
    Gauge {
        /// An instant vector.
        query: String,
    },
}

/// What an indicator measures; `None` where it cannot be evaluated.
pub(super) fn measure(spec: &SliSpec, objects: &Objects<'_>, walk: &mut Walk<'_>) -> Option<Measure> {
    match (&spec.threshold_metric, &spec.ratio_metric) {
        (Some(threshold), None) => {
            let query = query_of("thresholdMetric", threshold, objects, walk, gauge)?;
            Some(Measure::Gauge { query })
        }
        (None, Some(ratio)) => walk.within("ratioMetric", |walk| ratio_of(ratio, objects, walk)).map(Measure::Ratio),
        (None, None) => {
            walk.error_here("an indicator needs a thresholdMetric or a ratioMetric");
            None
        }
        (Some(_), Some(_)) => {
            walk.error("thresholdMetric", "an indicator is a thresholdMetric or a ratioMetric, and not both");
            None
        }
    }
}

fn ratio_of(ratio: &RatioMetric, objects: &Objects<'_>, walk: &mut Walk<'_>) -> Option<Indicator> {
    if let Some(raw) = &ratio.raw {
        return raw_ratio(raw, ratio, objects, walk);
    }
    let (side, field, counted) = match (&ratio.good, &ratio.bad) {
        (Some(good), None) => (RatioSide::Good, "good", good),
        (None, Some(bad)) => (RatioSide::Bad, "bad", bad),
        (Some(_), Some(_)) => {
            walk.error("bad", "good or bad events are counted, and not both: the others follow from total");
            return None;
        }
        (None, None) => {
            walk.error_here("a ratio needs good or bad events, and total; or raw");
            return None;
        }
    };
    let compiled = |query: &str| counted_by(query, ratio.counter);
    let counted = query_of(field, counted, objects, walk, compiled);
    let Some(total) = &ratio.total else {
        walk.error_here("total is missing: of how many events?");
        return None;
    };
    let total = query_of("total", total, objects, walk, compiled)?;
    let counted = counted?;
    check_counter(ratio.counter, &counted, &total, walk);
    Some(Indicator::Events { side, counted, total })
}

fn check_counter(counter: Option<bool>, counted: &Counted, total: &Counted, walk: &mut Walk<'_>) {
    let is_exact = |counted: &Counted| matches!(counted, Counted::Exactly(_));
    match counter {
        None if is_exact(counted) && is_exact(total) => {
            walk.note("counter", "counter is not given: what is counted is taken for counters, which only grow");
        }
        Some(false) => walk.warn("counter", "without counters events are sampled, and not counted exactly"),
        _ => {}
    }
}

fn raw_ratio(raw: &MetricSpec, ratio: &RatioMetric, objects: &Objects<'_>, walk: &mut Walk<'_>) -> Option<Indicator> {
    if ratio.good.is_some() || ratio.bad.is_some() || ratio.total.is_some() {
        walk.error("raw", "a raw ratio is one already: good, bad and total have no place beside it");
        return None;
    }
    let side = match ratio.raw_type.as_str() {
        "success" => RatioSide::Good,
        "failure" => RatioSide::Bad,
        other => {
            walk.error("rawType", format_args!("{other:?} is no type of a raw ratio: success or failure is needed"));
            return None;
        }
    };
    let query = query_of("raw", raw, objects, walk, gauge)?;
    Some(Indicator::Ratio { side, query })
}

fn gauge(query: &str) -> Result<String, CompileFault> {
    checked(query).map(|_| query.to_owned())
}

/// What a query counts. Where the samples are no counters, each is a number of events.
fn counted_by(query: &str, counter: Option<bool>) -> Result<Counted, CompileFault> {
    let expr = checked(query)?;
    let kind_of = |id| &expr.node(id).kind;
    let has_range =
        expr.walk().any(|id| matches!(kind_of(id), NodeKind::MatrixSelector { .. } | NodeKind::Subquery(_)));
    if counter != Some(false) || has_range {
        return compile(query);
    }
    let query = match kind_of(expr.root()) {
        NodeKind::VectorSelector(_) => format!("sum_over_time({query}[$window])"),
        _ => format!("sum_over_time(({query})[$window:])"),
    };
    Ok(Counted::Sampled { query })
}

/// The query in a field, made into something; `None` where there is none that can be evaluated.
fn query_of<T>(
    field: &str,
    metric: &MetricSpec,
    objects: &Objects<'_>,
    walk: &mut Walk<'_>,
    make: impl Fn(&str) -> Result<T, CompileFault>,
) -> Option<T> {
    let source = &metric.metric_source;
    walk.within(field, |walk| {
        walk.within("metricSource", |walk| {
            if !is_evaluated_here(source.source_type.as_str(), &source.metric_source_ref, objects, walk) {
                return None;
            }
            let Some(query) = source.spec.get("query").and_then(|query| query.as_str()) else {
                walk.within("spec", |walk| walk.error_here("a query in PromQL is needed: query"));
                return None;
            };
            walk.within("spec", |walk| match make(query) {
                Ok(made) => Some(made),
                Err(fault) => {
                    walk.query_error("query", query, &fault);
                    None
                }
            })
        })
    })
}

/// Whether a data source is one whose queries are PromQL.
fn is_evaluated_here(source_type: &str, reference: &str, objects: &Objects<'_>, walk: &mut Walk<'_>) -> bool {
    let known = objects.source_type(reference);
    if !reference.is_empty() && known.is_none() {
        walk.note("metricSourceRef", format_args!("there is no DataSource {reference}: the query is asked here"));
    }
    let (field, source_type) = match known {
        Some(of_reference) if source_type.is_empty() => ("metricSourceRef", of_reference),
        _ => ("type", source_type),
    };
    let is_promql = ["", "prometheus", "thanos", "mimir", "cortex", "victoriametrics", "narthex"]
        .contains(&source_type.to_lowercase().as_str());
    if !is_promql {
        let message = format!("queries of {source_type} cannot be asked here: type Prometheus is needed, and PromQL");
        walk.error(field, message);
    }
    is_promql
}
