//! What a configuration asks for and narthex cannot do yet. One warning names it all; nothing of it is silently ignored.

use std::fmt;
use std::sync::Arc;

use model::yaml::{DisplayPath, Document, Span, Step};

use super::source::Source;

/// Fields without effect so far. `[]` stands for any element of a list, `*` for any beginning of a name.
const FIELDS: &[&str] = &[
    "alerting.alertmanagers[].*_sd_configs",
    "alerting.alertmanagers[].sigv4",
    "global.always_scrape_classic_histograms",
    "global.convert_classic_histograms_to_nhcb",
    "global.query_log_file",
    "global.scrape_native_histograms",
    "narthex.dashboard_files",
    "otlp",
    "remote_read",
    "remote_write[].azuread",
    "remote_write[].google_iam",
    "remote_write[].metadata_config.send",
    "remote_write[].round_robin_dns",
    "remote_write[].send_exemplars",
    "remote_write[].sigv4",
    "scrape_configs[].*_sd_configs",
    "scrape_configs[].always_scrape_classic_histograms",
    "scrape_configs[].convert_classic_histograms_to_nhcb",
    "scrape_configs[].native_histogram_bucket_limit",
    "scrape_configs[].native_histogram_min_bucket_factor",
    "scrape_configs[].scrape_native_histograms",
    "storage.exemplars",
    "storage.tsdb.chunk_encoding",
    "storage.tsdb.stale_series_compaction_threshold",
    "tracing",
];

/// Fields that the patterns above would take in, and that have their effect.
const BUILT: &[&str] = &["alerting.alertmanagers[].file_sd_configs", "scrape_configs[].file_sd_configs"];

/// A field without effect so far, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotBuilt {
    /// The file, and the line from 1.
    pub(crate) file: String,
    pub(crate) line: usize,
    /// As `scrape_configs[0].consul_sd_configs`.
    pub(crate) path: String,
}

impl fmt::Display for NotBuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.path, self.file, self.line)
    }
}

/// The fields of a document that have no effect so far.
pub(super) fn not_built(document: &Document, source: &Arc<Source>) -> Vec<NotBuilt> {
    let mut found = Vec::new();
    document.visit_keys(&mut |path, span: Span, value| {
        if !matches_any(path, FIELDS) || matches_any(path, BUILT) {
            return true;
        }
        // What is switched off explicitly is not missed.
        if !matches!(value, Some("false" | "" | "0" | "0s")) {
            found.push(NotBuilt {
                file: source.path.display().to_string(),
                line: source.line_and_column(span.start).0,
                path: DisplayPath(path).to_string(),
            });
        }
        false
    });
    found
}

fn matches_any(path: &[Step], patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| matches(path, pattern))
}

fn matches(path: &[Step], pattern: &str) -> bool {
    let mut steps = path.iter();
    for part in pattern.split('.') {
        let (name, is_list) = match part.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        let key_matches = match (steps.next(), name.strip_prefix('*')) {
            (Some(Step::Key(key)), Some(suffix)) => key.ends_with(suffix),
            (Some(Step::Key(key)), None) => key == name,
            _ => false,
        };
        if !key_matches || (is_list && !matches!(steps.next(), Some(Step::Index(_)))) {
            return false;
        }
    }
    steps.next().is_none()
}
