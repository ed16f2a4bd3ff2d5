//! What tests promise: a service that counts `requests_total` by the label `code`.

/// A service of a product, and its promise that so many percent of all requests within 28 days are not answered with 500. More fields
/// of the SLO's `spec`, and more documents, may follow.
pub(crate) fn promise(service: &str, product: &str, slo: &str, percent: &str) -> String {
    let counted = |query: &str| format!("{{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}");
    let (bad, total) = (counted("requests_total{code=\"500\"}"), counted("requests_total"));
    format!(
        "apiVersion: openslo/v1
kind: Service
metadata: {{name: {service}, labels: {{product: {product}}}}}
spec: {{description: a small shop}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {slo}, displayName: Requests are answered}}
spec:
  service: {service}
  indicator:
    metadata: {{name: requests}}
    spec: {{ratioMetric: {{counter: true, bad: {bad}, total: {total}}}}}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{displayName: answered, targetPercent: {percent}}}]
"
    )
}
