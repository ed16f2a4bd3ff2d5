//! From Sloth's SLOs to objectives.

use std::sync::Arc;

use model::yaml::{Document, Fault, Span, Step};
use query::syntax::{BinaryOp, Expr, NodeId, NodeKind};

use super::slo::{Alert, Form, Service, Sli, Slo};
use super::windows::Windows;
use crate::spec::counter::{checked, next_window};
use crate::spec::{
    self, Budgeting, BurnPolicy, Catalog, CompileFault, Indicator, Objective, RatioSide, Severity, Share, SourceFormat,
    SpecText, Window, compile,
};

/// Sloth takes a promise of everything, and divides by nothing then.
const NO_BUDGET: &str = "100 % leaves no budget: promise less";

/// Adds a service's SLOs to the catalog, and what keeps one from being added to its errors.
pub(super) fn add(
    service: &Service,
    windows: &Windows,
    document: &Document,
    text: &SpecText<'_>,
    catalog: &mut Catalog,
) {
    for slo in &service.slos {
        let id = slo.id(service);
        let fault = |path: &[&str], message: String| {
            let path = slo.path.iter().cloned().chain(path.iter().map(|name| Step::Key((*name).to_owned()))).collect();
            text.fault(&document.locate(&Fault { path, message }), SourceFormat::Sloth, Some(("SLO", &id)))
        };
        for unknown in &slo.plugins.unknown {
            let message = format!("plugin {unknown:?} is code that only Sloth runs: what it changes is not known here");
            catalog.warnings.push(fault(&["plugins"], message));
        }
        let indicator = match indicator(&slo.sli) {
            Ok(indicator) => indicator,
            Err(NotEvaluated { field, message }) => {
                catalog.errors.push(fault(&path_to(field, &service.form), message));
                continue;
            }
        };
        let Ok(target) = Share::from_percent(&slo.percent) else { continue };
        if target.rest() == Share::default() {
            catalog.errors.push(fault(&["objective"], NO_BUDGET.to_owned()));
            continue;
        }
        let span = document.find(&slo.path).map_or(Span::default(), |(value, _)| value);
        let objective = Objective {
            id: id.clone(),
            name: id.clone(),
            title: slo.name.clone(),
            description: slo.description.clone(),
            service: service.name.clone(),
            product: slo.labels.get("product").cloned(),
            labels: slo.labels.clone(),
            percent: slo.percent.clone(),
            target,
            window: Window::Rolling { length_ms: windows.period_ms },
            budgeting: Budgeting::Occurrences,
            indicator,
            burn: Arc::new(burn_policy(slo, service, windows)),
            options: Arc::default(),
            source: text.place(span.start, SourceFormat::Sloth),
        };
        if let Some(other) = catalog.objectives.get(&id) {
            let message = format!("SLO {id:?} is there already: {}:{}", other.source.file, other.source.line);
            catalog.errors.push(fault(&["name"], message));
            continue;
        }
        catalog.services.entry(service.name.clone()).or_insert_with(|| service_of(&objective));
        catalog.objectives.insert(id.clone(), objective);
    }
}

fn service_of(objective: &Objective) -> spec::Service {
    spec::Service {
        name: objective.service.clone(),
        title: objective.service.clone(),
        description: String::new(),
        product: objective.product.clone(),
        labels: Default::default(),
        source: objective.source.clone(),
    }
}

/// When somebody is told: the windows' pairs of those severities that have an alert.
pub(super) fn burn_policy(slo: &Slo, service: &Service, windows: &Windows) -> BurnPolicy {
    let alert_of = |severity: &Severity| slo.alerts.iter().find(|alert| alert.severity == *severity);
    let has_alerts = slo.plugins.has_alert_rules;
    let pairs = windows.pairs.iter().filter(|pair| has_alerts && alert_of(&pair.severity).is_some());
    let text = |alert: &Alert| (alert.severity.clone(), slo.text_of(alert, service));
    BurnPolicy {
        pairs: pairs.cloned().collect(),
        texts: slo.alerts.iter().filter(|_| has_alerts).map(text).collect(),
        ..BurnPolicy::default()
    }
}

/// Why an indicator cannot be evaluated.
#[derive(Debug)]
struct NotEvaluated {
    /// As a file calls it; empty for the indicator as a whole.
    field: &'static str,
    message: String,
}

/// Where a field of an indicator stands.
fn path_to(field: &'static str, form: &Form) -> Vec<&'static str> {
    let is_resource = matches!(form, Form::Resource(_));
    match field {
        "error_query" => vec!["sli", "events", if is_resource { "errorQuery" } else { field }],
        "total_query" => vec!["sli", "events", if is_resource { "totalQuery" } else { field }],
        "error_ratio_query" => vec!["sli", "raw", if is_resource { "errorRatioQuery" } else { field }],
        _ => vec!["sli"],
    }
}

/// What tells good from bad.
fn indicator(sli: &Sli) -> Result<Indicator, NotEvaluated> {
    let wrong = |field: &'static str| {
        move |fault: CompileFault| NotEvaluated {
            field,
            message: format!("the query is not PromQL: {}", fault.message),
        }
    };
    match sli {
        Sli::Plugin { id } => {
            let message =
                format!("plugin {id:?} is code that only Sloth runs: write the query that it makes as events or raw");
            Err(NotEvaluated { field: "", message })
        }
        Sli::Events { error, total } => Ok(Indicator::Events {
            side: RatioSide::Bad,
            counted: compile(error).map_err(wrong("error_query"))?,
            total: compile(total).map_err(wrong("total_query"))?,
        }),
        Sli::Raw { error_ratio } => {
            let expr = checked(error_ratio).map_err(wrong("error_ratio_query"))?;
            Ok(events_of_ratio(error_ratio, &expr)
                .unwrap_or_else(|| Indicator::Ratio { side: RatioSide::Bad, query: error_ratio.clone() }))
        }
    }
}

/// The events of a ratio: of `bad / total`, and of `1 - (good / total)`, where both are counted over the window.
fn events_of_ratio(text: &str, expr: &Expr) -> Option<Indicator> {
    let (side, division) = match &expr.node(bare(expr, expr.root())).kind {
        NodeKind::Binary(binary) if binary.op == BinaryOp::Sub && is_one(expr, binary.left) => {
            (RatioSide::Good, bare(expr, binary.right))
        }
        _ => (RatioSide::Bad, bare(expr, expr.root())),
    };
    let NodeKind::Binary(division) = &expr.node(division).kind else { return None };
    if division.op != BinaryOp::Div {
        return None;
    }
    let counted = |node: NodeId| {
        let span = expr.node(node).span;
        let part = text.get(span.start as usize..span.end as usize)?;
        next_window(part)?;
        compile(part).ok()
    };
    Some(Indicator::Events { side, counted: counted(division.left)?, total: counted(division.right)? })
}

fn is_one(expr: &Expr, node: NodeId) -> bool {
    matches!(expr.node(bare(expr, node)).kind, NodeKind::Number { value, .. } if value == 1.0)
}

/// A node without the brackets around it.
fn bare(expr: &Expr, mut node: NodeId) -> NodeId {
    while let NodeKind::Paren(inner) = &expr.node(node).kind {
        node = *inner;
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Counted;

    #[test]
    fn a_ratio_of_counters_is_counted() {
        let shown = |counted: &Counted| match counted {
            Counted::Exactly(counter) => format!("exactly {}", counter.text.trim()),
            Counted::Sampled { query } => format!("sampled {}", query.trim()),
        };
        let check = |query: &str, want: &str| {
            let indicator = indicator(&Sli::Raw { error_ratio: query.to_owned() });
            let found = match indicator {
                Ok(Indicator::Events { side, counted, total }) => {
                    format!("{side:?} {} of {}", shown(&counted), shown(&total))
                }
                Ok(Indicator::Ratio { side, query }) => format!("{side:?} ratio {query}"),
                other => format!("{other:?}"),
            };
            assert_eq!(found, want, "{query}");
        };
        check(
            "sum(rate(a[{{.window}}]))\n/\nsum(rate(b[{{.window}}]))\n",
            "Bad exactly sum(rate(a[{{.window}}])) of exactly sum(rate(b[{{.window}}]))",
        );
        check(
            "1 - (sum(rate(a[{{.window}}])) / sum(rate(b[{{.window}}])))",
            "Good exactly sum(rate(a[{{.window}}])) of exactly sum(rate(b[{{.window}}]))",
        );
        check(
            "1 - (sum(sum_over_time(a[{{.window}}])) / sum(count_over_time(a[{{.window}}])))",
            "Good sampled sum(sum_over_time(a[{{.window}}])) of sampled sum(count_over_time(a[{{.window}}]))",
        );
        check("avg_over_time(a[{{.window}}])", "Bad ratio avg_over_time(a[{{.window}}])");
        check("a / 100", "Bad ratio a / 100");
    }
}
