//! A metric family: its metadata, and the samples that belong to it by their names.

use super::group::Groups;
use super::{Broken, Line, Rule};
use crate::parse::MetricType;

/// What the samples of each type may add to the family's name.
fn suffixes(metric_type: MetricType) -> &'static [&'static str] {
    match metric_type {
        MetricType::Counter => &["_total", "_created"],
        MetricType::Histogram => &["_bucket", "_count", "_sum", "_created"],
        MetricType::GaugeHistogram => &["_bucket", "_gcount", "_gsum"],
        MetricType::Summary => &["", "_count", "_sum", "_created"],
        MetricType::Info => &["_info"],
        MetricType::Unknown | MetricType::Gauge | MetricType::StateSet => &[""],
    }
}

#[derive(Debug)]
pub(super) struct Family<'a> {
    pub(super) name: &'a str,
    /// Where the family begins.
    pub(super) at: usize,
    metric_type: Option<MetricType>,
    has_help: bool,
    has_unit: bool,
    groups: Groups<'a>,
}

impl<'a> Family<'a> {
    pub(super) fn new(name: &'a str, at: usize) -> Family<'a> {
        Family { name, at, metric_type: None, has_help: false, has_unit: false, groups: Groups::default() }
    }

    pub(super) fn type_or_unknown(&self) -> MetricType {
        self.metric_type.unwrap_or_default()
    }

    pub(super) fn help(&mut self, at: usize) -> Result<(), Broken> {
        self.check_metadata("HELP", self.has_help, at)?;
        self.has_help = true;
        Ok(())
    }

    pub(super) fn metric_type(&mut self, metric_type: MetricType, at: usize) -> Result<(), Broken> {
        self.check_metadata("TYPE", self.metric_type.is_some(), at)?;
        self.metric_type = Some(metric_type);
        self.check_unit(at)
    }

    pub(super) fn unit(&mut self, at: usize) -> Result<(), Broken> {
        self.check_metadata("UNIT", self.has_unit, at)?;
        self.has_unit = true;
        self.check_unit(at)
    }

    fn check_metadata(&self, keyword: &'static str, is_there: bool, at: usize) -> Result<(), Broken> {
        let family = self.name.to_owned();
        if is_there {
            Err((at, Rule::RepeatedMetadata { keyword, family }))
        } else if self.groups.is_empty() {
            Ok(())
        } else {
            Err((at, Rule::LateMetadata { keyword, family }))
        }
    }

    fn check_unit(&self, at: usize) -> Result<(), Broken> {
        match self.type_or_unknown() {
            metric_type @ (MetricType::Info | MetricType::StateSet) if self.has_unit => {
                Err((at, Rule::UnitNotAllowed(metric_type.as_str())))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn has_sample_name(&self, name: &str) -> bool {
        let suffix = name.strip_prefix(self.name);
        suffix.is_some_and(|suffix| suffixes(self.type_or_unknown()).contains(&suffix))
    }

    /// What a sample's name adds to the family's.
    pub(super) fn suffix_of<'name>(&self, name: &'name str) -> &'name str {
        name.strip_prefix(self.name).unwrap_or_default()
    }

    pub(super) fn sample(&mut self, line: &Line<'a>) -> Result<(), Broken> {
        let suffix = self.suffix_of(line.name);
        let broken = |rule| Err((line.at, rule));
        match self.check_labels(line, suffix).and_then(|()| self.check_value(line, suffix)) {
            Ok(()) => self.groups.sample(self.type_or_unknown(), self.name, suffix, line),
            Err(rule) => broken(rule),
        }
    }

    fn check_labels(&self, line: &Line<'_>, suffix: &str) -> Result<(), Rule> {
        let missing = |metric, label: &str, must| Err(Rule::MissingLabel { metric, label: label.to_owned(), must });
        match (self.type_or_unknown(), suffix) {
            (MetricType::Summary, "") if !line.label("quantile").is_some_and(is_quantile) => {
                missing("a quantile of a summary", "quantile", " with a number from 0 to 1")
            }
            (MetricType::Histogram | MetricType::GaugeHistogram, "_bucket") if bound(line).is_none() => {
                missing("a bucket", "le", " with its bound, or \"+Inf\"")
            }
            (MetricType::StateSet, _) if line.label(self.name).is_none() => missing("a state", self.name, ""),
            _ => Ok(()),
        }
    }

    fn check_value(&self, line: &Line<'_>, suffix: &str) -> Result<(), Rule> {
        let value = line.sample.value;
        let is_count = value >= 0.0;
        match (self.type_or_unknown(), suffix) {
            (MetricType::Counter, "_total") if !is_count => Err(Rule::NotACount("a counter")),
            (_, "_bucket") if !is_count => Err(Rule::NotACount("a bucket")),
            (_, "_count" | "_gcount") if !is_count => Err(Rule::NotACount("a count")),
            (_, "_sum") if !is_count => Err(Rule::NotACount("a sum")),
            (_, "_gsum") if value.is_nan() => Err(Rule::NotACount("a sum")),
            (MetricType::Summary, "") if value < 0.0 => Err(Rule::NegativeQuantile),
            (MetricType::Info, _) if value != 1.0 => Err(Rule::InfoValue),
            (MetricType::StateSet, _) if value != 0.0 && value != 1.0 => Err(Rule::StateValue),
            _ => Ok(()),
        }
    }

    /// Checks what can only be known at the end; answers the names that this family takes.
    pub(super) fn finish(self) -> Result<Vec<String>, Broken> {
        let metric_type = self.type_or_unknown();
        self.groups.finish()?;
        let with_suffix = |suffix: &&str| format!("{}{suffix}", self.name);
        let mut names: Vec<String> = suffixes(metric_type).iter().map(with_suffix).collect();
        if !suffixes(metric_type).contains(&"") {
            names.push(self.name.to_owned());
        }
        Ok(names)
    }
}

fn is_quantile(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|quantile| (0.0..=1.0).contains(&quantile))
}

/// The bound of a bucket. Only `+Inf` is infinite.
pub(super) fn bound(line: &Line<'_>) -> Option<f64> {
    match line.label("le")? {
        "+Inf" => Some(f64::INFINITY),
        text => text.parse().ok().filter(|bound: &f64| bound.is_finite()),
    }
}
