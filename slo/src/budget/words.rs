//! What alerts of budgets are called and say.

use std::collections::BTreeMap;

use alerting::rules::filled_in;
use jiff::Timestamp;
use model::Labels;

use super::alerts::Claim;
use super::evaluation::{Look, product_key};
use super::{ForecastStatus, Measured, Moment};
use crate::burn::PairBurn;
use crate::report::Language;
use crate::spec::{AlertText, BurnPair, BurnPolicy, NoDataAlert, Objective, Product, Severity};
use crate::window::duration_text;

/// The alert of a budget that burns.
pub(crate) const BURN_RATE: &str = "SLOBurnRate";
/// The alert of data that are missing.
const NO_DATA: &str = "SLONoData";

/// Whose budget it is.
#[derive(Clone, Debug)]
pub(crate) struct Owner<'a> {
    key: String,
    title: &'a str,
    /// In percent.
    target: String,
    /// Of its window: `28d`.
    length: String,
    bearing: Bearing<'a>,
}

impl<'a> Owner<'a> {
    /// An objective.
    pub(crate) fn objective(objective: &'a Objective) -> Owner<'a> {
        Owner {
            key: objective.id.clone(),
            title: title(objective),
            target: objective.percent.clone(),
            length: objective.window.length_text(),
            bearing: Bearing::of(objective),
        }
    }

    /// A product, which promises so much in percent.
    pub(crate) fn product(product: &'a Product, burn: &'a BurnPolicy, percent: &str) -> Owner<'a> {
        Owner {
            key: product_key(&product.name),
            title: if product.title.is_empty() { &product.name } else { &product.title },
            target: percent.to_owned(),
            length: product.window.length_text(),
            bearing: Bearing {
                labels: [("slo", ""), ("service", ""), ("product", &product.name)],
                group: None,
                texts: &burn.texts,
                exhausted_ms: burn.has_exhaustion_label.then(|| product.window.nominal_ms()),
            },
        }
    }
}

/// A budget burns too fast over a pair of windows.
pub(crate) fn burning(
    owner: &Owner<'_>,
    pair: &BurnPair,
    burn: &PairBurn,
    severity: &Severity,
    look: &Look,
    language: Language,
) -> Claim {
    let (long, short) = (duration_text(pair.long_ms), duration_text(pair.short_ms));
    let [long_burn, short_burn, factor] = [burn.long, burn.short, pair.factor].map(rounded);
    let (title, budget) = (owner.title, budget(owner, &look.measured, language));
    let (summary, description) = match language {
        Language::English => (
            format!("{title}: the error budget burns {long_burn} times as fast as it may"),
            format!(
                "{budget} Over the last {long} it burned {long_burn} times as fast as evenly, over the last {short} {short_burn} times; told above {factor} times."
            ),
        ),
        Language::Chinese => (
            format!("{title}：错误预算的消耗速度是允许值的 {long_burn} 倍"),
            format!(
                "{budget}最近 {long} 的消耗速度为匀速的 {long_burn} 倍，最近 {short} 为 {short_burn} 倍；超过 {factor} 倍即告警。"
            ),
        ),
    };
    let unsure = if severity == &pair.severity { String::new() } else { unsure(burn, severity, language) };
    let mut said = BTreeMap::new();
    said.insert("summary", summary);
    said.insert("description", description + &unsure);
    said.insert("budget_remaining", percent(look.measured.remaining_ratio()));
    let said = Said { annotations: said, value: burn.long, at_ms: look.newest_ms.unwrap_or_default() };
    let labels = owner.bearing.burn_labels(pair, severity);
    let annotations = owner.bearing.annotations(&pair.severity, &labels, &said);
    Claim { objective: owner.key.clone(), labels, annotations, value: burn.long, hold_ms: pair.for_ms }
}

/// Why it is told less urgently.
fn unsure(burn: &PairBurn, severity: &Severity, language: Language) -> String {
    let (bad, severity) = (rounded(bad(burn)), severity.as_str());
    match language {
        Language::English => format!(" Only {bad} bad events made it, so this is told as a {severity}."),
        Language::Chinese => format!("其中只有 {bad} 个不良事件，因此降为 {severity}。"),
    }
}

/// Nothing has been measured for long.
pub(crate) fn missing(
    objective: &Objective,
    no_data: &NoDataAlert,
    since_ms: i64,
    look: &Look,
    language: Language,
) -> Claim {
    let owner = Owner::objective(objective);
    let (title, since, service) = (owner.title, Moment(since_ms), &objective.service);
    let budget = budget(&owner, &look.measured, language);
    let (summary, description) = match language {
        Language::English => (
            format!("{title}: nothing has been measured since {since}"),
            format!(
                "{budget} While nothing is measured nobody knows whether it burns. Look at the targets of the service {service}."
            ),
        ),
        Language::Chinese => (
            format!("{title}：自 {since} 起没有任何测量数据"),
            format!("{budget}没有测量数据时，无法得知预算是否在消耗。请检查服务 {service} 的采集目标。"),
        ),
    };
    let mut said = BTreeMap::new();
    said.insert("summary", summary);
    said.insert("description", description);
    said.insert("budget_remaining", percent(look.measured.remaining_ratio()));
    let name = no_data.name.as_deref().unwrap_or(NO_DATA);
    let said = Said { annotations: said, value: 1.0, at_ms: look.newest_ms.unwrap_or_default() };
    let labels = owner.bearing.labels(name, &no_data.severity, &no_data.severity, &[]);
    let annotations = owner.bearing.annotations(&no_data.severity, &labels, &said);
    Claim { objective: owner.key, labels, annotations, value: 1.0, hold_ms: 0 }
}

/// What is to be expected of a budget at an instant; `None` where that is not known.
pub(crate) fn forecast(forecast: &ForecastStatus, at: Moment, language: Language) -> Option<String> {
    let minute = |moment: Moment| {
        let instant = Timestamp::from_millisecond(moment.0).unwrap_or_default();
        instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
    };
    let is_gone = |gone: &Moment| *gone <= at;
    let said = match (language, forecast.exhausted_at, forecast.recovers_at) {
        (_, None, _) => match language {
            Language::English => "At this pace it lasts.".to_owned(),
            Language::Chinese => "按目前的速度，预算够用。".to_owned(),
        },
        (Language::English, Some(gone), Some(back)) if is_gone(&gone) => {
            format!("At this pace something is left again on {}.", minute(back))
        }
        (Language::Chinese, Some(gone), Some(back)) if is_gone(&gone) => {
            format!("按目前的速度，{} 起会重新有剩余。", minute(back))
        }
        (_, Some(gone), None) if is_gone(&gone) => return None,
        (Language::English, Some(gone), _) => format!("At this pace nothing is left on {}.", minute(gone)),
        (Language::Chinese, Some(gone), _) => format!("按目前的速度，预算将于 {} 耗尽。", minute(gone)),
    };
    Some(said)
}

/// What an alert says, and what its texts may speak of.
struct Said {
    annotations: BTreeMap<&'static str, String>,
    value: f64,
    at_ms: i64,
}

/// The labels of the alert that a pair of an objective tells as urgently as that.
pub(crate) fn burn_labels(objective: &Objective, pair: &BurnPair, severity: &Severity) -> Labels {
    Bearing::of(objective).burn_labels(pair, severity)
}

/// What all alerts of a budget bear.
#[derive(Clone, Copy, Debug)]
struct Bearing<'a> {
    /// Labels that tell whose it is; an empty value is no label.
    labels: [(&'static str, &'a str); 3],
    /// Labels of the group, which go before those.
    group: Option<&'a BTreeMap<String, String>>,
    /// What specs add.
    texts: &'a BTreeMap<Severity, AlertText>,
    /// The window in milliseconds, where a label tells in which time a burning budget is exhausted.
    exhausted_ms: Option<i64>,
}

impl<'a> Bearing<'a> {
    fn of(objective: &'a Objective) -> Bearing<'a> {
        let product = objective.product.as_deref().unwrap_or_default();
        let labels = [("slo", objective.id.as_str()), ("service", &objective.service), ("product", product)];
        Bearing {
            labels,
            group: Some(&objective.options.group),
            texts: &objective.burn.texts,
            exhausted_ms: objective.burn.has_exhaustion_label.then(|| objective.window.nominal_ms()),
        }
    }

    fn burn_labels(&self, pair: &BurnPair, severity: &Severity) -> Labels {
        let (long, short) = (duration_text(pair.long_ms), duration_text(pair.short_ms));
        let exhaustion = self.exhausted_ms.map(|window_ms| pair.exhaustion(window_ms).to_string());
        let mut windows = vec![("long", long.as_str()), ("short", short.as_str())];
        windows.extend(exhaustion.as_deref().map(|exhaustion| ("exhaustion", exhaustion)));
        self.labels(BURN_RATE, severity, &pair.severity, &windows)
    }

    /// Labels, with those that specs add. Theirs may replace the severity, by which routes go, but never what tells alerts apart.
    fn labels(&self, name: &str, severity: &Severity, of_pair: &Severity, windows: &[(&str, &str)]) -> Labels {
        let text = self.texts.get(of_pair);
        let mut labels = model::LabelsBuilder::new();
        let mut alertname = name;
        labels.set("severity", severity.as_str());
        if let Some(text) = text {
            for (key, value) in &text.labels {
                labels.set(key, value);
            }
            if name == BURN_RATE {
                alertname = text.name.as_deref().unwrap_or(name);
            }
        }
        for (key, value) in self.group.into_iter().flatten() {
            labels.set(key, value);
        }
        labels.set("alertname", alertname);
        for (key, value) in self.labels.iter().chain(windows) {
            labels.set(key, value);
        }
        labels.build()
    }

    /// Annotations, with those that specs add.
    fn annotations(&self, of_pair: &Severity, labels: &Labels, said: &Said) -> Labels {
        let mut annotations = model::LabelsBuilder::new();
        for (key, value) in &said.annotations {
            annotations.set(key, value);
        }
        for (key, value) in self.texts.get(of_pair).iter().flat_map(|text| &text.annotations) {
            annotations.set(key, &filled_in(value, labels, said.value, said.at_ms, ""));
        }
        annotations.build()
    }
}

/// `62.1 % of the error budget of 99.9 % over 28d is left (6.2 of 10 events).`
fn budget(Owner { target, length, .. }: &Owner<'_>, measured: &Measured, language: Language) -> String {
    let (remaining, allowed) = (rounded(measured.remaining()), rounded(measured.allowed));
    match (language, measured.remaining_ratio()) {
        (Language::English, Some(ratio)) if ratio >= 0.0 => {
            let left = percent(Some(ratio));
            format!("{left} of the error budget of {target} % over {length} is left ({remaining} of {allowed}).")
        }
        (Language::English, Some(ratio)) => {
            format!("The error budget of {target} % over {length} is overspent by {}.", percent(Some(-ratio)))
        }
        (Language::English, None) => format!("{target} % over {length} allows no errors, and there are some."),
        (Language::Chinese, Some(ratio)) if ratio >= 0.0 => {
            let left = percent(Some(ratio));
            format!("{length} 内 {target} % 的错误预算还剩 {left}（{allowed} 中剩 {remaining}）。")
        }
        (Language::Chinese, Some(ratio)) => {
            format!("{length} 内 {target} % 的错误预算已超支 {}。", percent(Some(-ratio)))
        }
        (Language::Chinese, None) => format!("{length} 内 {target} % 的承诺不允许任何错误，而错误已经出现。"),
    }
}

/// Its name for people.
pub(crate) fn title(objective: &Objective) -> &str {
    if objective.title.is_empty() { &objective.id } else { &objective.title }
}

fn bad(burn: &PairBurn) -> f64 {
    burn.confidence.map_or(0.0, |confidence| confidence.bad)
}

fn percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "0 %".to_owned(), |ratio| format!("{} %", rounded(ratio * 100.0)))
}

/// Three significant digits where there are that many before the point or behind.
fn rounded(value: f64) -> String {
    let n_places = match value.abs() {
        size if size >= 100.0 || size.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.n_places$}")
}
