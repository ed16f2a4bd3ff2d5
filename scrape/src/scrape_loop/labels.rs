//! From the labels that a target gives a series to those under which it is stored: the target's own labels are put in,
//! metric relabelling runs, and what comes out is checked.

use model::labels::METRIC_NAME;
use model::name::ValidationScheme;
use model::relabel::Rules;
use model::{Labels, LabelsBuilder};

use super::limits::{LabelLimitError, Limits};
use crate::parse::LabelsError;

/// What a label is renamed to that the target gives and its own labels displace.
pub(crate) const EXPORTED_PREFIX: &str = "exported_";

/// Longer sets of labels are cut in messages.
const MAX_SHOWN_CHARS: usize = 1024;

/// How the labels of samples are made.
#[derive(Clone, Debug)]
pub(crate) struct LabelSettings {
    /// The target's labels, as far as they go to its series.
    pub(crate) target: Labels,
    /// Whether labels that the target gives win over its own.
    pub(crate) honor_labels: bool,
    pub(crate) relabel: Rules,
    pub(crate) validation: ValidationScheme,
    pub(crate) limits: Limits,
}

/// Why a series cannot be stored, which fails the whole scrape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// Names that are not text, or stand twice.
    #[error(transparent)]
    Labels(#[from] LabelsError),
    /// Relabelling has taken the metric's name away.
    #[error("missing metric name (__name__ label)")]
    NoMetricName,
    /// Names that the validation scheme does not allow.
    #[error("invalid metric name or label names: {0}")]
    InvalidNames(String),
    /// Too many labels, or too long ones.
    #[error(transparent)]
    Limit(#[from] LabelLimitError),
}

impl LabelSettings {
    /// The labels under which a series is stored; `None` where relabelling drops it.
    pub(crate) fn stored(&self, given: &Labels) -> Result<Option<Labels>, SeriesError> {
        if self.relabel.is_empty() {
            // Before a hundred thousand of them are copied; what relabelling may take away is counted behind it.
            self.limits.check_n_labels(given, self.n_with_target_labels(given))?;
        }
        let mut builder = self.with_target_labels(given);
        if !self.relabel.apply_to_builder(&mut builder) || builder.is_empty() {
            return Ok(None);
        }
        let labels = builder.build();
        self.check(&labels)?;
        Ok(Some(labels))
    }

    fn with_target_labels(&self, given: &Labels) -> LabelsBuilder {
        let mut builder = given.to_builder();
        let mut displaced = Vec::new();
        for (name, value) in &self.target {
            match given.get(name) {
                Some(_) if self.honor_labels => continue,
                Some(given_value) => displaced.push((name, given_value)),
                None => {}
            }
            builder.set(name, value);
        }
        // Short names first, so that the same labels meet the same names whatever their order.
        displaced.sort_by_key(|(name, _)| name.len());
        for (name, value) in displaced {
            let mut free = format!("{EXPORTED_PREFIX}{name}");
            while !builder.get(&free).is_empty() {
                free.insert_str(0, EXPORTED_PREFIX);
            }
            builder.set(&free, value);
        }
        builder
    }

    /// How many labels [`LabelSettings::with_target_labels`] gives: what is displaced is renamed, and stays.
    fn n_with_target_labels(&self, given: &Labels) -> usize {
        let is_added = |name: &str| !self.honor_labels || given.get(name).is_none();
        given.len() + self.target.iter().filter(|(name, _)| is_added(name)).count()
    }

    fn check(&self, labels: &Labels) -> Result<(), SeriesError> {
        let Some(metric_name) = labels.get(METRIC_NAME) else { return Err(SeriesError::NoMetricName) };
        let are_valid = self.validation.is_metric_name(metric_name)
            && labels.iter().all(|(name, _)| self.validation.is_label_name(name));
        if !are_valid {
            let shown = labels.to_string().chars().take(MAX_SHOWN_CHARS).collect();
            return Err(SeriesError::InvalidNames(shown));
        }
        Ok(self.limits.check_labels(labels)?)
    }

    /// The labels of a series that the scrape loop writes of its own accord, such as `up`.
    pub(crate) fn of_report(&self, metric_name: &str) -> Labels {
        let mut builder = self.target.to_builder();
        builder.set(METRIC_NAME, metric_name);
        builder.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(target: &[(&str, &str)], honor_labels: bool) -> LabelSettings {
        LabelSettings {
            target: Labels::from_pairs(target.iter().copied()),
            honor_labels,
            relabel: Rules::default(),
            validation: ValidationScheme::Utf8,
            limits: Limits::DEFAULT,
        }
    }

    #[test]
    fn the_targets_labels_displace_those_given() {
        let check = |target: &[(&str, &str)], honor_labels, given: &[(&str, &str)], expected: &str| {
            let given = Labels::from_pairs(given.iter().copied());
            let stored = settings(target, honor_labels).stored(&given).unwrap().unwrap();
            assert_eq!(stored.to_string(), expected);
        };
        let target = [("job", "j"), ("instance", "i")];
        check(&target, false, &[("__name__", "m")], r#"{__name__="m", instance="i", job="j"}"#);
        check(
            &target,
            false,
            &[("__name__", "m"), ("job", "x")],
            r#"{__name__="m", exported_job="x", instance="i", job="j"}"#,
        );
        check(&target, true, &[("__name__", "m"), ("job", "x")], r#"{__name__="m", instance="i", job="x"}"#);
        check(
            &[("foo", "1"), ("exported_foo", "2")],
            false,
            &[("__name__", "m"), ("foo", "a"), ("exported_foo", "b")],
            r#"{__name__="m", exported_exported_exported_foo="b", exported_exported_foo="a", exported_foo="2", foo="1"}"#,
        );
    }

    #[test]
    fn what_cannot_be_stored_is_named() {
        let mut settings = settings(&[("job", "j")], false);
        let nameless = Labels::from_pairs([("a", "1")]);
        assert_eq!(settings.stored(&nameless), Err(SeriesError::NoMetricName));
        settings.validation = ValidationScheme::Legacy;
        let dotted = Labels::from_pairs([("__name__", "a.b")]);
        let error = settings.stored(&dotted).unwrap_err().to_string();
        assert_eq!(error, r#"invalid metric name or label names: {__name__="a.b", job="j"}"#);
    }

    #[test]
    fn reports_have_the_targets_labels() {
        let settings = settings(&[("job", "j"), ("instance", "i")], false);
        assert_eq!(settings.of_report("up").to_string(), r#"{__name__="up", instance="i", job="j"}"#);
    }
}
