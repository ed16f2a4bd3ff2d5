//! From Pyrra's objectives to ours.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::MatchOp;
use model::duration::PromDuration;
use model::yaml::{Document, Fault, Span, Step};

use super::metric::Metric;
use super::rules::rule_labels;
use super::slo::{Sli, Slo};
use crate::spec::{
    AlertText, Budgeting, BurnPair, BurnPolicy, Catalog, Comparison, Counted, Counter, CounterTerm, Indicator,
    NoDataAlert, Objective, Options, RatioSide, Reading, Service, Severity, Share, SourceFormat, SpecText, Window,
    compile,
};

/// Adds an objective to the catalog, and what keeps it from being added to its errors.
pub(super) fn add(slo: &Slo, document: &Document, text: &SpecText<'_>, catalog: &mut Catalog) {
    let id = slo.id();
    let fault = |path: &[&str], message: String| {
        let path = path.iter().map(|name| Step::Key((*name).to_owned())).collect();
        let object = Some(("ServiceLevelObjective", id.as_str()));
        text.fault(&document.locate(&Fault { path, message }), SourceFormat::Pyrra, object)
    };
    if let Some(other) = catalog.objectives.get(&id) {
        let message = format!("SLO {id:?} is there already: {}:{}", other.source.file, other.source.line);
        catalog.errors.push(fault(&["metadata", "name"], message));
        return;
    }
    if slo.target.rest() == Share::default() {
        catalog.errors.push(fault(&["spec", "target"], "100 % leaves no budget: promise less".to_owned()));
        return;
    }
    for window in slo.windows() {
        if slo.alerting.has_burn_alerts && window.short_ms == 0 {
            let whole = PromDuration::from_millis(slo.window_ms);
            let message = format!("Pyrra has no alerts for windows as short as {whole}: a window of theirs is 0s long");
            catalog.warnings.push(fault(&["spec", "window"], message));
            break;
        }
    }
    let span = document.find(&[Step::Key("metadata".to_owned())]).map_or(Span::default(), |(_, key)| key);
    let objective = objective(slo, text, span);
    catalog.services.entry(objective.service.clone()).or_insert_with(|| Service {
        name: objective.service.clone(),
        title: objective.service.clone(),
        description: String::new(),
        product: objective.product.clone(),
        labels: BTreeMap::new(),
        source: objective.source.clone(),
    });
    catalog.objectives.insert(id, objective);
}

fn objective(slo: &Slo, text: &SpecText<'_>, span: Span) -> Objective {
    let own = [slo.labels.get("service"), Some(&slo.namespace), Some(&slo.name)];
    let service = own.into_iter().flatten().find(|name| !name.is_empty()).cloned().unwrap_or_default();
    Objective {
        id: slo.id(),
        name: slo.id(),
        title: slo.name.clone(),
        description: slo.description.clone(),
        service,
        product: slo.labels.get("product").cloned(),
        labels: labels(slo),
        percent: slo.percent.clone(),
        target: slo.target,
        window: Window::Rolling { length_ms: slo.window_ms },
        budgeting: Budgeting::Occurrences,
        indicator: indicator(&slo.sli),
        burn: Arc::new(burn_policy(slo)),
        options: Arc::new(Options { group_by: slo.grouping.iter().cloned().collect(), ..Options::default() }),
        source: text.place(span.start, SourceFormat::Pyrra),
    }
}

/// Labels of the SLO; `ruleOutput` may make its description one of them.
fn labels(slo: &Slo) -> BTreeMap<String, String> {
    let description = slo.has_description_label.then(|| ("description".to_owned(), slo.description.clone()));
    slo.labels.clone().into_iter().chain(description).collect()
}

fn indicator(sli: &Sli) -> Indicator {
    let events = |side, counted, total| Indicator::Events { side, counted, total };
    match sli {
        Sli::Ratio { errors, total } => {
            events(RatioSide::Bad, counted(errors, Reading::Value), counted(total, Reading::Value))
        }
        Sli::Latency { success, total } => {
            events(RatioSide::Good, counted(success, Reading::Value), counted(total, Reading::Value))
        }
        Sli::LatencyNative { latency_ms, total } => {
            let reading = Reading::AtOrBelow(*latency_ms as f64 / 1000.0);
            events(RatioSide::Good, counted(total, reading), counted(total, Reading::Value))
        }
        Sli::BoolGauge { metric } => {
            Indicator::Threshold { query: metric.to_string(), comparison: Comparison::GreaterOrEqual, value: 1.0 }
        }
    }
}

/// The events of a counter, or of a histogram.
fn counted(metric: &Metric, reading: Reading) -> Counted {
    let text = match reading {
        Reading::Value => metric.to_string(),
        Reading::AtOrBelow(bound) => {
            let bound = model::float::general(bound);
            let rate = format!("sum(rate({metric}[{{{{.window}}}}]))");
            format!("histogram_fraction(0, {bound}, {rate}) * histogram_count({rate})")
        }
    };
    compile(&text).unwrap_or_else(|_| {
        let terms = vec![CounterTerm { matchers: metric.all_matchers().into(), is_subtracted: false, reading }];
        Counted::Exactly(Counter { text, terms })
    })
}

/// Severities of ours for the two that Pyrra has by itself; any other is a word of the team's.
fn severity(word: &str) -> Severity {
    match word {
        "critical" => Severity::Page,
        "warning" => Severity::Ticket,
        other => Severity::Other(other.to_owned()),
    }
}

/// When somebody is told: Pyrra's windows and factors; a window of no time is never filled, and never told.
pub(super) fn burn_policy(slo: &Slo) -> BurnPolicy {
    let severities = &slo.alerting.severities;
    let mut policy = BurnPolicy::default();
    if slo.alerting.has_burn_alerts {
        for window in slo.windows().into_iter().filter(|window| window.short_ms > 0) {
            let word = severities.of(window.tier);
            policy.pairs.push(BurnPair {
                severity: severity(word),
                long_ms: window.long_ms,
                short_ms: window.short_ms,
                factor: window.factor as f64,
                for_ms: window.for_ms,
            });
            policy.texts.entry(severity(word)).or_insert_with(|| text_of(slo, word));
        }
    }
    policy.has_exhaustion_label = !policy.pairs.is_empty();
    if slo.alerting.has_absent_alerts && !matches!(slo.sli, Sli::LatencyNative { .. }) {
        let word = &severities.absent;
        policy.texts.entry(severity(word)).or_insert_with(|| text_of(slo, word));
        let severity = severity(word);
        let name = Some(slo.alerting.absent_name.clone());
        policy.no_data = Some(NoDataAlert { after_ms: Some(slo.absent_after_ms()), severity, name });
    }
    policy
}

/// What alerts are called and say. `slo` is narthex's own label, the id.
fn text_of(slo: &Slo, severity: &str) -> AlertText {
    let mut labels = rule_labels(slo);
    labels.remove("slo");
    labels.insert("severity".to_owned(), severity.to_owned());
    AlertText { name: Some(slo.alerting.name.clone()), labels, annotations: slo.annotations.clone() }
}

/// Labels of the metric that have one value each.
pub(super) fn fixed_labels(metric: &Metric) -> impl Iterator<Item = (&str, &str)> {
    let is_fixed = |matcher: &&model::Matcher| matcher.op() == MatchOp::Equal;
    metric.matchers.iter().filter(is_fixed).map(|matcher| (matcher.name(), matcher.value()))
}
