//! Drafts as documents.

use model::yaml::to_yaml;
use serde_json::{Value, json};

use super::{Draft, Metric};

/// What all drafts have.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) kind: &'static str,
    /// The target in percent.
    pub(super) percent: &'static str,
    pub(super) labels: Vec<String>,
}

/// A part of all events.
pub(super) struct Ratio {
    /// Whether the part are the good ones; otherwise they are the bad ones.
    pub(super) is_good: bool,
    pub(super) part: String,
    pub(super) total: String,
}

/// A gauge and its bound.
pub(super) struct Threshold {
    pub(super) query: String,
    pub(super) op: &'static str,
    pub(super) value: f64,
}

/// A draft that counts events.
pub(super) fn ratio(metric: &Metric, written: Written, of: Ratio, why: String) -> Draft {
    let side = if of.is_good { "good" } else { "bad" };
    let indicator = json!({ "ratioMetric": { "counter": true, side: source(&of.part), "total": source(&of.total) } });
    let objective = json!({ "targetPercent": number(written.percent) });
    let spec = document(metric, &written, "Occurrences", &indicator, &objective);
    let (good, bad) = if of.is_good { (Some(of.part), None) } else { (None, Some(of.part)) };
    let Written { name, title, kind, labels, .. } = written;
    Draft { name, title, kind, why, spec, bad, good, total: Some(of.total), labels }
}

/// A draft that looks at a gauge minute by minute.
pub(super) fn threshold(metric: &Metric, written: Written, of: &Threshold, why: String) -> Draft {
    let indicator = json!({ "thresholdMetric": source(&of.query) });
    let objective = json!({
        "targetPercent": number(written.percent),
        "op": of.op,
        "value": of.value,
        "timeSliceWindow": "1m",
        "timeSliceTarget": 1,
    });
    let spec = document(metric, &written, "Timeslices", &indicator, &objective);
    let Written { name, title, kind, labels, .. } = written;
    Draft { name, title, kind, why, spec, bad: None, good: None, total: None, labels }
}

fn source(query: &str) -> Value {
    json!({ "metricSource": { "type": "Prometheus", "spec": { "query": query } } })
}

fn number(percent: &str) -> Value {
    let whole = percent.parse::<i64>().map(|number| json!(number));
    whole.or_else(|_| percent.parse::<f64>().map(|number| json!(number))).unwrap_or_default()
}

fn document(metric: &Metric, written: &Written, method: &str, indicator: &Value, objective: &Value) -> String {
    let document = json!({
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": { "name": written.name, "displayName": written.title },
        "spec": {
            "service": metric.service(),
            "budgetingMethod": method,
            "timeWindow": [{ "duration": "28d", "isRolling": true }],
            "indicator": { "metadata": { "name": format!("{}-sli", written.name) }, "spec": indicator },
            "objectives": [objective],
        },
    });
    // It holds nothing that YAML cannot.
    to_yaml(&document).unwrap_or_default()
}
