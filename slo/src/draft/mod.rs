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

use crate::report::Language;

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
    /// Why there are none, in a sentence.
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
    /// Why it is so, in a sentence.
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
    let (count, language) = (metric.sibling("_count"), metric.language);
    let say = |english, chinese| language.say(english, chinese).to_owned();
    let found = match metric.kind() {
        _ if metric.n_series == 0 => {
            Err(say("No series of this name were stored during the last day.", "最近一天没有存储过该名称的序列。"))
        }
        _ if metric.is_sum() => Err(match language {
            Language::English => {
                format!("A sum adds up what was observed, not events. The count of observations is {count}.")
            }
            Language::Chinese => format!("总和累加的是观测值，而不是事件数；观测次数见 {count}。"),
        }),
        "counter" => counter(metric, stored),
        "histogram" | "gaugehistogram" => histogram::drafts(metric, stored),
        "summary" => Err(match language {
            Language::English => {
                format!("The quantiles of a summary cannot be added up. Its count of observations is {count}.")
            }
            Language::Chinese => format!("摘要的分位数无法相加；其观测次数见 {count}。"),
        }),
        "info" => Err(say("What never changes says nothing of good and bad.", "从不变化的指标无法区分好坏。")),
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
        return Err(match metric.language {
            Language::English => format!(
                "Nothing tells its good events from its bad ones: it has none of the labels {labels}, and there is no metric {names}."
            ),
            Language::Chinese => {
                format!("无法区分其中的好坏事件：它没有 {labels} 中的任何标签，也没有名为 {names} 的指标。")
            }
        });
    }
    Ok(drafts)
}
