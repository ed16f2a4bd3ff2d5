//! OpenMetrics 1.0 to the letter: what a scrape forgives, `check metrics --strict` does not.
//!
//! The body is read by the lax parser first, so that syntax errors are the same; what is checked here goes across
//! words and lines: metadata before samples and only once, samples that belong to their family by name, labels and
//! values that fit the type, groups that are not torn apart, histograms that add up. The verdict is yes, or the first
//! [`Violation`] with its place.
//!
//! Names in quotes are Prometheus's own and refused, since OpenMetrics 1.0 does not know them.

mod family;
mod group;
mod histogram;
mod violation;

use rustc_hash::FxHashSet;

use self::family::Family;
pub use self::violation::{Rule, Violation};
use super::series;
use super::{Event, MetricType, OpenMetrics, Options, Sample};

/// Characters that the names and values of an exemplar's labels may have together.
const MAX_EXEMPLAR_CHARS: usize = 128;

/// Holds a body to the OpenMetrics 1.0 specification.
///
/// # Errors
/// The first violation.
pub fn check(body: &[u8]) -> Result<(), Violation> {
    let text = std::str::from_utf8(body).map_err(|error| Violation::at(body, error.valid_up_to(), Rule::NotUtf8))?;
    let mut parser = OpenMetrics::new(body, Options::default());
    let mut exposition = Exposition::default();
    loop {
        let line_start = parser.offset();
        let event = parser.next().map_err(|error| Violation::of_syntax(body, &error))?;
        let outcome = match event {
            Some(event) => exposition.line(&parser, text, line_start, event),
            None => return exposition.finish().map_err(|(at, rule)| Violation::at(body, at, rule)),
        };
        outcome.map_err(|(at, rule)| Violation::at(body, at, rule))?;
    }
}

/// A broken rule and the byte at which it is broken.
type Broken = (usize, Rule);

/// A sample as it stands in a line, with labels as written.
#[derive(Debug)]
struct Line<'a> {
    at: usize,
    name: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    sample: Sample,
}

impl<'a> Line<'a> {
    fn label(&self, name: &str) -> Option<&'a str> {
        self.labels.iter().find(|(candidate, _)| *candidate == name).map(|(_, value)| *value)
    }
}

#[derive(Debug, Default)]
struct Exposition<'a> {
    /// The names that earlier families have taken, with the suffixes that their types give them.
    taken: FxHashSet<String>,
    family: Option<Family<'a>>,
}

impl<'a> Exposition<'a> {
    fn line(&mut self, parser: &OpenMetrics<'a>, text: &'a str, at: usize, event: Event<'a>) -> Result<(), Broken> {
        match event {
            Event::Series { text: series, sample } => {
                check_series_text(parser, series, at)?;
                let line = Line { at, name: parser.name_in(text), labels: parser.labels_in(text).collect(), sample };
                check_exemplar(parser, &line, self.family_of(&line)?)
            }
            Event::Help { family, .. } => self.family_named(parser, text, family, at)?.help(at),
            Event::Type { family, metric_type } => {
                self.family_named(parser, text, family, at)?.metric_type(metric_type, at)
            }
            Event::Unit { family, .. } => self.family_named(parser, text, family, at)?.unit(at),
            Event::Comment(_) => Ok(()),
        }
    }

    /// The family of a HELP, TYPE or UNIT line: the one at hand, or a new one.
    fn family_named(
        &mut self,
        parser: &OpenMetrics<'a>,
        text: &'a str,
        name: &[u8],
        at: usize,
    ) -> Result<&mut Family<'a>, Broken> {
        if parser.family_is_quoted() {
            return Err((at, Rule::QuotedName));
        }
        if self.family.as_ref().is_none_or(|family| family.name.as_bytes() != name) {
            self.finish()?;
            self.family = Some(Family::new(parser.family_in(text), at));
        }
        Ok(self.family.get_or_insert_with(|| Family::new("", at)))
    }

    /// The family that a sample belongs to by its name; a name that fits none begins one without metadata.
    fn family_of(&mut self, line: &Line<'a>) -> Result<&Family<'a>, Broken> {
        if !self.family.as_ref().is_some_and(|family| family.has_sample_name(line.name)) {
            self.finish()?;
            self.family = Some(Family::new(line.name, line.at));
        }
        let family = self.family.get_or_insert_with(|| Family::new(line.name, line.at));
        family.sample(line)?;
        Ok(family)
    }

    fn finish(&mut self) -> Result<(), Broken> {
        let Some(family) = self.family.take() else { return Ok(()) };
        let at = family.at;
        for name in family.finish()? {
            if let Some(name) = self.taken.replace(name) {
                return Err((at, Rule::ClashingName(name)));
            }
        }
        Ok(())
    }
}

fn check_series_text(parser: &OpenMetrics<'_>, series: &[u8], at: usize) -> Result<(), Broken> {
    if series.ends_with(b",}") {
        return Err((at + series.len() - 2, Rule::TrailingComma));
    }
    if parser.has_quoted_names() {
        return Err((at, Rule::QuotedName));
    }
    match parser.labels() {
        Err(series::LabelsError::Repeated(name)) => Err((at, Rule::RepeatedLabel(name))),
        Err(series::LabelsError::NotUtf8(_)) => Err((at, Rule::NotUtf8)),
        Ok(_) => Ok(()),
    }
}

fn check_exemplar(parser: &OpenMetrics<'_>, line: &Line<'_>, family: &Family<'_>) -> Result<(), Broken> {
    let Some(exemplar) = parser.exemplar() else { return Ok(()) };
    let suffix = family.suffix_of(line.name);
    let may_have_exemplar = match family.type_or_unknown() {
        MetricType::Counter => suffix == "_total",
        MetricType::Histogram | MetricType::GaugeHistogram => suffix == "_bucket",
        _ => false,
    };
    if !may_have_exemplar {
        return Err((line.at, Rule::MisplacedExemplar));
    }
    let n_chars: usize = exemplar.labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if n_chars > MAX_EXEMPLAR_CHARS {
        return Err((line.at, Rule::LongExemplar { n_chars, limit: MAX_EXEMPLAR_CHARS }));
    }
    Ok(())
}
