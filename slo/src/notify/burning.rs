//! Whom a `BurnRatePolicy` tells: one route for each policy and severity.

use std::collections::{BTreeMap, BTreeSet};

use alerting::config::{MatcherLines, RouteConfig};
use alerting::matcher::Matcher;

use super::making::Making;
use crate::budget::BURN_RATE;
use crate::spec::{BurnPolicy, Catalog, Contact, Severity, SourcePlace};

/// Alerts that are told alike.
#[derive(Debug)]
struct Told<'c> {
    contacts: &'c [Contact],
    /// The label by which they are told apart, and its values: ids of objectives, names of products.
    label: &'static str,
    values: BTreeSet<&'c str>,
    /// Values that stand for all of an objective's groups, each of which has an id of its own.
    grouped: BTreeSet<&'c str>,
    severity: String,
    /// What alerts of burning are called.
    alertname: &'c str,
    is_continued: bool,
    object: (&'static str, &'c str),
}

/// Adds routes for all objectives and products that burn.
pub(super) fn add(catalog: &Catalog, making: &mut Making<'_>) {
    let mut all: BTreeMap<String, Told<'_>> = BTreeMap::new();
    for objective in catalog.objectives.values() {
        let is_grouped = !objective.options.group_by.is_empty();
        collect(&objective.burn, ("slo", &objective.id), is_grouped, ("SLO", &objective.name), &mut all);
    }
    for product in catalog.products.values() {
        let burn = product.burn.iter();
        burn.for_each(|burn| collect(burn, ("product", &product.name), false, ("Product", &product.name), &mut all));
    }
    for (name, told) in all {
        let receivers = making.receivers_of(&format!("slo/{name}"), told.contacts, told.object);
        match matchers(&told) {
            Ok(matchers) => {
                let (key, is_continued) = (Some(format!("slo/{name}")), told.is_continued);
                making.route(RouteConfig { matchers, key, is_continued, ..RouteConfig::default() }, receivers);
            }
            Err(error) => {
                let place = told.contacts.first().map_or_else(SourcePlace::default, |first| first.source.clone());
                making.fault(&place, told.object, format!("nobody is told: {error}"));
            }
        }
    }
}

/// Adds who has a budget to those that are told alike. A policy without a name stands under that of its owner.
fn collect<'c>(
    burn: &'c BurnPolicy,
    (label, value): (&'static str, &'c str),
    is_grouped: bool,
    owner: (&'static str, &'c str),
    all: &mut BTreeMap<String, Told<'c>>,
) {
    for (severity, contacts) in burn.notify.iter().filter(|(_, contacts)| !contacts.is_empty()) {
        let text = burn.texts.get(severity);
        let alertname = text.and_then(|text| text.name.as_deref()).unwrap_or(BURN_RATE);
        let severity = label_of(burn, severity);
        let is_named = !burn.name.is_empty();
        let object = if is_named { ("BurnRatePolicy", burn.name.as_str()) } else { owner };
        let is_alike = |told: &Told<'_>| {
            (told.label, told.contacts, told.alertname, told.is_continued)
                == (label, contacts.as_slice(), alertname, burn.is_continued)
        };
        let mut name = format!("{}/{severity}", if is_named { &burn.name } else { value });
        // A policy may be one of several that an objective names, and be told to others there.
        if all.get(&name).is_some_and(|told| !is_alike(told)) {
            name = format!("{value}/{severity}");
        }
        while all.get(&name).is_some_and(|told| !is_alike(told)) {
            name.push('\'');
        }
        let told = all.entry(name).or_insert_with(|| Told {
            contacts,
            label,
            values: BTreeSet::new(),
            grouped: BTreeSet::new(),
            severity,
            alertname,
            is_continued: burn.is_continued,
            object,
        });
        let values = if is_grouped { &mut told.grouped } else { &mut told.values };
        values.insert(value);
    }
}

/// The severity that alerts bear: specs may replace it.
fn label_of(burn: &BurnPolicy, severity: &Severity) -> String {
    let replaced = burn.texts.get(severity).and_then(|text| text.labels.get("severity"));
    replaced.map_or_else(|| severity.as_str().to_owned(), Clone::clone)
}

/// Whose alerts they are; groups of `orders` have ids such as `orders{handler="/pay"}`.
fn owners(told: &Told<'_>) -> Result<Matcher, model::regex::RegexError> {
    let one_of = |values: &BTreeSet<&str>| Matcher::one_of(told.label, values.iter().copied());
    if told.grouped.is_empty() {
        return one_of(&told.values);
    }
    let groups = format!(r"(?:{})(?:\{{.*\}})?", one_of(&told.grouped)?.value());
    let others = one_of(&told.values)?;
    let all = if told.values.is_empty() { groups } else { format!("{}|{groups}", others.value()) };
    Matcher::new(told.label, model::MatchOp::Regex, all)
}

fn matchers(told: &Told<'_>) -> Result<MatcherLines, model::regex::RegexError> {
    let mut matchers = vec![owners(told)?, Matcher::equal("severity", told.severity.as_str())];
    // Alerts of objectives bear their product's label, too.
    if told.label == "product" {
        matchers.push(Matcher::equal("slo", ""));
        matchers.push(Matcher::equal("alertname", told.alertname));
    }
    matchers.sort();
    Ok(MatcherLines(matchers))
}
