//! Pyrra's generic series, by which its Grafana dashboards show all objectives alike: `pyrra_objective`, `pyrra_window`,
//! `pyrra_availability`, `pyrra_requests:rate5m` and `pyrra_errors:rate5m`.
//!
//! Of Pyrra's own files they bear Pyrra's labels, of any other the label `slo` with the id. As in Pyrra, objectives with groups
//! have none, native histograms no rates, and those of gauges are what was counted in the whole window.

use model::{Labels, LabelsBuilder};

use super::rows::Row;
use crate::spec::{Counted, Indicator, Objective, Reading, SourceFormat};

/// Pyrra's series of an objective.
pub(super) fn rows(objective: &Objective) -> Vec<(Row, Labels)> {
    if !objective.options.group_by.is_empty() {
        return Vec::new();
    }
    let is_pyrras = objective.source.format == SourceFormat::Pyrra;
    let labels = |name: &str| {
        let mut labels = LabelsBuilder::new();
        for (name, value) in objective.labels.iter().filter(|_| is_pyrras) {
            labels.set(name, value);
        }
        let slo = if is_pyrras { &objective.title } else { &objective.id };
        labels.set("__name__", name).set("slo", slo).build()
    };
    let (requests, errors) = match &objective.indicator {
        Indicator::Threshold { .. } if is_pyrras => (Row::Total, Row::BadInWindow),
        _ => (Row::Requests, Row::Errors),
    };
    let mut rows = vec![
        (Row::Objective, labels("pyrra_objective")),
        (Row::WindowSeconds, labels("pyrra_window")),
        (Row::Sli, labels("pyrra_availability")),
    ];
    if !(is_pyrras && is_native(&objective.indicator)) {
        rows.extend([(requests, labels("pyrra_requests:rate5m")), (errors, labels("pyrra_errors:rate5m"))]);
    }
    rows
}

/// Whether observations of a native histogram are counted.
fn is_native(indicator: &Indicator) -> bool {
    let Indicator::Events { counted: Counted::Exactly(counter), .. } = indicator else { return false };
    counter.terms.iter().any(|term| matches!(term.reading, Reading::AtOrBelow(_)))
}
