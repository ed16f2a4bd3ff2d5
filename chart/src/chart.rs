//! What is to be drawn.

use jiff::tz::TimeZone;

use crate::unit::Unit;

/// How many series are drawn; the rest is counted in the legend. (Limit `chart_series`.)
pub const MAX_SERIES: usize = 20;

/// How much of a name or a title is looked at; what does not fit into its place is cut much earlier.
pub const MAX_NAME_CHARS: usize = 300;

/// Series over a span of time.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Stands above it; cut where it is too long.
    pub title: String,
    /// The series, the more important ones first.
    pub series: Vec<Series>,
    /// The time of the first value of each, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// From one value to the next. At least 1.
    pub step_ms: i64,
    /// How many values each series has.
    pub n_steps: usize,
    /// In what values count.
    pub unit: Unit,
    /// Whether the axis begins at 0, as for counts and rates; otherwise it does where that costs little.
    pub from_zero: bool,
    /// What is compared with.
    pub threshold: Option<Threshold>,
    /// What is shaded or hatched.
    pub spans: Vec<Span>,
    /// What happened in an instant.
    pub marks: Vec<Mark>,
    /// Between which values something is expected to be.
    pub band: Option<Band>,
    /// In which times are written, and its name.
    pub zone: TimeZone,
    /// What is said where there is nothing to draw.
    pub nothing: String,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// A value for each step; `None`, and what is not finite, is a gap.
    pub values: Vec<Option<f64>>,
    /// How it is drawn.
    pub look: Look,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// In a colour that follows from its name: one of several that are alike.
    #[default]
    Named,
    /// As what the chart is about.
    Main,
    /// As what that is compared with: thin, grey and dashed.
    Guide,
    /// As how that is expected to go on: dotted.
    Expected,
}

/// A value that is not to be passed.
#[derive(Clone, Debug)]
pub struct Threshold {
    /// The value.
    pub value: f64,
    /// Stands at it, such as `> 0.9`.
    pub label: String,
}

/// A span of time, as of an alert that fired.
#[derive(Clone, Debug)]
pub struct Span {
    /// When it began, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// When it ended; may lie beyond the chart.
    pub to_ms: i64,
    /// Stands in it, or beside it where it is too narrow and there is room.
    pub label: String,
    /// How it is filled.
    pub fill: Fill,
}

/// How a span is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// As what was wrong.
    #[default]
    Shaded,
    /// As what does not count.
    Hatched,
}

/// Something that happened in an instant.
#[derive(Clone, Debug)]
pub struct Mark {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// What it was.
    pub kind: MarkKind,
    /// Stands beside it, where there is room.
    pub label: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Something that went well: a hollow tick at the foot.
    Fine,
    /// Something that went wrong: a filled tick at the foot.
    Wrong,
    /// From now on something else holds: a line from top to bottom.
    Change,
}

/// Between which values something is expected to be: a low and a high one for each step, `None` where nothing is.
#[derive(Clone, Debug, Default)]
pub struct Band {
    /// The low values.
    pub lows: Vec<Option<f64>>,
    /// The high values.
    pub highs: Vec<Option<f64>>,
}

impl Chart {
    /// The time of the last value.
    pub(crate) fn to_ms(&self) -> i64 {
        self.from_ms + self.step_ms.max(1) * (self.n_steps.clamp(2, 1_000_000) as i64 - 1)
    }

    /// The series that are drawn.
    pub(crate) fn drawn(&self) -> &[Series] {
        &self.series[..self.series.len().min(MAX_SERIES)]
    }

    /// The least and the greatest value that is drawn, the threshold and the band included.
    pub(crate) fn extent(&self) -> Option<(f64, f64)> {
        let values = self.drawn().iter().flat_map(|series| series.finite().map(|(_, value)| value));
        let threshold = self.threshold.iter().map(|threshold| threshold.value);
        let band = self.band.iter().flat_map(|band| band.lows.iter().chain(&band.highs)).filter_map(|value| *value);
        let others = threshold.chain(band).filter(|value| value.is_finite());
        values.chain(others).fold(None, |extent, value| match extent {
            None => Some((value, value)),
            Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
        })
    }
}

impl Span {
    /// A span in which something was wrong.
    pub fn shaded(from_ms: i64, to_ms: i64, label: String) -> Span {
        Span { from_ms, to_ms, label, fill: Fill::Shaded }
    }
}

impl Series {
    /// One of several that are alike.
    pub fn new(name: String, values: Vec<Option<f64>>) -> Series {
        Series { name, values, look: Look::Named }
    }

    /// The values with their numbers, without gaps.
    pub(crate) fn finite(&self) -> impl Iterator<Item = (usize, f64)> {
        let values = self.values.iter().enumerate();
        values.filter_map(|(step, value)| value.filter(|value| value.is_finite()).map(|value| (step, value)))
    }

    /// The stretches between gaps.
    pub(crate) fn stretches(&self) -> Vec<Vec<(usize, f64)>> {
        let mut stretches: Vec<Vec<(usize, f64)>> = Vec::new();
        for (step, value) in self.finite() {
            match stretches.last_mut() {
                Some(stretch) if stretch.last().is_some_and(|&(last, _)| last + 1 == step) => {
                    stretch.push((step, value));
                }
                _ => stretches.push(vec![(step, value)]),
            }
        }
        stretches
    }
}
