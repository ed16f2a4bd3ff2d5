//! What a target may do, and what is said when it does more.
//!
//! Limits are on by default, in contrast to Prometheus; 0 in a configuration turns one off and is `None` here. Texts
//! begin as Prometheus's do.

use model::labels::METRIC_NAME;
use model::{Labels, name};

/// The limits of a scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body, decompressed (`body_size_limit`).
    pub body_bytes: Option<u64>,
    /// Samples that relabelling leaves (`sample_limit`).
    pub n_samples: Option<u64>,
    /// Labels of a series (`label_limit`).
    pub n_labels: Option<u64>,
    /// Bytes of a label's name (`label_name_length_limit`).
    pub label_name_bytes: Option<u64>,
    /// Bytes of a label's value (`label_value_length_limit`).
    pub label_value_bytes: Option<u64>,
}

impl Limits {
    /// 64 MiB, 500,000 samples, 64 labels, names of 512 bytes, values of 4 KiB.
    pub const DEFAULT: Limits = Limits {
        body_bytes: Some(64 << 20),
        n_samples: Some(500_000),
        n_labels: Some(64),
        label_name_bytes: Some(512),
        label_value_bytes: Some(4096),
    };

    /// No limits at all.
    pub const NONE: Limits =
        Limits { body_bytes: None, n_samples: None, n_labels: None, label_name_bytes: None, label_value_bytes: None };

    /// Checks the labels of a series.
    pub(crate) fn check_labels(&self, labels: &Labels) -> Result<(), LabelLimitError> {
        self.check_n_labels(labels, labels.len())?;
        labels.iter().try_for_each(|(name, value)| self.check_label(labels, name, value))
    }

    /// Checks how many labels a series has that is called as `labels` says.
    pub(crate) fn check_n_labels(&self, labels: &Labels, n_labels: usize) -> Result<(), LabelLimitError> {
        let n_labels = n_labels as u64;
        match self.n_labels {
            Some(limit) if n_labels > limit => {
                Err(LabelLimitError::Count { metric: first_chars(labels.metric_name()), n_labels, limit })
            }
            _ => Ok(()),
        }
    }

    fn check_label(&self, labels: &Labels, name: &str, value: &str) -> Result<(), LabelLimitError> {
        let metric = || first_chars(labels.get(METRIC_NAME).unwrap_or_default());
        if let Some(limit) = self.label_name_bytes.filter(|limit| name.len() as u64 > *limit) {
            let n_bytes = name.len();
            return Err(LabelLimitError::Name { metric: metric(), name: first_chars(name), n_bytes, limit });
        }
        if let Some(limit) = self.label_value_bytes.filter(|limit| value.len() as u64 > *limit) {
            let n_bytes = value.len();
            let (name, value) = (first_chars(name), first_chars(value));
            return Err(LabelLimitError::Value { metric: metric(), name, value, n_bytes, limit });
        }
        Ok(())
    }
}

/// A series that exceeds a limit on labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelLimitError {
    /// Too many labels.
    #[error("label_limit exceeded (metric: {metric}, number of labels: {n_labels}, limit: {limit})")]
    Count {
        /// The metric's name, cut.
        metric: String,
        /// How many it has.
        n_labels: u64,
        /// The limit.
        limit: u64,
    },
    /// A label's name is too long.
    #[error(
        "label_name_length_limit exceeded (metric: {metric}, label name: {name}, length: {n_bytes}, limit: {limit})"
    )]
    Name {
        /// The metric's name, cut.
        metric: String,
        /// The label's name, cut.
        name: String,
        /// How long it is.
        n_bytes: usize,
        /// The limit.
        limit: u64,
    },
    /// A label's value is too long.
    #[error(
        "label_value_length_limit exceeded (metric: {metric}, label name: {name}, value: {}, length: {n_bytes}, limit: {limit})",
        name::quoted(.value)
    )]
    Value {
        /// The metric's name, cut.
        metric: String,
        /// The label's name, cut.
        name: String,
        /// The value, cut.
        value: String,
        /// How long it is.
        n_bytes: usize,
        /// The limit.
        limit: u64,
    },
}

/// Names and values are shown up to this length, in characters.
const N_SHOWN_CHARS: usize = 50;

fn first_chars(text: &str) -> String {
    text.chars().take(N_SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_a_limit_is_named() {
        let long = "v".repeat(60);
        let labels = Labels::from_pairs([("__name__", "m"), ("a", "1"), ("bcdefghijk", long.as_str())]);
        let check = |limits: Limits, message: &str| {
            assert_eq!(limits.check_labels(&labels).unwrap_err().to_string(), message);
        };
        check(
            Limits { n_labels: Some(2), ..Limits::NONE },
            "label_limit exceeded (metric: m, number of labels: 3, limit: 2)",
        );
        check(
            Limits { label_name_bytes: Some(9), ..Limits::NONE },
            "label_name_length_limit exceeded (metric: m, label name: bcdefghijk, length: 10, limit: 9)",
        );
        check(
            Limits { label_value_bytes: Some(59), ..Limits::NONE },
            &format!(
                "label_value_length_limit exceeded (metric: m, label name: bcdefghijk, value: \"{}\", length: 60, limit: 59)",
                "v".repeat(50)
            ),
        );
        let exactly =
            Limits { n_labels: Some(3), label_name_bytes: Some(10), label_value_bytes: Some(60), ..Limits::NONE };
        assert_eq!(exactly.check_labels(&labels), Ok(()));
    }
}
