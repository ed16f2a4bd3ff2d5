//! What is known of a metric.

use std::collections::{BTreeMap, BTreeSet};

use model::labels::METRIC_NAME;
use model::name::{is_legacy_metric_name, quoted};
use model::{Labels, Matcher};

use crate::report::Language;

/// The limit `draft_series`: so many series of a metric are looked at.
pub const MAX_SERIES: usize = 10_000;
/// The limit `draft_values`: so many values of a label are looked at.
pub const MAX_VALUES: usize = 1000;

/// Names of the parts of a histogram or summary, and their types.
const PARTS: [(&str, &str); 3] = [("_bucket", "histogram"), ("_count", "counter"), ("_sum", "counter")];

/// A metric, and what narrows it down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// As its targets tell; empty where none does.
    pub told_kind: String,
    /// What its targets say that it is.
    pub help: String,
    /// Which of its series are meant, besides those of the name.
    pub matchers: Vec<Matcher>,
    /// In which language drafts are said.
    pub language: Language,
    /// How many series there are.
    pub n_series: usize,
    /// The values of each label but the name.
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// Whether its samples are native histograms.
    pub(super) is_native: bool,
}

impl Metric {
    /// A metric of which nothing but the name is known, and which of its series are meant.
    pub fn new(name: &str, matchers: Vec<Matcher>) -> Metric {
        Metric { name: name.to_owned(), matchers, ..Metric::default() }
    }

    /// Takes notice of a series.
    pub fn note(&mut self, labels: &Labels) {
        self.n_series += 1;
        for (name, value) in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
            let values = self.labels.entry(name.to_owned()).or_default();
            if values.len() < MAX_VALUES {
                values.insert(value.to_owned());
            }
        }
    }

    /// The name without what a part of a histogram or summary adds.
    pub fn family(&self) -> &str {
        let of_part = |(suffix, _): &(&str, &str)| self.name.strip_suffix(suffix);
        PARTS.iter().find_map(of_part).unwrap_or(&self.name)
    }

    /// Its type: what a part of a histogram is by its name, then what targets tell, then what the name says.
    pub(super) fn kind(&self) -> &str {
        let by_part = PARTS.iter().find(|(suffix, _)| self.name.ends_with(suffix)).map(|(_, kind)| *kind);
        match (by_part, self.told_kind.as_str()) {
            (Some("histogram"), _) => "histogram",
            (_, _) if self.is_native => "histogram",
            (Some(part), "histogram" | "summary") => part,
            (_, told) if !told.is_empty() && told != "unknown" => told,
            (Some(part), _) => part,
            _ if self.name.ends_with("_total") => "counter",
            _ => "unknown",
        }
    }

    /// Whether nothing says that its samples are numbers.
    pub(super) fn may_be_native(&self) -> bool {
        self.n_series > 0
            && !self.labels.contains_key("le")
            && matches!(self.told_kind.as_str(), "" | "unknown" | "histogram" | "gaugehistogram")
    }

    /// Whether it adds up what was observed: seconds or bytes, and no events.
    pub(super) fn is_sum(&self) -> bool {
        self.name.ends_with("_sum") && matches!(self.told_kind.as_str(), "" | "unknown" | "histogram" | "summary")
    }

    /// A part of the same histogram.
    pub(super) fn sibling(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.family())
    }

    /// A selector of series of a name, with what narrows the metric down and more.
    pub(super) fn selector_of(&self, name: &str, more: &[Matcher]) -> String {
        let matchers: Vec<String> = self.matchers.iter().chain(more).map(ToString::to_string).collect();
        match (is_legacy_metric_name(name), matchers.is_empty()) {
            (true, true) => name.to_owned(),
            (true, false) => format!("{name}{{{}}}", matchers.join(",")),
            (false, true) => format!("{{{}}}", quoted(name)),
            (false, false) => format!("{{{},{}}}", quoted(name), matchers.join(",")),
        }
    }

    /// A selector of its series.
    pub(super) fn selector(&self, more: &[Matcher]) -> String {
        self.selector_of(&self.name, more)
    }

    /// Labels by which its series can be told apart: more than one value, or one that was chosen, and not what the objective
    /// itself goes by.
    pub(super) fn groups(&self, but: &str) -> Vec<String> {
        let is_chosen = |name: &str| self.matchers.iter().any(|matcher| matcher.name() == name);
        let is_group = |(name, values): &(&String, &BTreeSet<String>)| {
            let tells_apart = values.len() > 1 && values.len() < MAX_VALUES;
            *name != but && *name != "le" && (tells_apart || is_chosen(name))
        };
        self.labels.iter().filter(is_group).map(|(name, _)| name.clone()).collect()
    }

    /// Who promises it: the job where there is one, otherwise what the name begins with.
    pub(super) fn service(&self) -> String {
        let jobs = self.labels.get("job");
        let only = jobs.filter(|jobs| jobs.len() == 1).and_then(|jobs| jobs.first());
        let prefix = || self.family().split(['_', ':']).find(|word| !word.is_empty()).unwrap_or("service").to_owned();
        let name = slug(only.map_or_else(prefix, Clone::clone).as_str());
        if name.is_empty() { "service".to_owned() } else { name }
    }

    /// A name for an objective: words of the metric's name, without its unit and type.
    pub(super) fn slug_with(&self, word: &str) -> String {
        let stem = ["_total", "_seconds", "_bytes"]
            .iter()
            .fold(self.family(), |name, suffix| name.strip_suffix(suffix).unwrap_or(name));
        slug(&format!("{stem}-{word}"))
    }
}

/// Small letters, digits, and single hyphens between them.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars().take(100) {
        match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => slug.push(letter),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}
