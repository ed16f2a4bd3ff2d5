//! Drafts: what a metric could become an objective of.
//!
//! A [`Metric`] is what is known of it: its type, its labels and their values. Whether other metrics are there, and where its
//! values lay lately, is asked of a [`Stored`] past. What comes of it is a document for each way to tell good from bad, with the
//! reason in words; where there is none, the reason why not. Names and values of labels are whatever a target sent, and are
//! quoted by `model`'s and the YAML writer's own rules.

mod bounds;
mod gauge;
mod histogram;
mod metric;
mod pair;
mod status;
#[cfg(test)]
mod tests;
mod write;

use serde::Serialize;

pub use metric::{MAX_SERIES, MAX_VALUES, Metric};

/// The past that is stored.
pub trait Stored {
    /// The single number that a query comes to; `None` where it is none.
    fn number(&mut self, query: &str) -> Option<f64>;

    /// Whether there are series of a name.
    fn has(&mut self, name: &str) -> bool;
}

/// What a metric could become.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Drafts {
    /// The metric that was asked for.
    pub metric: String,
    /// Its type, as its targets tell or its name says; `unknown` otherwise.
    #[serde(rename = "type")]
    pub kind: String,
    /// What its targets say that it is.
    pub help: String,
    /// How many series there are.
    pub n_series: usize,
    /// The ways to tell good from bad, the likeliest first.
    pub drafts: Vec<Draft>,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// One way to tell good from bad.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Draft {
    /// The name of the SLO.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// `availability`, `latency` or `threshold`.
    pub kind: &'static str,
    /// Why it is so.
    pub why: String,
    /// One SLO as YAML.
    pub spec: String,
    /// What counts as bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad: Option<String>,
    /// What counts as good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub good: Option<String>,
    /// What counts at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// Labels by which its series can be told apart.
    pub labels: Vec<String>,
}

/// All drafts of a metric. Whether it is a native histogram is asked of the past where nothing says that it is none.
pub fn drafts(mut metric: Metric, stored: &mut dyn Stored) -> Drafts {
    metric.is_native = metric.may_be_native() && histogram::is_native(&metric, stored);
    let metric = &metric;
    let found = match metric.kind() {
        _ if metric.n_series == 0 => Err("no series of this name were stored during the last day".to_owned()),
        _ if metric.is_sum() => Err(format!(
            "a sum adds up what was observed, not events; the count of observations is {}",
            metric.sibling("_count")
        )),
        "counter" => counter(metric, stored),
        "histogram" | "gaugehistogram" => histogram::drafts(metric, stored),
        "summary" => Err(format!(
            "a summary's quantiles cannot be added up; its count of observations is {}",
            metric.sibling("_count")
        )),
        "info" => Err("what never changes says nothing of good and bad".to_owned()),
        _ => gauge::drafts(metric, stored),
    };
    let (drafts, why) = match found {
        Ok(drafts) => (drafts, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let kind = metric.kind().to_owned();
    let (name, help) = (metric.name.clone(), metric.help.clone());
    Drafts { metric: name, kind, help, n_series: metric.n_series, drafts, why }
}

fn counter(metric: &Metric, stored: &mut dyn Stored) -> Result<Vec<Draft>, String> {
    let mut drafts = status::drafts(metric);
    drafts.extend(pair::draft(metric, stored));
    if drafts.is_empty() {
        let labels = status::LABELS.join(", ");
        let names = pair::names(&metric.name).join(", ");
        return Err(format!(
            "nothing tells its good events from its bad ones: it has none of the labels {labels}, and there is no metric {names}"
        ));
    }
    Ok(drafts)
}
