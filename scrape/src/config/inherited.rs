//! What scrape configurations take from the global section.

use model::duration::PromDuration;
use model::name::ValidationScheme;
use model::size::ByteSize;

use crate::scrape_loop::Limits;

/// The values that stand where a scrape configuration says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Inherited {
    /// Time between scrapes.
    pub scrape_interval: PromDuration,
    /// Longest time of a scrape.
    pub scrape_timeout: PromDuration,
    /// The formats to ask for; `None` for those that the histogram switches suggest.
    pub scrape_protocols: Option<Vec<String>>,
    /// Bytes of a body; `None` and `Some(0)` are no limit.
    pub body_size_limit: Option<ByteSize>,
    /// As `body_size_limit`, for samples.
    pub sample_limit: Option<u64>,
    /// As `body_size_limit`, for targets.
    pub target_limit: Option<u64>,
    /// As `body_size_limit`, for labels of a series.
    pub label_limit: Option<u64>,
    /// As `body_size_limit`, for bytes of a label's name.
    pub label_name_length_limit: Option<u64>,
    /// As `body_size_limit`, for bytes of a label's value.
    pub label_value_length_limit: Option<u64>,
    /// As `body_size_limit`, for dropped targets that are remembered.
    pub keep_dropped_targets: Option<u64>,
    /// Where failed scrapes are logged; empty for nowhere.
    pub scrape_failure_log_file: String,
    /// Which names are legal.
    pub metric_name_validation_scheme: ValidationScheme,
    /// How other names are to be sent; empty for what the validation scheme suggests.
    pub metric_name_escaping_scheme: String,
    /// Whether native histograms are scraped.
    pub scrape_native_histograms: bool,
    /// Whether classic histograms become native ones.
    pub convert_classic_histograms_to_nhcb: bool,
    /// Whether classic histograms are scraped beside native ones.
    pub always_scrape_classic_histograms: bool,
    /// Whether `scrape_timeout_seconds` and its like are written.
    pub extra_scrape_metrics: bool,
}

impl Default for Inherited {
    fn default() -> Inherited {
        let limits = Limits::DEFAULT;
        Inherited {
            scrape_interval: PromDuration::from_secs(60),
            scrape_timeout: PromDuration::from_secs(10),
            scrape_protocols: None,
            body_size_limit: limits.body_bytes.map(ByteSize),
            sample_limit: limits.n_samples,
            target_limit: None,
            label_limit: limits.n_labels,
            label_name_length_limit: limits.label_name_bytes,
            label_value_length_limit: limits.label_value_bytes,
            keep_dropped_targets: None,
            scrape_failure_log_file: String::new(),
            metric_name_validation_scheme: ValidationScheme::Utf8,
            metric_name_escaping_scheme: String::new(),
            scrape_native_histograms: false,
            convert_classic_histograms_to_nhcb: false,
            always_scrape_classic_histograms: false,
            extra_scrape_metrics: false,
        }
    }
}
