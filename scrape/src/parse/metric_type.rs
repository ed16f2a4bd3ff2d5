//! The type of a metric family.

use std::fmt;

/// The type of a metric family, as a TYPE line names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MetricType {
    /// Nothing is known of it: `untyped`, or no TYPE line at all.
    #[default]
    Unknown,
    /// Only grows, but for resets.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts of observations in buckets.
    Histogram,
    /// Counts in buckets that go up and down (OpenMetrics).
    GaugeHistogram,
    /// Quantiles, computed by the target.
    Summary,
    /// Always 1; the labels are the message (OpenMetrics).
    Info,
    /// One series for each state, 1 for those that hold (OpenMetrics).
    StateSet,
}

impl MetricType {
    /// The type as Prometheus's API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            MetricType::Unknown => "unknown",
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram => "histogram",
            MetricType::GaugeHistogram => "gaugehistogram",
            MetricType::Summary => "summary",
            MetricType::Info => "info",
            MetricType::StateSet => "stateset",
        }
    }

    /// The type that a TYPE line of the Prometheus text format names.
    pub(crate) fn from_prometheus(text: &[u8]) -> Option<MetricType> {
        match text {
            b"counter" => Some(MetricType::Counter),
            b"gauge" => Some(MetricType::Gauge),
            b"histogram" => Some(MetricType::Histogram),
            b"summary" => Some(MetricType::Summary),
            b"untyped" => Some(MetricType::Unknown),
            _ => None,
        }
    }

    /// The type that a TYPE line of OpenMetrics names.
    pub(crate) fn from_openmetrics(text: &[u8]) -> Option<MetricType> {
        match text {
            b"unknown" => Some(MetricType::Unknown),
            b"gaugehistogram" => Some(MetricType::GaugeHistogram),
            b"info" => Some(MetricType::Info),
            b"stateset" => Some(MetricType::StateSet),
            b"untyped" => None,
            text => MetricType::from_prometheus(text),
        }
    }

    /// Whether series of this type may have a `_created` line beside them.
    pub(crate) fn has_start(self) -> bool {
        matches!(self, MetricType::Counter | MetricType::Summary | MetricType::Histogram)
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
