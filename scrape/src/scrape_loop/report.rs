//! The series that a scrape adds about itself: `up` and `scrape_*`.

use std::time::Duration;

/// What a scrape says about itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) is_up: bool,
    /// From the beginning of the scrape to the moment before it is stored.
    pub(crate) duration: Duration,
    pub(crate) n_scraped: u64,
    pub(crate) n_relabelled: u64,
    pub(crate) n_series_added: u64,
    /// What is only reported on demand.
    pub(crate) extra: Option<ExtraReport>,
}

/// What a scrape says about itself with `extra_scrape_metrics`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ExtraReport {
    pub(crate) timeout: Duration,
    /// 0 for none.
    pub(crate) sample_limit: u64,
    pub(crate) body: BodySize,
}

/// How large a body was, decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodySize {
    /// There was none.
    None,
    /// So many bytes.
    Bytes(usize),
    /// More than is allowed.
    TooLarge,
}

const NAMES: [&str; 8] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
];

/// The metric names of a report, in the order of [`Report::values`].
pub(crate) fn names(with_extra: bool) -> &'static [&'static str] {
    if with_extra { &NAMES } else { &NAMES[..5] }
}

impl Report {
    /// The values of the report's series.
    pub(crate) fn values(&self) -> Vec<f64> {
        let mut values = vec![
            f64::from(u8::from(self.is_up)),
            self.duration.as_secs_f64(),
            self.n_scraped as f64,
            self.n_relabelled as f64,
            self.n_series_added as f64,
        ];
        if let Some(extra) = &self.extra {
            let n_bytes = match extra.body {
                BodySize::None => 0.0,
                BodySize::Bytes(n_bytes) => n_bytes as f64,
                BodySize::TooLarge => -1.0,
            };
            values.extend([extra.timeout.as_secs_f64(), extra.sample_limit as f64, n_bytes]);
        }
        values
    }
}
