//! The metric families of a body: what is said of each, and the labels of its metrics.

use model::Labels;
use rustc_hash::{FxHashMap, FxHashSet};

use super::LintError;
use crate::parse::{Event, Format, MetricType, Options, Parser};

#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) metric_type: MetricType,
    pub(super) has_help: bool,
    pub(super) line_number: usize,
    pub(super) n_samples: usize,
    /// The names of all labels, without `le` of histograms and `quantile` of summaries.
    pub(super) label_names: FxHashSet<String>,
    /// Whether two samples have the same labels.
    pub(super) has_repeated_sample: bool,
    series: FxHashSet<Labels>,
}

/// The families by their names, in the order in which they come.
pub(super) struct Families {
    names: Vec<String>,
    families: FxHashMap<String, Family>,
}

impl Families {
    pub(super) fn read(body: &[u8]) -> Result<Families, LintError> {
        let mut families = Families { names: Vec::new(), families: FxHashMap::default() };
        let mut parser = Parser::new(Format::PrometheusText, body, Options::default());
        let mut lines = LineCounter { body, at: 0, n_line_breaks: 0 };
        loop {
            let event =
                parser.next().map_err(|error| LintError::Parse { line_number: error.line_number(body), error })?;
            let line_number = lines.number_at(parser.line_start().min(body.len()));
            match event {
                None => return Ok(families),
                Some(Event::Help { family, .. }) => families.named(family, line_number).has_help = true,
                Some(Event::Type { family, metric_type }) => {
                    families.named(family, line_number).metric_type = metric_type;
                }
                Some(Event::Series { .. }) => {
                    let labels = parser.labels().map_err(|error| LintError::Labels { line_number, error })?;
                    families.sample(&labels, line_number);
                }
                Some(Event::Comment(_) | Event::Unit { .. }) => {}
            }
        }
    }

    /// The families that have samples.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Family)> {
        let named = |name| self.families.get(name).map(|family| (name, family));
        self.names.iter().filter_map(named).filter(|(_, family)| family.n_samples > 0)
    }

    fn named(&mut self, name: &[u8], line_number: usize) -> &mut Family {
        self.entry(&String::from_utf8_lossy(name), line_number)
    }

    fn entry(&mut self, name: &str, line_number: usize) -> &mut Family {
        if !self.families.contains_key(name) {
            self.names.push(name.to_owned());
        }
        self.families.entry(name.to_owned()).or_insert_with(|| Family { line_number, ..Family::default() })
    }

    fn sample(&mut self, labels: &Labels, line_number: usize) {
        let name = labels.metric_name();
        let family_name = self.family_of(name).to_owned();
        let family = self.entry(&family_name, line_number);
        family.n_samples += 1;
        let set_apart = match family.metric_type {
            MetricType::Histogram => "le",
            MetricType::Summary => "quantile",
            _ => "",
        };
        let names = labels.iter().map(|(name, _)| name).filter(|name| *name != "__name__" && *name != set_apart);
        for name in names {
            if !family.label_names.contains(name) {
                family.label_names.insert(name.to_owned());
            }
        }
        family.has_repeated_sample |= !family.series.insert(labels.clone());
    }

    /// The family of a sample: a histogram's or a summary's if the name is one of theirs, else one of its own name.
    fn family_of<'a>(&self, name: &'a str) -> &'a str {
        let is =
            |name: &str, metric_type| self.families.get(name).is_some_and(|family| family.metric_type == metric_type);
        let of_histogram = ["_bucket", "_sum", "_count"].into_iter().filter_map(|suffix| name.strip_suffix(suffix));
        let of_summary = ["_sum", "_count"].into_iter().filter_map(|suffix| name.strip_suffix(suffix));
        of_histogram
            .filter(|name| is(name, MetricType::Histogram))
            .chain(of_summary.filter(|name| is(name, MetricType::Summary)))
            .next()
            .unwrap_or(name)
    }
}

/// Counts lines as the body is read, each once.
struct LineCounter<'a> {
    body: &'a [u8],
    at: usize,
    n_line_breaks: usize,
}

impl LineCounter<'_> {
    fn number_at(&mut self, offset: usize) -> usize {
        self.n_line_breaks += memchr::memchr_iter(b'\n', &self.body[self.at..offset]).count();
        self.at = offset;
        self.n_line_breaks + 1
    }
}
