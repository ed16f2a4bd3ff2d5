//! Labels as they come in a request: in any order, and perhaps wrong.

use model::labels::METRIC_NAME;

/// Why the samples of a series are not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelsFault {
    /// A name or a value is not UTF-8.
    #[error("label is not UTF-8")]
    NotUtf8,
    /// There is no metric name.
    #[error("no metric name")]
    NoMetricName,
    /// A label has an empty name.
    #[error("invalid label name \"\"")]
    EmptyName,
    /// Two labels have the same name.
    #[error("duplicate label with name: {0}")]
    Duplicate(String),
    /// More labels than are taken.
    #[error("too many labels: {n_labels}, limit is {limit}")]
    TooMany {
        /// How many.
        n_labels: usize,
        /// The limit.
        limit: usize,
    },
    /// A place of a label without the other half of its pair (version 2).
    #[error("invalid labelRefs length {n_refs}")]
    OddRefs {
        /// How many places.
        n_refs: usize,
    },
    /// A label that is not in the table of symbols (version 2).
    #[error("labelRefs {name} (name) = {value} (value) outside of symbols table (size {n_symbols})")]
    OutsideSymbols {
        /// The place of its name.
        name: u32,
        /// The place of its value.
        value: u32,
        /// How many symbols there are.
        n_symbols: usize,
    },
    /// Metadata that is not in the table of symbols (version 2).
    #[error("metadata {field} {at} outside of symbols table (size {n_symbols})")]
    MetadataOutsideSymbols {
        /// Which.
        field: &'static str,
        /// The place.
        at: u32,
        /// How many symbols there are.
        n_symbols: usize,
    },
    /// A name or a value longer than is taken.
    #[error("label is too long: {n_bytes} bytes, limit is {limit}")]
    TooLong {
        /// How long.
        n_bytes: usize,
        /// The limit.
        limit: usize,
    },
}

/// Sorts labels, leaves out those without a value, and finds what is wrong.
pub(super) fn normalise(labels: &mut Vec<(&str, &str)>) -> Result<(), LabelsFault> {
    if !labels.is_sorted_by(|one, next| one.0 < next.0) {
        labels.sort_by_key(|(name, _)| *name);
        if let Some(pair) = labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(LabelsFault::Duplicate(pair[0].0.to_owned()));
        }
    }
    if labels.first().is_some_and(|(name, _)| name.is_empty()) {
        return Err(LabelsFault::EmptyName);
    }
    labels.retain(|(_, value)| !value.is_empty());
    if labels.iter().any(|(name, _)| *name == METRIC_NAME) { Ok(()) } else { Err(LabelsFault::NoMetricName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_faults() {
        let check = |labels: &[(&str, &str)], want: Result<&[(&str, &str)], LabelsFault>| {
            let mut got = labels.to_vec();
            let outcome = normalise(&mut got);
            assert_eq!(outcome.map(|()| got.as_slice()), want, "{labels:?}");
        };
        check(&[("__name__", "up"), ("a", "b")], Ok(&[("__name__", "up"), ("a", "b")]));
        check(&[("a", "b"), ("__name__", "up")], Ok(&[("__name__", "up"), ("a", "b")]));
        check(&[("__name__", "up"), ("a", "")], Ok(&[("__name__", "up")]));
        check(&[], Err(LabelsFault::NoMetricName));
        check(&[("__name__", "")], Err(LabelsFault::NoMetricName));
        check(&[("a", "b")], Err(LabelsFault::NoMetricName));
        check(&[("__name__", "up"), ("", "b")], Err(LabelsFault::EmptyName));
        check(&[("a", "b"), ("__name__", "x"), ("a", "c")], Err(LabelsFault::Duplicate("a".to_owned())));
        check(&[("__name__", "x"), ("a", ""), ("a", "c")], Err(LabelsFault::Duplicate("a".to_owned())));
    }
}
