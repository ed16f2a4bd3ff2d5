//! Alerts and samples as they are compared, and in the words in which promtool shows them.

use model::Labels;
use model::sample::Value as SampleValue;
use query::VectorSample;
use query::syntax::series::{SequenceValue, histogram_text, parse};

use super::file::{AlertTest, ExpectedSample};

/// An alert that fires, or is to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FiringAlert {
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
}

/// The alerts that a test expects, sorted.
pub(super) fn expected_alerts(test: &AlertTest) -> Vec<FiringAlert> {
    let mut alerts: Vec<FiringAlert> = test
        .exp_alerts
        .iter()
        .map(|alert| {
            let mut labels = alert.exp_labels.clone();
            labels.insert("alertname".to_owned(), test.alertname.clone());
            let pairs = |map: &std::collections::BTreeMap<String, String>| {
                Labels::from_pairs(map.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            };
            FiringAlert { labels: pairs(&labels), annotations: pairs(&alert.exp_annotations) }
        })
        .collect();
    alerts.sort();
    alerts
}

/// Alerts, a few lines each.
pub(super) fn shown_alerts(alerts: &[FiringAlert]) -> String {
    if alerts.is_empty() {
        return "[]".to_owned();
    }
    let items: Vec<String> = alerts
        .iter()
        .enumerate()
        .map(|(number, FiringAlert { labels, annotations })| {
            format!("{number}:{}", indented(&format!("\nLabels:{labels}\nAnnotations:{annotations}"), "  "))
        })
        .collect();
    format!("[\n{}\n]", items.join(",\n"))
}

/// A text of which each line but the first stands further to the right.
pub(super) fn indented(text: &str, indent: &str) -> String {
    text.replace('\n', &format!("\n{indent}"))
}

/// A sample as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ComparedSample {
    labels: Labels,
    value: f64,
    /// A native histogram in PromQL's notation.
    histogram: Option<String>,
}

impl ComparedSample {
    /// A sample that an expression gives.
    ///
    /// # Errors
    /// When it is a histogram that has no text.
    pub(super) fn of(sample: &VectorSample) -> Result<ComparedSample, String> {
        let labels = sample.labels.clone();
        Ok(match &sample.value {
            SampleValue::Float(value) => ComparedSample { labels, value: *value, histogram: None },
            SampleValue::Histogram(histogram) => {
                let text = histogram_text(histogram).map_err(|error| error.to_string())?;
                ComparedSample { labels, value: 0.0, histogram: Some(text) }
            }
        })
    }

    /// A sample that is expected.
    ///
    /// # Errors
    /// When its labels or its histogram cannot be read.
    pub(super) fn expected(sample: &ExpectedSample) -> Result<ComparedSample, String> {
        let in_words =
            |error: &dyn std::fmt::Display| format!("labels {}: {error}", model::name::quoted(&sample.labels));
        let labels = match sample.labels.as_str() {
            "" => Labels::empty(),
            text => parse(&format!("{text} _")).map_err(|error| in_words(&error))?.labels,
        };
        let histogram = match sample.histogram.as_str() {
            "" => None,
            text => Some(canonical(text).map_err(|error| in_words(&error))?),
        };
        Ok(ComparedSample { labels, value: sample.value, histogram })
    }

    fn is_as(&self, other: &ComparedSample, is_fuzzy: bool) -> bool {
        let (x, y) = (self.value, other.value);
        let is_near = is_fuzzy && (x.next_down() == y || x.next_up() == y);
        self.labels == other.labels && self.histogram == other.histogram && (x == y || is_near)
    }

    fn shown(&self) -> String {
        match &self.histogram {
            Some(histogram) => format!("{} {histogram}", self.labels),
            None => format!("{} {}", self.labels, scientific(self.value)),
        }
    }
}

/// A histogram in PromQL's notation, written as we write it.
fn canonical(text: &str) -> Result<String, String> {
    let values = parse(&format!("{{}} {text}")).map_err(|error| error.to_string())?.values;
    match values.as_slice() {
        [SequenceValue::Histogram { histogram, .. }] => histogram_text(histogram).map_err(|error| error.to_string()),
        [_] => Err("expected histogram".to_owned()),
        values => Err(format!("expected 1 value, got {}", values.len())),
    }
}

/// Whether samples are those that are expected; both are sorted.
pub(super) fn are_same(expected: &mut [ComparedSample], got: &mut [ComparedSample], is_fuzzy: bool) -> bool {
    expected.sort_by(|one, other| one.labels.cmp(&other.labels));
    got.sort_by(|one, other| one.labels.cmp(&other.labels));
    expected.len() == got.len() && expected.iter().zip(got.iter()).all(|(one, other)| one.is_as(other, is_fuzzy))
}

/// Samples in one line.
pub(super) fn shown_samples(samples: &[ComparedSample]) -> String {
    if samples.is_empty() {
        return "nil".to_owned();
    }
    samples.iter().map(ComparedSample::shown).collect::<Vec<_>>().join(", ")
}

/// A float as Go's format `E` writes it: `1.5E+00`.
fn scientific(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = format!("{value:E}");
    let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}E{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let check = |value: f64, want: &str| assert_eq!(scientific(value), want);
        check(1.0, "1E+00");
        check(0.0, "0E+00");
        check(-0.0, "-0E+00");
        check(2.999_999_999_999_999_6, "2.9999999999999996E+00");
        check(1_704_067_203.0, "1.704067203E+09");
        check(1e-7, "1E-07");
        check(1e300, "1E+300");
        check(f64::NAN, "NaN");
        check(f64::NEG_INFINITY, "-Inf");
    }

    #[test]
    fn fuzzy_is_one_bit_and_no_more() {
        let sample = |value| ComparedSample { labels: Labels::empty(), value, histogram: None };
        let check = |got: f64, is_fuzzy, want| {
            assert_eq!(are_same(&mut [sample(3.0)], &mut [sample(got)], is_fuzzy), want, "{got} {is_fuzzy}");
        };
        check(3.0, false, true);
        check(3f64.next_up(), false, false);
        check(3f64.next_up(), true, true);
        check(3f64.next_down(), true, true);
        check(3f64.next_up().next_up(), true, false);
        check(f64::NAN, true, false);
    }
}
