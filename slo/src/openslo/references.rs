//! Objects within objects, and objects by name: a file that stands alone, or one object for each thing.
//!
//! Both ways work on documents as they are, so that what narthex has no use for stays. Keys come out sorted.

use std::collections::BTreeMap;

use model::yaml::{Document, nearest};
use serde_json::{Map, Value, json};

/// Where an object may stand within another, or its name: the kind that has it, the way to it, the field of the name, and
/// the kind that is named. Inner objects stand before those that they are in.
const PLACES: [Place; 4] = [
    Place { owner: "AlertPolicy", list: Some("conditions"), name: "conditionRef", kind: "AlertCondition" },
    Place {
        owner: "AlertPolicy",
        list: Some("notificationTargets"),
        name: "targetRef",
        kind: "AlertNotificationTarget",
    },
    Place { owner: "SLO", list: Some("alertPolicies"), name: "alertPolicyRef", kind: "AlertPolicy" },
    Place { owner: "SLO", list: None, name: "indicatorRef", kind: "SLI" },
];

/// OpenSLO's first version, the only one whose objects are moved.
const VERSION: &str = "openslo/v1";

struct Place {
    owner: &'static str,
    /// A list whose elements are objects or names; `None` for the field `indicator`.
    list: Option<&'static str>,
    name: &'static str,
    kind: &'static str,
}

/// An object is named that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{owner} {in_name} names {kind} {name}, which is not there{hint}")]
pub struct MissingObject {
    /// The kind of the object that names it.
    pub owner: String,
    /// Its name.
    pub in_name: String,
    /// The kind that is named.
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// A name that could have been meant.
    pub hint: String,
}

/// The objects of a text, list elements apart. What is not YAML is left out.
pub fn objects(text: &str) -> Vec<Value> {
    let documents = Document::parse_all(text).into_iter().flatten();
    let elements = documents.flat_map(|document| document.elements().unwrap_or_else(|| vec![document]));
    elements.filter_map(|document| document.read::<Value>().0).filter(Value::is_object).collect()
}

/// Puts each object into those that name it. With `keeps_named` the objects that were put into others stay beside them too.
///
/// # Errors
/// When an object is named that is not there; the first.
pub fn inline(mut objects: Vec<Value>, keeps_named: bool) -> Result<Vec<Value>, MissingObject> {
    let mut used = Vec::new();
    for place in &PLACES {
        let named: BTreeMap<String, Value> = objects
            .iter()
            .filter(|object| is(object, place.kind))
            .map(|object| (name(object), object.clone()))
            .collect();
        let find = &mut |in_name: &str, wanted: &str| {
            used.push((place.kind, wanted.to_owned()));
            named.get(wanted).cloned().ok_or_else(|| missing(place, in_name, wanted, &named))
        };
        for object in &mut objects {
            if is(object, place.owner) {
                put_in(object, place, find)?;
            } else if is(object, "SLO") && place.owner == "AlertPolicy" {
                for policy in inner_policies(object) {
                    put_in(policy, place, find)?;
                }
            }
        }
    }
    if !keeps_named {
        let is_used = |object: &Value| used.iter().any(|(kind, used)| is(object, kind) && name(object) == *used);
        objects.retain(|object| !is_used(object));
    }
    Ok(objects)
}

fn missing(place: &Place, in_name: &str, wanted: &str, named: &BTreeMap<String, Value>) -> MissingObject {
    let hint = nearest(wanted, named.keys().map(String::as_str)).map(|near| format!(" (did you mean `{near}`?)"));
    MissingObject {
        owner: place.owner.to_owned(),
        in_name: in_name.to_owned(),
        kind: place.kind,
        name: wanted.to_owned(),
        hint: hint.unwrap_or_default(),
    }
}

/// Finds an object for one of a name that names it.
type Find<'f> = &'f mut dyn FnMut(&str, &str) -> Result<Value, MissingObject>;

/// The policies that stand within an SLO.
fn inner_policies(slo: &mut Value) -> impl Iterator<Item = &mut Value> {
    let policies = slo.get_mut("spec").and_then(|spec| spec.get_mut("alertPolicies")).and_then(Value::as_array_mut);
    policies.into_iter().flatten().filter(|policy| policy.get("spec").is_some())
}

fn put_in(owner: &mut Value, place: &Place, find: Find<'_>) -> Result<(), MissingObject> {
    let in_name = name(owner);
    let Some(spec) = owner.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    match place.list {
        Some(list) => {
            for element in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(wanted) = text(element, place.name) {
                    *element = without_version(find(&in_name, &wanted)?);
                }
            }
        }
        None => {
            if let Some(wanted) = spec.get(place.name).and_then(Value::as_str).map(str::to_owned) {
                let mut object = without_version(find(&in_name, &wanted)?);
                object.as_object_mut().map(|object| object.remove("kind"));
                spec.remove(place.name);
                spec.insert("indicator".to_owned(), object);
            }
        }
    }
    Ok(())
}

/// Takes each object out of the one that it is in, and leaves its name there. Objects that are taken out stand at the end, the
/// first to be taken out last; what is there already is not added again.
pub fn apart(mut objects: Vec<Value>) -> Vec<Value> {
    // From the outside in: what is taken out may have others within it.
    let mut taken: Vec<Value> = Vec::new();
    for place in PLACES.iter().rev() {
        let mut found = Vec::new();
        for owner in objects.iter_mut().chain(&mut taken).filter(|object| is(object, place.owner)) {
            take_out(owner, place, &mut found);
        }
        for object in found {
            let is_same = |other: &Value| is(other, place.kind) && name(other) == name(&object);
            if !objects.iter().chain(&taken).any(is_same) {
                taken.push(object);
            }
        }
    }
    objects.extend(taken);
    objects
}

fn take_out(owner: &mut Value, place: &Place, found: &mut Vec<Value>) {
    let Some(spec) = owner.get_mut("spec").and_then(Value::as_object_mut) else { return };
    match place.list {
        Some(list) => {
            for element in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                if element.get("spec").is_some() {
                    let object = std::mem::replace(element, json!({ place.name: name(element) }));
                    found.push(with_version(&object, place.kind));
                }
            }
        }
        None => {
            if let Some(object) = spec.remove("indicator") {
                spec.insert(place.name.to_owned(), Value::String(name(&object)));
                found.push(with_version(&object, place.kind));
            }
        }
    }
}

fn is(object: &Value, kind: &str) -> bool {
    text(object, "apiVersion").as_deref() == Some(VERSION) && text(object, "kind").as_deref() == Some(kind)
}

fn name(object: &Value) -> String {
    object.get("metadata").and_then(|metadata| text(metadata, "name")).unwrap_or_default()
}

fn text(object: &Value, field: &str) -> Option<String> {
    object.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn without_version(mut object: Value) -> Value {
    object.as_object_mut().map(|object| object.remove("apiVersion"));
    object
}

fn with_version(object: &Value, kind: &str) -> Value {
    let mut whole = Map::new();
    whole.insert("apiVersion".to_owned(), Value::String(VERSION.to_owned()));
    whole.insert("kind".to_owned(), Value::String(kind.to_owned()));
    whole.extend(object.as_object().cloned().unwrap_or_default());
    Value::Object(whole)
}
