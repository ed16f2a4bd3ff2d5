//! What notifications hand to their templates: Alertmanager's data, with its methods.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use model::Labels;
use std::sync::Arc;

use super::alertmanager::join;
use super::function::{Answer, Function, Parameter};
use super::time_layout;
use super::value::{Element, Field, List, Map, Struct, TEXT_LIST, Type, Value};

static DATA: Type = Type { name: "*template.Data", methods: &[], element: Element::Any };
/// The same with labels of the route that are templates no longer.
static RENDERED_DATA: Type = Type { name: "*template.Data", methods: &[], element: Element::Any };
static ALERT: Type = Type { name: "template.Alert", methods: &[], element: Element::Any };
static PAIR: Type = Type { name: "template.Pair", methods: &[], element: Element::Any };

static ALERTS: Type = Type {
    name: "template.Alerts",
    element: Element::Any,
    methods: &[
        Function::new("Firing", &[], |_, values| with_status(&values[0], "firing")),
        Function::new("Resolved", &[], |_, values| with_status(&values[0], "resolved")),
    ],
};

static PAIRS: Type = Type {
    name: "template.Pairs",
    element: Element::Any,
    methods: &[
        Function::new("Names", &[], |_, values| of_pairs(&values[0], "Name")),
        Function::new("String", &[], |execution, values| {
            let mut texts = Vec::new();
            for pair in pairs(&values[0]) {
                let [name, value] = ["Name", "Value"].map(|field| text_of(pair, field));
                texts.push(Value::from(format!("{name}={value}")));
            }
            join(&List::new(&TEXT_LIST, texts).map(Value::List)?, ", ", execution.max_bytes())
        }),
        Function::new("Values", &[], |_, values| of_pairs(&values[0], "Value")),
    ],
};

static KV: Type = Type {
    name: "template.KV",
    element: Element::Text,
    methods: &[
        Function::new("Names", &[], |_, values| of_pairs(&sorted_pairs(&values[0])?, "Name")),
        Function::new("Remove", &[Parameter::Of(&TEXT_LIST)], |_, values| {
            let (Value::Map(map), Value::List(names)) = (&values[0], &values[1]) else { return Ok(values[0].clone()) };
            let is_kept = |name: &str| !names.items().iter().any(|other| other.text() == name);
            let kept = map.entries().filter(|(name, _)| is_kept(name));
            Map::new(&KV, kept.map(|(name, value)| (name.clone(), value.clone())).collect()).map(Value::Map)
        }),
        Function::new("SortedPairs", &[], |_, values| sorted_pairs(&values[0])),
        Function::new("String", &[], |execution, values| {
            let pairs = sorted_pairs(&values[0])?;
            (PAIRS.methods[1].body)(execution, &[pairs])
        }),
        Function::new("Values", &[], |_, values| of_pairs(&sorted_pairs(&values[0])?, "Value")),
    ],
};

/// The field in which the labels of the route stand.
pub(super) const ROUTE_LABELS: &str = "RouteLabels";

/// Whether the labels of the route are filled in already: what they say may come from labels of alerts, and is never
/// executed.
pub(super) fn is_rendered(data: &Struct) -> bool {
    std::ptr::eq(data.of, &RENDERED_DATA)
}

fn with_status(alerts: &Value, status: &str) -> Answer {
    let Value::List(alerts) = alerts else { return Ok(Value::Nil) };
    let kept = alerts.items().iter().filter(|alert| text_of(alert, "Status") == status);
    List::new(&ALERTS, kept.cloned().collect()).map(Value::List)
}

fn text_of<'v>(value: &'v Value, field: &str) -> &'v str {
    match value {
        Value::Struct(fields) => fields.get(field).map_or("", Value::text),
        _ => "",
    }
}

fn pairs(value: &Value) -> &[Value] {
    match value {
        Value::List(list) => list.items(),
        _ => &[],
    }
}

fn of_pairs(value: &Value, field: &str) -> Answer {
    Ok(Value::texts(pairs(value).iter().map(|pair| text_of(pair, field))))
}

/// The entries by name, but for the name of the alert, which comes first.
fn sorted_pairs(value: &Value) -> Answer {
    let Value::Map(map) = value else { return Ok(Value::Nil) };
    let mut entries: Vec<_> = map.entries().collect();
    entries.sort_by_key(|(name, _)| &***name != "alertname");
    let pair = |(name, value): &(&Arc<str>, &Value)| {
        let name = Field { name: "Name", json: "Name", value: Value::Text(Arc::clone(name)) };
        let value = Field { name: "Value", json: "Value", value: Value::clone(value) };
        Struct::new(&PAIR, vec![name, value]).map(Value::Struct)
    };
    List::new(&PAIRS, entries.iter().map(pair).collect::<Result<_, _>>()?).map(Value::List)
}

/// An alert of a notification.
#[derive(Clone, Debug, Default)]
pub struct AlertData {
    /// `firing` or `resolved`.
    pub status: String,
    /// Its labels.
    pub labels: Option<Labels>,
    /// Its annotations.
    pub annotations: Option<Labels>,
    /// When it began, in milliseconds since the epoch.
    pub starts_at_ms: Option<i64>,
    /// When it ended or will be taken for ended.
    pub ends_at_ms: Option<i64>,
    /// Where it comes from.
    pub generator_url: String,
    /// Of its labels, in hexadecimal.
    pub fingerprint: String,
}

/// A notification.
#[derive(Clone, Debug, Default)]
pub struct NotificationData {
    /// The receiver's name.
    pub receiver: String,
    /// `firing` where one of the alerts is, otherwise `resolved`.
    pub status: String,
    /// The alerts.
    pub alerts: Vec<AlertData>,
    /// Why it is sent.
    pub notification_reason: String,
    /// By what the alerts are grouped.
    pub group_labels: Labels,
    /// What all alerts have in common.
    pub common_labels: Labels,
    /// What all alerts have in common.
    pub common_annotations: Labels,
    /// Labels of the route.
    pub route_labels: Labels,
    /// Whether these are filled in already. Otherwise they are templates, which `routeLabels` fills in.
    pub route_labels_are_rendered: bool,
    /// Under which URL the server is reached.
    pub external_url: String,
}

/// Labels as templates of notifications see them.
pub(super) fn key_values(labels: Option<&Labels>) -> Value {
    Value::Map(labels.map_or_else(|| Map::nil(&KV), |labels| Map::of_texts(&KV, labels.iter())))
}

fn time(at_ms: Option<i64>) -> Value {
    let at = at_ms.and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
    let zoned: Zoned = at.map_or_else(time_layout::zero, |at| at.to_zoned(TimeZone::UTC));
    Value::Time(Arc::new(zoned))
}

fn fields(of: &'static Type, fields: Vec<(&'static str, &'static str, Value)>) -> Value {
    let fields = fields.into_iter().map(|(name, json, value)| Field { name, json, value }).collect();
    Struct::new(of, fields).map_or(Value::Nil, Value::Struct)
}

impl From<&AlertData> for Value {
    fn from(alert: &AlertData) -> Value {
        fields(
            &ALERT,
            vec![
                ("Status", "status", alert.status.as_str().into()),
                ("Labels", "labels", key_values(alert.labels.as_ref())),
                ("Annotations", "annotations", key_values(alert.annotations.as_ref())),
                ("StartsAt", "startsAt", time(alert.starts_at_ms)),
                ("EndsAt", "endsAt", time(alert.ends_at_ms)),
                ("GeneratorURL", "generatorURL", alert.generator_url.as_str().into()),
                ("Fingerprint", "fingerprint", alert.fingerprint.as_str().into()),
            ],
        )
    }
}

impl From<&NotificationData> for Value {
    fn from(data: &NotificationData) -> Value {
        let alerts = List::new(&ALERTS, data.alerts.iter().map(Value::from).collect()).map_or(Value::Nil, Value::List);
        fields(
            if data.route_labels_are_rendered { &RENDERED_DATA } else { &DATA },
            vec![
                ("Receiver", "receiver", data.receiver.as_str().into()),
                ("Status", "status", data.status.as_str().into()),
                ("Alerts", "alerts", alerts),
                ("NotificationReason", "notification_reason", data.notification_reason.as_str().into()),
                ("GroupLabels", "groupLabels", key_values(Some(&data.group_labels))),
                ("CommonLabels", "commonLabels", key_values(Some(&data.common_labels))),
                ("CommonAnnotations", "commonAnnotations", key_values(Some(&data.common_annotations))),
                (ROUTE_LABELS, "routeLabels", key_values(Some(&data.route_labels))),
                ("ExternalURL", "externalURL", data.external_url.as_str().into()),
            ],
        )
    }
}
