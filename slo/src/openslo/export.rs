//! From a catalog to documents: what was read of any format is written as OpenSLO and `narthex/v1`, and read back alike.
//!
//! Not written back are trailing zeros of a target (`99.90`), and how OpenSLO's own alert policies were written: they become
//! `BurnRatePolicy`, whose pairs have two windows.

use std::collections::BTreeMap;

use model::duration::PromDuration;
use model::yaml::to_yaml;
use serde_json::{Value, json};

use super::export_policies::{budget_policy, gate};
use crate::spec::{
    Adjustment, Budgeting, BurnPair, BurnPolicy, Catalog, Comparison, Contact, ContactWay, Counted, Counter,
    CounterTerm, Indicator, NoData, Objective, Product, RatioSide, Reading, ReportSchedule, Role, Service, Share,
    Window, burn_factor, compile,
};

/// The documents of a catalog, as one text.
pub fn to_text(catalog: &Catalog) -> String {
    let texts: Vec<String> = documents(catalog).iter().filter_map(|document| to_yaml(document).ok()).collect();
    texts.join("---\n")
}

/// The documents of a catalog.
pub fn documents(catalog: &Catalog) -> Vec<Value> {
    let mut documents: Vec<Value> = catalog.services.values().map(service).collect();
    let mut policies = Policies::of(catalog);
    let mut by_name: BTreeMap<&str, Vec<&Objective>> = BTreeMap::new();
    for objective in catalog.objectives.values() {
        by_name.entry(&objective.name).or_default().push(objective);
    }
    for objectives in by_name.into_values() {
        documents.extend(slos(objectives, catalog, &mut policies));
    }
    let products: Vec<Value> = catalog.products.values().map(|one| product(one, &mut policies)).collect();
    documents.extend(policies.specs.into_iter().map(|(name, spec)| document("BurnRatePolicy", &name, "", &spec)));
    documents.extend(catalog.objectives.values().filter_map(options));
    documents.extend(catalog.budget_policies.values().map(budget_policy));
    documents.extend(products);
    documents.extend(catalog.gates.values().map(gate));
    documents.extend(catalog.adjustments.values().map(adjustment));
    documents.extend(catalog.report_schedules.values().map(report_schedule));
    documents
}

/// An object of `narthex/v1`.
pub(super) fn document(kind: &str, name: &str, title: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "narthex/v1", "kind": kind, "metadata": metadata(name, title, &BTreeMap::new()), "spec": spec })
}

fn metadata(name: &str, title: &str, labels: &BTreeMap<String, String>) -> Value {
    let mut metadata = json!({ "name": name });
    if !title.is_empty() && title != name {
        metadata["displayName"] = json!(title);
    }
    if !labels.is_empty() {
        metadata["labels"] = json!(labels);
    }
    metadata
}

fn service(service: &Service) -> Value {
    let mut labels = service.labels.clone();
    if let Some(product) = &service.product {
        labels.insert("product".to_owned(), product.clone());
    }
    json!({
        "apiVersion": "openslo/v1",
        "kind": "Service",
        "metadata": metadata(&service.name, &service.title, &labels),
        "spec": { "description": service.description },
    })
}

/// The SLOs of objectives that bear one name: a single one, a composite with its parts, several with one indicator; or, where
/// OpenSLO has no form for them, one for each.
fn slos(mut objectives: Vec<&Objective>, catalog: &Catalog, policies: &mut Policies) -> Vec<Value> {
    // `name.10` stands behind `name.9`.
    objectives.sort_by_key(|objective| (objective.id.len(), objective.id.clone()));
    let whole = objectives
        .iter()
        .position(|objective| matches!(objective.indicator, Indicator::Composite(_)) && objective.id == objective.name);
    if let Some(whole) = whole {
        let whole = objectives.remove(whole);
        return vec![slo(&whole.name, whole, &objectives, Some(whole), catalog, policies)];
    }
    match &objectives[..] {
        [one] => vec![slo(&one.id, one, &objectives, None, catalog, policies)],
        [first, ..] if have_one_indicator(&objectives) => {
            vec![slo(&first.name, first, &objectives, None, catalog, policies)]
        }
        _ => objectives.iter().map(|one| slo(&one.id, one, &[one], None, catalog, policies)).collect(),
    }
}

fn have_one_indicator(objectives: &[&Objective]) -> bool {
    let shared: Vec<String> = objectives.iter().map(|objective| indicator(&objective.indicator).to_string()).collect();
    let ids =
        objectives.iter().enumerate().all(|(index, objective)| objective.id == format!("{}.{index}", objective.name));
    let burn = objectives.iter().all(|objective| objective.burn == objectives[0].burn);
    ids && burn && shared.iter().all(|indicator| *indicator == shared[0])
}

fn slo(
    name: &str,
    common: &Objective,
    objectives: &[&Objective],
    whole: Option<&Objective>,
    catalog: &Catalog,
    policies: &mut Policies,
) -> Value {
    let titles: Vec<&str> = objectives.iter().map(|objective| objective.title.as_str()).collect();
    let title = match (whole, &titles[..]) {
        (Some(whole), _) => whole.title.clone(),
        (None, [one]) => (*one).to_owned(),
        (None, titles) => common_title(titles),
    };
    let mut labels = common.labels.clone();
    let of_service = catalog.services.get(&common.service).and_then(|service| service.product.as_ref());
    if let Some(product) = common.product.as_ref().filter(|product| of_service != Some(*product)) {
        labels.entry("product".to_owned()).or_insert_with(|| product.clone());
    }
    let mut spec = json!({
        "description": common.description,
        "service": common.service,
        "timeWindow": [window(&common.window)],
        "budgetingMethod": method(common.budgeting),
    });
    let weights = whole.map(|whole| &whole.indicator);
    let described: Vec<Value> = objectives.iter().map(|objective| described(objective, &title, weights)).collect();
    spec["objectives"] = Value::Array(described);
    if whole.is_none() {
        spec["indicator"] = json!({ "metadata": { "name": name }, "spec": indicator(&common.indicator) });
    }
    if *common.burn != BurnPolicy::by_default(common.window.nominal_ms()) {
        spec["alertPolicies"] = alert_policies(&common.id, &common.window, &common.burn, policies);
    }
    json!({ "apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata(name, &title, &labels), "spec": spec })
}

/// What titles of the form `TITLE: OBJECTIVE` begin with.
fn common_title(titles: &[&str]) -> String {
    let is_common = |title: &str| {
        titles
            .iter()
            .all(|other| *other == title || other.strip_prefix(title).is_some_and(|rest| rest.starts_with(": ")))
    };
    let first = titles.first().copied().unwrap_or_default();
    let ends = first.match_indices(": ").map(|(at, _)| at).chain([first.len()]);
    ends.map(|end| &first[..end]).find(|title| is_common(title)).unwrap_or_default().to_owned()
}

fn described(objective: &Objective, title: &str, composite: Option<&Indicator>) -> Value {
    let mut spec = json!({ "targetPercent": percent(objective.target) });
    if let Some(name) = objective.title.strip_prefix(title).and_then(|rest| rest.strip_prefix(": ")) {
        spec["displayName"] = json!(name);
    }
    if let Indicator::Threshold { comparison, value, .. } = &objective.indicator {
        spec["op"] = json!(op(*comparison));
        spec["value"] = json!(value);
    }
    match objective.budgeting {
        Budgeting::Occurrences => {}
        Budgeting::RatioTimeslices { slice_ms } => spec["timeSliceWindow"] = json!(duration(slice_ms)),
        Budgeting::Timeslices { slice_ms, slice_target } => {
            spec["timeSliceWindow"] = json!(duration(slice_ms));
            spec["timeSliceTarget"] = number(&slice_target.to_string());
        }
    }
    if let Some(Indicator::Composite(composition)) = composite {
        spec["indicator"] = json!({ "metadata": { "name": objective.id }, "spec": indicator(&objective.indicator) });
        let weight = composition.components.iter().find(|component| component.objective == objective.id);
        spec["compositeWeight"] = json!(weight.map_or(1.0, |component| component.weight));
    }
    spec
}

/// A number with the digits of a text.
fn number(text: &str) -> Value {
    let whole = text.parse::<i64>().map(|number| json!(number));
    whole.or_else(|_| text.parse::<f64>().map(|number| json!(number))).unwrap_or_default()
}

fn percent(share: Share) -> Value {
    number(&share.percent_text())
}

fn op(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "lt",
        Comparison::LessOrEqual => "lte",
        Comparison::Greater => "gt",
        Comparison::GreaterOrEqual => "gte",
    }
}

fn method(budgeting: Budgeting) -> &'static str {
    match budgeting {
        Budgeting::Occurrences => "Occurrences",
        Budgeting::Timeslices { .. } => "Timeslices",
        Budgeting::RatioTimeslices { .. } => "RatioTimeslices",
    }
}

fn window(window: &Window) -> Value {
    match window {
        Window::Rolling { length_ms } => json!({ "duration": duration(*length_ms), "isRolling": true }),
        Window::Calendar { unit, count, anchor, zone } => json!({
            "duration": format!("{count}{}", unit.as_str()),
            "isRolling": false,
            "calendar": {
                "startTime": anchor.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                "timeZone": zone.iana_name().unwrap_or("UTC"),
            },
        }),
    }
}

/// As OpenSLO writes durations: one number and the largest unit that fits.
fn duration(ms: i64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)];
    let unit = units.iter().find(|(_, unit_ms)| ms % unit_ms == 0);
    unit.map_or_else(|| format!("{}s", ms / 1000), |(unit, unit_ms)| format!("{}{unit}", ms / unit_ms))
}

fn indicator(indicator: &Indicator) -> Value {
    let source = |query: &str| json!({ "metricSource": { "type": "Prometheus", "spec": { "query": query } } });
    let side = |side: RatioSide| if side == RatioSide::Good { ("good", "success") } else { ("bad", "failure") };
    match indicator {
        Indicator::Events { side: of, counted, total } => {
            let mut ratio = json!({ "counter": true, "total": source(&query(total)) });
            ratio[side(*of).0] = source(&query(counted));
            json!({ "ratioMetric": ratio })
        }
        Indicator::Threshold { query, .. } => json!({ "thresholdMetric": source(query) }),
        Indicator::Ratio { side: of, query } => {
            json!({ "ratioMetric": { "raw": source(query), "rawType": side(*of).1 } })
        }
        // Written by its parts.
        Indicator::Composite(_) => Value::Null,
    }
}

/// The query as it was written, where that says the same; otherwise one that does.
fn query(counted: &Counted) -> String {
    match counted {
        Counted::Sampled { query } => query.clone(),
        Counted::Exactly(counter) => match compile(&counter.text) {
            Ok(Counted::Exactly(read)) if terms(&read) == terms(counter) => counter.text.clone(),
            _ => sum(counter),
        },
    }
}

fn terms(counter: &Counter) -> Vec<String> {
    let shown = |term: &CounterTerm| format!("{} {:?} {}", term.is_subtracted, term.reading, selector(term));
    counter.terms.iter().map(shown).collect()
}

fn sum(counter: &Counter) -> String {
    let mut text = String::new();
    for (index, term) in counter.terms.iter().enumerate() {
        text.push_str(match (index, term.is_subtracted) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        });
        let selector = selector(term);
        match term.reading {
            Reading::Value => text.push_str(&selector),
            Reading::AtOrBelow(value) => text.push_str(&format!(
                "histogram_fraction(0, {value}, rate({selector}[5m])) * histogram_count(rate({selector}[5m]))"
            )),
        }
    }
    text
}

fn selector(term: &CounterTerm) -> String {
    let matchers: Vec<String> = term.matchers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", matchers.join(","))
}

/// Policies by name, as far as one text says what all objectives have that name them.
struct Policies {
    specs: BTreeMap<String, Value>,
}

impl Policies {
    fn of(catalog: &Catalog) -> Policies {
        let mut uses: BTreeMap<&str, Vec<(i64, &BurnPolicy)>> = BTreeMap::new();
        let of_objectives = catalog.objectives.values().map(|one| (one.window.nominal_ms(), &one.burn));
        let of_products = catalog.products.values();
        let of_products = of_products.filter_map(|one| Some((one.window.nominal_ms(), one.burn.as_ref()?)));
        for (window_ms, burn) in of_objectives.chain(of_products).filter(|(_, burn)| !burn.name.is_empty()) {
            uses.entry(&burn.name).or_default().push((window_ms, burn));
        }
        let shared = |(name, uses): (&str, Vec<(i64, &BurnPolicy)>)| Some((name.to_owned(), burn_policy(&uses)?));
        Policies { specs: uses.into_iter().filter_map(shared).collect() }
    }
}

/// The policy of an objective or a product, by its name; one that cannot be shared has a name of its own.
fn alert_policies(of: &str, window: &Window, policy: &BurnPolicy, policies: &mut Policies) -> Value {
    if policy.pairs.is_empty() && policy.no_data.is_none() {
        return json!([]);
    }
    if policies.specs.contains_key(&policy.name) {
        return json!([{ "alertPolicyRef": policy.name }]);
    }
    let name = format!("{of}-alerts");
    let spec = burn_policy(&[(window.nominal_ms(), policy)]);
    policies.specs.insert(name.clone(), spec.unwrap_or_default());
    json!([{ "alertPolicyRef": name }])
}

/// What policies say for windows of different lengths, where that is one thing.
fn burn_policy(uses: &[(i64, &BurnPolicy)]) -> Option<Value> {
    let (_, policy) = uses.first()?;
    let but_pairs = |policy: &BurnPolicy| BurnPolicy { pairs: Vec::new(), ..policy.clone() };
    if uses.iter().any(|(_, other)| but_pairs(other) != but_pairs(policy) || other.pairs.len() != policy.pairs.len()) {
        return None;
    }
    let mut spec = json!({});
    if !uses.iter().all(|(window_ms, policy)| policy.pairs == BurnPolicy::by_default(*window_ms).pairs) {
        let pair = |index| {
            let of_all: Vec<(i64, &BurnPair)> =
                uses.iter().map(|(window_ms, policy)| (*window_ms, &policy.pairs[index])).collect();
            burn_pair(&of_all)
        };
        spec["pairs"] = Value::Array((0..policy.pairs.len()).map(pair).collect::<Option<_>>()?);
    }
    if let Some(low) = &policy.low_traffic {
        let (confidence, otherwise) = (low.confidence, low.otherwise.as_str());
        spec["lowTraffic"] =
            json!({ "minBadEvents": low.min_bad_events, "confidence": confidence, "otherwise": otherwise });
    }
    spec["noData"] = match &policy.no_data {
        None => json!({ "alertAfter": "never" }),
        Some(alert) => {
            let after = alert.after_ms.map_or_else(|| "auto".to_owned(), prom);
            let mut spec = json!({ "alertAfter": after, "severity": alert.severity.as_str() });
            if let Some(name) = &alert.name {
                spec["alertname"] = json!(name);
            }
            spec
        }
    };
    if policy.has_exhaustion_label {
        spec["exhaustionLabel"] = json!(true);
    }
    if !policy.notify.is_empty() {
        let of_severity = |contacts: &Vec<Contact>| contacts.iter().map(contact).collect::<Vec<_>>();
        let notify =
            policy.notify.iter().map(|(severity, all)| (severity.as_str().to_owned(), json!(of_severity(all))));
        spec["notify"] = Value::Object(notify.collect());
    }
    if policy.is_continued {
        spec["continue"] = json!(true);
    }
    if !policy.texts.is_empty() {
        let texts = policy.texts.iter().map(|(severity, text)| {
            let text = json!({ "alertname": text.name, "labels": text.labels, "annotations": text.annotations });
            (severity.as_str().to_owned(), text)
        });
        spec["texts"] = Value::Object(texts.collect());
    }
    Some(spec)
}

/// By its factor where that is the same for all windows, or by the share of the budget where that is. For a single window the
/// shorter text of the two.
fn burn_pair(of_all: &[(i64, &BurnPair)]) -> Option<Value> {
    let (_, pair) = of_all.first()?;
    let but_factor = |pair: &BurnPair| BurnPair { factor: 0.0, ..pair.clone() };
    if of_all.iter().any(|(_, other)| but_factor(other) != but_factor(pair)) {
        return None;
    }
    let mut budgets = of_all.iter().map(|(window_ms, pair)| budget_of(pair, *window_ms));
    let first = budgets.next().flatten();
    let budget = first.filter(|first| budgets.all(|budget| budget == Some(*first))).map(Share::percent_text);
    let is_one_factor = of_all.iter().all(|(_, other)| other.factor == pair.factor);
    let factor = Some(pair.factor).filter(|_| is_one_factor);
    let mut spec = json!({
        "severity": pair.severity.as_str(),
        "long": prom(pair.long_ms),
        "short": prom(pair.short_ms),
    });
    match (budget, factor) {
        (Some(budget), None) => spec["budget"] = json!(format!("{budget}%")),
        (Some(budget), Some(factor)) if budget.len() <= factor.to_string().len() => {
            spec["budget"] = json!(format!("{budget}%"));
        }
        (_, Some(factor)) => spec["factor"] = json!(factor),
        (None, None) => return None,
    }
    if pair.for_ms > 0 {
        spec["for"] = json!(prom(pair.for_ms));
    }
    Some(spec)
}

/// The share of the budget that a factor comes to, where the factor comes back from it exactly.
pub(crate) fn budget_of(pair: &BurnPair, window_ms: i64) -> Option<Share> {
    let parts = (pair.factor * pair.long_ms as f64 / window_ms as f64 * 1e9).round();
    let budget = Share::from_parts(parts as u64).filter(|budget| budget.parts() > 0)?;
    (burn_factor(budget, pair.long_ms, window_ms) == pair.factor).then_some(budget)
}

fn contact(contact: &Contact) -> Value {
    match &contact.way {
        ContactWay::Email(address) => json!({ "email": address }),
        ContactWay::Webhook(url) => json!({ "webhook": url }),
        ContactWay::Receiver(name) => json!({ "receiver": name }),
    }
}

/// As Prometheus writes durations.
pub(super) fn prom(ms: i64) -> String {
    PromDuration::from_millis(ms).to_string()
}

fn options(objective: &Objective) -> Option<Value> {
    let options = &objective.options;
    if **options == crate::spec::Options::default() {
        return None;
    }
    let no_data = match options.no_data {
        NoData::Ignore => "ignore",
        NoData::Bad => "bad",
        NoData::Good => "good",
    };
    let mut spec = json!({ "attribution": options.attribution, "dependsOn": options.depends_on, "noData": no_data });
    if let Some(units) = &options.units {
        spec["units"] = json!({ "name": units.name, "perEvent": units.per_event });
        if let Some((currency, cost)) = &units.money {
            spec["units"]["money"] = json!({ "currency": currency, "perBadEvent": cost });
        }
    }
    if !options.group_by.is_empty() {
        spec["groupBy"] = json!(options.group_by);
    }
    if let Some(date) = options.review_by {
        spec["reviewBy"] = json!(date.to_string());
    }
    Some(document("SLOOptions", &objective.id, "", &spec))
}

fn product(product: &Product, policies: &mut Policies) -> Value {
    let mut objective = json!({ "timeWindow": window(&product.window) });
    if let Some((_, text)) = &product.target {
        objective["targetPercent"] = number(text);
    }
    let component = |component: &crate::spec::Component| {
        let role = if component.role == Role::Own { "own" } else { "upstream" };
        json!({ "slo": component.objective, "role": role, "weight": component.weight })
    };
    let composition = &product.composition;
    let method = match composition.method {
        crate::spec::CompositionMethod::Events => "events",
        crate::spec::CompositionMethod::AnyBad => "anyBad",
        crate::spec::CompositionMethod::WeightedBurn => "weightedBurn",
        crate::spec::CompositionMethod::Series => "series",
    };
    let mut spec = json!({
        "owners": { "product": product.product_owners, "engineering": product.engineering_owners },
        "objective": objective,
        "composition": {
            "method": method,
            "components": composition.components.iter().map(component).collect::<Vec<_>>(),
            "informational": product.informational,
        },
    });
    if let Some(burn) = &product.burn {
        let name = format!("product-{}", product.name);
        spec["alertPolicies"] = alert_policies(&name, &product.window, burn, policies);
    }
    if let Some(policy) = &product.policy {
        spec["policyRef"] = json!(policy);
    }
    document("Product", &product.name, &product.title, &spec)
}

fn adjustment(adjustment: &Adjustment) -> Value {
    let first = &adjustment.first;
    let mut spec = json!({
        "slos": adjustment.objectives,
        "firstEventStart": first.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "duration": prom(adjustment.length_ms),
        "reason": adjustment.reason,
    });
    if let Some(zone) = first.time_zone().iana_name() {
        spec["timeZone"] = json!(zone);
    }
    if let Some(rrule) = &adjustment.rrule {
        spec["rrule"] = json!(rrule);
    }
    document("BudgetAdjustment", &adjustment.name, "", &spec)
}

fn report_schedule(schedule: &ReportSchedule) -> Value {
    let mut spec = json!({
        "product": schedule.product,
        "every": schedule.every.as_str(),
        "at": schedule.at.to_string(),
        "timeZone": schedule.zone.iana_name().unwrap_or("UTC"),
        "formats": schedule.formats,
        "to": schedule.to,
    });
    if let Some(language) = schedule.language {
        spec["language"] = json!(language.tag());
    }
    document("ReportSchedule", &schedule.name, "", &spec)
}
