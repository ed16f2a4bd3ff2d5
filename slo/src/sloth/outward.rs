//! From objectives to Sloth's SLOs: what Sloth has words for.

use std::collections::BTreeMap;

use super::plugin::Plugins;
use super::slo::{Alert, Form, SEVERITY_LABEL, Service, Sli, Slo};
use super::windows::Windows;
use crate::spec::{
    AlertText, Budgeting, BurnPair, Comparison, Counted, Counter, Indicator, Objective, RatioSide, Reading, Severity,
    SourceFormat, Window,
};

/// Why an objective is none of Sloth's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSloths {
    /// Sloth's windows roll.
    #[error("SLO {0}: Sloth and Prometheus's rules know no calendar: its window has to be rolling")]
    Calendar(String),
    /// Sloth counts events.
    #[error("SLO {0}: Sloth counts events, and no slices of time: its budgeting method has to be Occurrences")]
    Slices(String),
    /// Sloth's SLOs stand alone.
    #[error("SLO {0}: Sloth has no SLOs that consist of others")]
    Composite(String),
    /// Windows are no part of Sloth's files.
    #[error(
        "SLO {0}: Sloth's files name no windows: it has to have 28 or 30 days, and the windows that Sloth has for them"
    )]
    Windows(String),
    /// Sloth has pages and tickets.
    #[error("SLO {slo}: Sloth has alerts of severity page and ticket, and none of {severity}")]
    Severity {
        /// Which objective.
        slo: String,
        /// What it has.
        severity: String,
    },
}

/// An objective as the only SLO of a service, and the windows that it wants.
///
/// # Errors
/// When Sloth has no words for it.
pub fn service_of(objective: &Objective) -> Result<(Service, Windows), NotSloths> {
    let id = || objective.id.clone();
    let Window::Rolling { length_ms } = objective.window else { return Err(NotSloths::Calendar(id())) };
    if objective.budgeting != Budgeting::Occurrences {
        return Err(NotSloths::Slices(id()));
    }
    let sli = sli_of(&objective.indicator).ok_or_else(|| NotSloths::Composite(id()))?;
    let pairs = objective.burn.pairs.clone();
    let is_known = |pair: &&BurnPair| matches!(pair.severity, Severity::Page | Severity::Ticket);
    if let Some(other) = pairs.iter().find(|pair| !is_known(pair)) {
        return Err(NotSloths::Severity { slo: id(), severity: other.severity.as_str().to_owned() });
    }
    let windows = Windows::built_in(length_ms).filter(|windows| pairs.is_empty() || windows.pairs == pairs);
    let windows = windows.unwrap_or_else(|| {
        let pairs = if pairs.is_empty() { Windows::default().pairs } else { pairs.clone() };
        Windows { period_ms: length_ms, pairs }
    });
    let mut service =
        Service { name: objective.service.clone(), labels: BTreeMap::new(), form: Form::Other, slos: Vec::new() };
    let mut slo = Slo {
        name: name_of(objective),
        percent: objective.percent.clone(),
        description: objective.description.clone(),
        labels: objective.labels.clone(),
        sli,
        alerts: Vec::new(),
        plugins: Plugins::default(),
        path: Vec::new(),
    };
    // Sloth makes no alerts of what is OpenSLO's.
    let has_alerts = objective.source.format != SourceFormat::OpenSloAlpha;
    for severity in [Severity::Page, Severity::Ticket].into_iter().filter(|_| has_alerts) {
        if pairs.iter().any(|pair| pair.severity == severity) {
            slo.alerts.push(alert_of(objective, &slo, &service, severity));
        }
    }
    service.slos.push(slo);
    Ok((service, windows))
}

/// What Sloth calls it: of its own the name without the service's, of OpenSLO the name and the objective's number.
fn name_of(objective: &Objective) -> String {
    if objective.source.format == SourceFormat::OpenSloAlpha {
        let number = objective.id.strip_prefix(&objective.name).and_then(|rest| rest.strip_prefix('.')).unwrap_or("0");
        return format!("{}-{number}", objective.name);
    }
    let own = objective.id.strip_prefix(&objective.service).and_then(|rest| rest.strip_prefix('-'));
    own.unwrap_or(&objective.id).to_owned()
}

fn alert_of(objective: &Objective, slo: &Slo, service: &Service, severity: Severity) -> Alert {
    let AlertText { name, mut labels, annotations } = objective.burn.texts.get(&severity).cloned().unwrap_or_default();
    // These are on the series already.
    for (name, value) in slo.identity(service).into_iter().chain(slo.labels.clone()) {
        if labels.get(&name) == Some(&value) {
            labels.remove(&name);
        }
    }
    labels.remove(SEVERITY_LABEL);
    Alert::new(severity, name.unwrap_or_else(|| "SLOBurnRate".to_owned()), labels, annotations)
}

fn sli_of(indicator: &Indicator) -> Option<Sli> {
    Some(match indicator {
        Indicator::Events { side: RatioSide::Bad, counted, total } => {
            Sli::Events { error: query_of(counted), total: query_of(total) }
        }
        Indicator::Events { side: RatioSide::Good, counted, total } => {
            let (good, total) = (query_of(counted), query_of(total));
            let error_ratio =
                format!("\n  1 - (\n    (\n      {good}\n    )\n    /\n    (\n      {total}\n    )\n  )\n");
            Sli::Raw { error_ratio }
        }
        Indicator::Threshold { query, comparison, value } => {
            let op = match comparison {
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => ">=",
            };
            let value = model::float::general(*value);
            Sli::Events {
                error: format!("sum(sum_over_time((1 - (({query}) {op} bool {value}))[{{{{.window}}}}:]))"),
                total: format!("sum(count_over_time(({query})[{{{{.window}}}}:]))"),
            }
        }
        Indicator::Ratio { side, query } => {
            let over_window = if crate::spec::counter::next_window(query).is_some() {
                query.clone()
            } else {
                format!("avg(avg_over_time(({query})[{{{{.window}}}}:]))")
            };
            let error_ratio = match side {
                RatioSide::Bad => over_window,
                RatioSide::Good => format!("1 - ({over_window})"),
            };
            Sli::Raw { error_ratio }
        }
        Indicator::Composite(_) => return None,
    })
}

/// A query for the rate of events in a window.
fn query_of(counted: &Counted) -> String {
    match counted {
        Counted::Sampled { query } => query.clone(),
        Counted::Exactly(counter) if crate::spec::counter::next_window(&counter.text).is_some() => counter.text.clone(),
        Counted::Exactly(counter) => rates(counter),
    }
}

/// The rates of counters, added up; one that is absent counts nothing.
fn rates(counter: &Counter) -> String {
    let mut text = String::new();
    for (i, term) in counter.terms.iter().enumerate() {
        let matchers: Vec<String> = term.matchers.iter().map(ToString::to_string).collect();
        let rate = format!("sum(rate({{{}}}[{{{{.window}}}}]))", matchers.join(","));
        let rate = match term.reading {
            Reading::Value => rate,
            Reading::AtOrBelow(bound) => {
                let bound = model::float::general(bound);
                format!("histogram_fraction(0, {bound}, {rate}) * histogram_count({rate})")
            }
        };
        let sign = match (i, term.is_subtracted) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        let rate = if counter.terms.len() > 1 { format!("({rate} or vector(0))") } else { rate };
        text.push_str(&format!("{sign}{rate}"));
    }
    text
}
