//! `BurnRatePolicy`: pairs of windows, as shares of the budget or as factors.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::walk::Walk;
use super::words::{duration, optional_duration, share};
use crate::spec::{
    AlertText, BurnPair, BurnPolicy, Contact, ContactWay, LowTraffic, NoDataAlert, Severity, burn_factor,
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "BurnRatePolicy", rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct BurnPolicySpec {
    /// Nothing for the default pairs.
    pairs: Option<Vec<PairSpec>>,
    low_traffic: Option<LowTrafficSpec>,
    no_data: Option<NoDataSpec>,
    notify: BTreeMap<String, Vec<ContactSpec>>,
    /// Whether the routes of `alertmanager.yml` are asked, too.
    #[serde(rename = "continue")]
    is_continued: bool,
    texts: BTreeMap<String, TextSpec>,
    exhaustion_label: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "pair", rename_all = "camelCase", default, deny_unknown_fields)]
struct PairSpec {
    severity: String,
    /// The share of the budget that is gone when it is told.
    budget: Option<String>,
    factor: Option<String>,
    long: String,
    short: String,
    #[serde(rename = "for")]
    hold: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "lowTraffic", rename_all = "camelCase", default, deny_unknown_fields)]
struct LowTrafficSpec {
    min_bad_events: u64,
    confidence: Option<f64>,
    otherwise: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "noData", rename_all = "camelCase", default, deny_unknown_fields)]
struct NoDataSpec {
    alert_after: String,
    severity: String,
    alertname: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "contact", rename_all = "camelCase", default, deny_unknown_fields)]
struct ContactSpec {
    email: String,
    webhook: String,
    receiver: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "text", rename_all = "camelCase", default, deny_unknown_fields)]
struct TextSpec {
    alertname: Option<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// The policy for an objective whose window has a length; `None` where it cannot be evaluated.
pub(in super::super) fn burn_policy(
    name: &str,
    spec: &BurnPolicySpec,
    window_ms: i64,
    walk: &mut Walk<'_>,
) -> Option<BurnPolicy> {
    let pairs = match &spec.pairs {
        None => BurnPolicy::by_default(window_ms).pairs,
        Some(pairs) => walk.within("pairs", |walk| {
            let read = |(index, spec)| walk.at(index, |walk| pair(spec, window_ms, walk));
            pairs.iter().enumerate().filter_map(read).collect()
        }),
    };
    let low_traffic = spec.low_traffic.as_ref().map(|spec| walk.within("lowTraffic", |walk| low_traffic(spec, walk)));
    let no_data = match &spec.no_data {
        None => Some(BurnPolicy::by_default(window_ms).no_data),
        Some(spec) => walk.within("noData", |walk| no_data(spec, walk)),
    };
    let notify = contacts(&spec.notify, walk);
    let text = |spec: &TextSpec| AlertText {
        name: spec.alertname.clone(),
        labels: spec.labels.clone(),
        annotations: spec.annotations.clone(),
    };
    let texts = spec.texts.iter().map(|(severity, spec)| (Severity::of(severity), text(spec))).collect();
    let no_data = no_data?;
    (!walk.has_errors()).then(|| BurnPolicy {
        name: name.to_owned(),
        pairs,
        low_traffic,
        no_data,
        notify,
        is_continued: spec.is_continued,
        texts,
        has_exhaustion_label: spec.exhaustion_label,
    })
}

fn pair(spec: &PairSpec, window_ms: i64, walk: &mut Walk<'_>) -> Option<BurnPair> {
    let severity = match spec.severity.as_str() {
        "" => {
            walk.error_here("a severity is needed, as in page or ticket");
            None
        }
        word => Some(Severity::of(word)),
    };
    let long_ms = duration("long", &spec.long, walk);
    let short_ms = duration("short", &spec.short, walk);
    let for_ms = optional_duration("for", spec.hold.as_deref(), walk);
    if let (Some(long_ms), Some(short_ms)) = (long_ms, short_ms)
        && short_ms > long_ms
    {
        walk.error("short", "the short window is longer than the long one");
    }
    let factor = factor(spec, long_ms?, window_ms, walk);
    Some(BurnPair {
        severity: severity?,
        long_ms: long_ms?,
        short_ms: short_ms?,
        factor: factor?,
        for_ms: for_ms?.unwrap_or_default(),
    })
}

fn factor(spec: &PairSpec, long_ms: i64, window_ms: i64, walk: &mut Walk<'_>) -> Option<f64> {
    match (&spec.budget, &spec.factor) {
        (Some(budget), None) => {
            let budget = share("budget", budget, walk)?;
            if budget.parts() == 0 {
                walk.error("budget", "no budget at all: the alert would always fire");
                return None;
            }
            Some(burn_factor(budget, long_ms, window_ms))
        }
        (None, Some(text)) => {
            let factor = text.parse::<f64>().ok().filter(|factor| factor.is_finite() && *factor > 0.0);
            if factor.is_none() {
                walk.error("factor", format_args!("{text:?} is no factor: a number above 0 is needed"));
            }
            factor
        }
        _ => {
            walk.error_here("a pair needs either budget (the share that is gone when it is told) or factor");
            None
        }
    }
}

fn low_traffic(spec: &LowTrafficSpec, walk: &mut Walk<'_>) -> LowTraffic {
    let confidence = spec.confidence.unwrap_or(0.95);
    if !(confidence > 0.0 && confidence < 1.0) {
        walk.error("confidence", format_args!("{confidence} is no confidence: it lies between 0 and 1, as in 0.95"));
    }
    let otherwise = if spec.otherwise.is_empty() { Severity::Ticket } else { Severity::of(&spec.otherwise) };
    LowTraffic { min_bad_events: spec.min_bad_events, confidence, otherwise }
}

/// `alertAfter: never` tells nobody.
#[expect(clippy::option_option, reason = "nobody is told, and it cannot be read, are not the same")]
fn no_data(spec: &NoDataSpec, walk: &mut Walk<'_>) -> Option<Option<NoDataAlert>> {
    let severity = if spec.severity.is_empty() { Severity::Page } else { Severity::of(&spec.severity) };
    let after_ms = match spec.alert_after.as_str() {
        "never" => return Some(None),
        "" | "auto" => None,
        text => Some(duration("alertAfter", text, walk)?),
    };
    Some(Some(NoDataAlert { after_ms, severity, name: spec.alertname.clone() }))
}

fn contacts(notify: &BTreeMap<String, Vec<ContactSpec>>, walk: &mut Walk<'_>) -> BTreeMap<Severity, Vec<Contact>> {
    walk.within("notify", |walk| {
        let of_severity = |(severity, specs): (&String, &Vec<ContactSpec>)| {
            let contacts = walk.within(severity, |walk| {
                let read = |(index, spec)| walk.at(index, |walk| contact(spec, walk));
                specs.iter().enumerate().filter_map(read).collect()
            });
            (Severity::of(severity), contacts)
        };
        notify.iter().map(of_severity).collect()
    })
}

fn contact(spec: &ContactSpec, walk: &mut Walk<'_>) -> Option<Contact> {
    let way = match (spec.email.as_str(), spec.webhook.as_str(), spec.receiver.as_str()) {
        (email, "", "") if email.contains('@') => ContactWay::Email(email.to_owned()),
        ("", url, "") if url.starts_with("http://") || url.starts_with("https://") => {
            ContactWay::Webhook(url.to_owned())
        }
        ("", "", receiver) if !receiver.is_empty() => ContactWay::Receiver(receiver.to_owned()),
        _ => {
            walk.error_here("one of email (an address), webhook (a URL) and receiver (of alertmanager.yml) is needed");
            return None;
        }
    };
    Some(Contact { way, source: walk.place() })
}
