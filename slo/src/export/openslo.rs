//! Objectives as documents of `openslo/v1` and `narthex/v1`: what is read of them is the same objectives again.
//!
//! Each objective is an SLO of its own, whose name is its id. What OpenSLO has no words for stands in documents of `narthex/v1`
//! of the same name: a `BurnRatePolicy` and `SLOOptions`.

use std::collections::{BTreeMap, BTreeSet};

use model::duration::PromDuration;
use model::float;

use super::yaml::Node;
use crate::spec::{
    Budgeting, BurnPair, BurnPolicy, CalendarUnit, Comparison, Contact, ContactWay, Counted, Indicator, NoData,
    Objective, Options, RatioSide, Window,
};

/// Why an objective cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWritten {
    /// It consists of others.
    #[error("SLO {0} consists of others: it is written by hand, or as a product")]
    Composite(String),
    /// Its window's zone has no name.
    #[error("SLO {0}: the time zone of its window has no name in the IANA database")]
    Zone(String),
}

/// Objectives as documents, the services first.
///
/// # Errors
/// The first objective that cannot be written.
pub fn openslo_documents<'o>(objectives: impl IntoIterator<Item = &'o Objective>) -> Result<Vec<String>, NotWritten> {
    let mut services = BTreeSet::new();
    let (mut of_services, mut of_objectives) = (Vec::new(), Vec::new());
    for objective in objectives {
        if services.insert(&objective.service) {
            of_services.push(service(objective));
        }
        of_objectives.push(slo(objective)?);
        if !is_default(objective) && !objective.burn.pairs.is_empty() || objective.burn.no_data.is_some() {
            of_objectives.extend((!is_default(objective)).then(|| burn_policy(objective)));
        }
        of_objectives.extend(options(objective));
    }
    Ok(of_services.iter().chain(&of_objectives).map(Node::to_text).collect())
}

/// Whether what is told is what is told where nothing is said.
fn is_default(objective: &Objective) -> bool {
    BurnPolicy { name: String::new(), ..BurnPolicy::clone(&objective.burn) }
        == BurnPolicy::by_default(nominal_ms(&objective.window))
}

fn nominal_ms(window: &Window) -> i64 {
    match window {
        Window::Rolling { length_ms } => *length_ms,
        Window::Calendar { unit, count, .. } => unit.nominal_ms() * i64::from(*count),
    }
}

fn document(api_version: &str, kind: &str, metadata: Node, spec: Node) -> Node {
    map([("apiVersion", Node::text(api_version)), ("kind", Node::text(kind)), ("metadata", metadata), ("spec", spec)])
}

fn service(objective: &Objective) -> Node {
    let mut metadata = vec![("name", Node::text(&objective.service))];
    if let Some(product) = &objective.product {
        metadata.push(("labels", map([("product", Node::text(product))])));
    }
    document("openslo/v1", "Service", map(metadata), map([]))
}

fn slo(objective: &Objective) -> Result<Node, NotWritten> {
    let mut metadata = vec![("name", Node::text(&objective.id)), ("displayName", Node::text(&objective.title))];
    if !objective.labels.is_empty() {
        metadata.push(("labels", Node::texts(&objective.labels)));
    }
    let mut target = vec![("targetPercent", Node::bare(&objective.percent))];
    let (method, slices) = budgeting(objective.budgeting);
    target.extend(slices);
    let indicator = indicator(objective, &mut target)?;
    let mut spec = Vec::new();
    if !objective.description.is_empty() {
        spec.push(("description", Node::text(&objective.description)));
    }
    spec.extend([
        ("service", Node::text(&objective.service)),
        ("indicator", indicator),
        ("timeWindow", Node::List(vec![window(objective)?])),
        ("budgetingMethod", Node::text(method)),
        ("objectives", Node::List(vec![map(target)])),
    ]);
    if !is_default(objective) {
        let has_policy = !objective.burn.pairs.is_empty() || objective.burn.no_data.is_some();
        let policy = has_policy.then(|| map([("alertPolicyRef", Node::text(policy_name(objective)))]));
        spec.push(("alertPolicies", Node::List(policy.into_iter().collect())));
    }
    Ok(document("openslo/v1", "SLO", map(metadata), map(spec)))
}

fn budgeting(budgeting: Budgeting) -> (&'static str, Vec<(&'static str, Node)>) {
    match budgeting {
        Budgeting::Occurrences => ("Occurrences", Vec::new()),
        Budgeting::Timeslices { slice_ms, slice_target } => {
            let target = ("timeSliceTarget", Node::bare(slice_target.to_string()));
            ("Timeslices", vec![target, ("timeSliceWindow", Node::text(length(slice_ms)))])
        }
        Budgeting::RatioTimeslices { slice_ms } => {
            ("RatioTimeslices", vec![("timeSliceWindow", Node::text(length(slice_ms)))])
        }
    }
}

fn indicator(objective: &Objective, target: &mut Vec<(&'static str, Node)>) -> Result<Node, NotWritten> {
    let metric = |query: &str| {
        let source = map([("type", Node::text("Prometheus")), ("spec", map([("query", Node::text(query))]))]);
        map([("metricSource", source)])
    };
    let spec = match &objective.indicator {
        Indicator::Events { side, counted, total } => {
            let side = if *side == RatioSide::Good { "good" } else { "bad" };
            let (counted, total) = (metric(text_of(counted)), metric(text_of(total)));
            map([("ratioMetric", map([("counter", Node::bare("true")), (side, counted), ("total", total)]))])
        }
        Indicator::Ratio { side, query } => {
            let side = if *side == RatioSide::Good { "success" } else { "failure" };
            map([("ratioMetric", map([("raw", metric(query)), ("rawType", Node::text(side))]))])
        }
        Indicator::Threshold { query, comparison, value } => {
            let op = match comparison {
                Comparison::Less => "lt",
                Comparison::LessOrEqual => "lte",
                Comparison::Greater => "gt",
                Comparison::GreaterOrEqual => "gte",
            };
            target.extend([("op", Node::text(op)), ("value", Node::bare(float::general(*value)))]);
            map([("thresholdMetric", metric(query))])
        }
        Indicator::Composite(_) => return Err(NotWritten::Composite(objective.id.clone())),
    };
    Ok(map([("metadata", map([("name", Node::text(&objective.id))])), ("spec", spec)]))
}

fn text_of(counted: &Counted) -> &str {
    match counted {
        Counted::Exactly(counter) => &counter.text,
        Counted::Sampled { query } => query,
    }
}

fn window(objective: &Objective) -> Result<Node, NotWritten> {
    match &objective.window {
        Window::Rolling { length_ms } => {
            Ok(map([("duration", Node::text(length(*length_ms))), ("isRolling", Node::bare("true"))]))
        }
        Window::Calendar { unit, count, anchor, zone } => {
            let zone = zone.iana_name().ok_or_else(|| NotWritten::Zone(objective.id.clone()))?;
            let start = anchor.strftime("%Y-%m-%d %H:%M:%S").to_string();
            let calendar = map([("startTime", Node::text(start)), ("timeZone", Node::text(zone))]);
            Ok(map([
                ("duration", Node::text(format!("{count}{}", unit_letter(*unit)))),
                ("isRolling", Node::bare("false")),
                ("calendar", calendar),
            ]))
        }
    }
}

fn unit_letter(unit: CalendarUnit) -> &'static str {
    match unit {
        CalendarUnit::Minute => "m",
        CalendarUnit::Hour => "h",
        CalendarUnit::Day => "d",
        CalendarUnit::Week => "w",
        CalendarUnit::Month => "M",
        CalendarUnit::Quarter => "Q",
        CalendarUnit::Year => "Y",
    }
}

/// A length as OpenSLO writes it: one number, one unit.
fn length(millis: i64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)];
    let (letter, unit_ms) = units.into_iter().find(|(_, unit_ms)| millis % unit_ms == 0).unwrap_or(("s", 1000));
    format!("{}{letter}", millis / unit_ms)
}

fn policy_name(objective: &Objective) -> String {
    format!("{}-burn", objective.id)
}

fn burn_policy(objective: &Objective) -> Node {
    let BurnPolicy { name: _, pairs, low_traffic, no_data, notify, is_continued, texts, has_exhaustion_label } =
        &*objective.burn;
    let mut spec = vec![("pairs", Node::List(pairs.iter().map(pair).collect()))];
    if let Some(low_traffic) = low_traffic {
        let low_traffic = map([
            ("minBadEvents", Node::bare(low_traffic.min_bad_events.to_string())),
            ("confidence", Node::bare(float::general(low_traffic.confidence))),
            ("otherwise", Node::text(low_traffic.otherwise.as_str())),
        ]);
        spec.push(("lowTraffic", low_traffic));
    }
    spec.push(match no_data {
        None => ("noData", map([("alertAfter", Node::text("never"))])),
        Some(alert) => {
            let after = alert.after_ms.map_or_else(|| "auto".to_owned(), duration);
            let mut entries =
                vec![("alertAfter", Node::text(after)), ("severity", Node::text(alert.severity.as_str()))];
            entries.extend(alert.name.as_ref().map(|name| ("alertname", Node::text(name))));
            ("noData", map(entries))
        }
    });
    if *has_exhaustion_label {
        spec.push(("exhaustionLabel", Node::bare("true")));
    }
    if !notify.is_empty() {
        let contacts = |contacts: &Vec<Contact>| Node::List(contacts.iter().map(contact).collect());
        let notify = notify.iter().map(|(severity, of)| (severity.as_str().to_owned(), contacts(of)));
        spec.push(("notify", Node::Map(notify.collect())));
    }
    if *is_continued {
        spec.push(("continue", Node::bare("true")));
    }
    if !texts.is_empty() {
        let text = |text: &crate::spec::AlertText| {
            let mut entries = Vec::new();
            entries.extend(text.name.as_ref().map(|name| ("alertname", Node::text(name))));
            for (field, texts) in [("labels", &text.labels), ("annotations", &text.annotations)] {
                if !texts.is_empty() {
                    entries.push((field, Node::texts(texts)));
                }
            }
            map(entries)
        };
        let texts = texts.iter().map(|(severity, of)| (severity.as_str().to_owned(), text(of)));
        spec.push(("texts", Node::Map(texts.collect())));
    }
    let metadata = map([("name", Node::text(policy_name(objective)))]);
    document("narthex/v1", "BurnRatePolicy", metadata, map(spec))
}

fn pair(pair: &BurnPair) -> Node {
    let mut entries = vec![
        ("severity", Node::text(pair.severity.as_str())),
        ("factor", Node::bare(float::general(pair.factor))),
        ("long", Node::text(duration(pair.long_ms))),
        ("short", Node::text(duration(pair.short_ms))),
    ];
    if pair.for_ms > 0 {
        entries.push(("for", Node::text(duration(pair.for_ms))));
    }
    map(entries)
}

fn contact(contact: &Contact) -> Node {
    map([match &contact.way {
        ContactWay::Email(address) => ("email", Node::text(address)),
        ContactWay::Webhook(url) => ("webhook", Node::text(url)),
        ContactWay::Receiver(name) => ("receiver", Node::text(name)),
    }])
}

/// What OpenSLO has no words for; `None` where nothing of it is said.
fn options(objective: &Objective) -> Option<Node> {
    let Options { attribution, units, depends_on, review_by, no_data, group_by, group: _ } = &*objective.options;
    let mut spec: BTreeMap<&str, Node> = BTreeMap::new();
    let texts = |texts: &Vec<String>| Node::List(texts.iter().map(Node::text).collect());
    for (field, list) in [("attribution", attribution), ("dependsOn", depends_on), ("groupBy", group_by)] {
        if !list.is_empty() {
            spec.insert(field, texts(list));
        }
    }
    if let Some(units) = units {
        let mut entries =
            vec![("name", Node::text(&units.name)), ("perEvent", Node::bare(float::general(units.per_event)))];
        if let Some((currency, cost)) = &units.money {
            let cost = Node::bare(float::general(*cost));
            entries.push(("money", map([("currency", Node::text(currency)), ("perBadEvent", cost)])));
        }
        spec.insert("units", map(entries));
    }
    if let Some(date) = review_by {
        spec.insert("reviewBy", Node::text(date.to_string()));
    }
    match no_data {
        NoData::Ignore => {}
        NoData::Bad => drop(spec.insert("noData", Node::text("bad"))),
        NoData::Good => drop(spec.insert("noData", Node::text("good"))),
    }
    let metadata = map([("name", Node::text(&objective.id))]);
    (!spec.is_empty()).then(|| document("narthex/v1", "SLOOptions", metadata, map(spec)))
}

fn duration(millis: i64) -> String {
    PromDuration::from_millis(millis).to_string()
}

fn map<'n>(entries: impl IntoIterator<Item = (&'n str, Node)>) -> Node {
    Node::Map(entries.into_iter().map(|(name, node)| (name.to_owned(), node)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::spec::{Catalog, SourcePlace, SpecFile, load};
    use crate::suites;

    fn loaded(text: &str) -> Catalog {
        load(&[SpecFile { path: "a.yml".to_owned(), text: text.to_owned() }])
    }

    /// An objective without what a file's form leaves free.
    fn shown(objective: &Objective) -> String {
        let mut objective = objective.clone();
        objective.name.clone_from(&objective.id);
        let burn = Arc::make_mut(&mut objective.burn);
        burn.name = String::new();
        objective.source = SourcePlace::default();
        burn.notify.values_mut().flatten().for_each(|contact| contact.source = SourcePlace::default());
        format!("{objective:#?}")
    }

    fn check(path: &str, text: &str) -> usize {
        let first = loaded(text);
        let is_written = |objective: &&Objective| !matches!(objective.indicator, Indicator::Composite(_));
        let objectives: Vec<&Objective> = first.objectives.values().filter(is_written).collect();
        let text = openslo_documents(objectives.iter().copied()).unwrap().join("---\n");
        let second = loaded(&text);
        assert!(second.errors.is_empty(), "{path}: {:?}\n{text}", second.errors);
        assert_eq!(second.objectives.len(), objectives.len(), "{path}");
        for objective in &objectives {
            assert_eq!(shown(&second.objectives[&objective.id]), shown(objective), "{path}\n{text}");
        }
        objectives.len()
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let worked = include_str!("../../../docs/examples/checkout.yml");
        assert_eq!(check("checkout.yml", worked), 6);
        let calendar = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a, labels: {product: shop}}\nspec:\n  service: s\n  \
            indicator: {spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {query: 'lag > 0'}}}}}\n  \
            timeWindow: [{duration: 1Q, isRolling: false, calendar: {startTime: 2026-01-01 08:30:00, timeZone: Asia/Shanghai}}]\n  \
            budgetingMethod: Timeslices\n  objectives:\n  - {op: lte, value: 1.5, target: 0.995, timeSliceTarget: 0.9, timeSliceWindow: 90s}\n";
        assert_eq!(check("calendar", calendar), 1);
        let Some(directory) = suites::path("") else { return };
        let mut pending: Vec<_> = ["sloth/upstream/examples", "pyrra/inputs", "pyrra/upstream/examples"]
            .map(|name| directory.join(name))
            .into();
        let mut n_objectives = 0;
        while let Some(path) = pending.pop() {
            if path.is_dir() {
                pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                n_objectives += check(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap());
            }
        }
        assert!(n_objectives > 75, "{n_objectives}");
    }
}
