//! Alertmanager's functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use jiff::tz::TimeZone;

use super::escape::url_unescape;
use super::execution::Execution;
use super::function::{Answer, Function, Parameter, safe};
use super::json::to_json;
use super::limits::Sink;
use super::notification::{ROUTE_LABELS, is_rendered};
use super::number_text::{float_of, humanize_duration};
use super::templates::Mode;
use super::texts;
use super::time_layout;
use super::time_type::{at_nanosecond, time};
use super::value::{ANY_LIST, ANY_MAP, List, Map, Safe, TEXT_LIST, Value};

const ANY: Parameter = Parameter::Any;
const TEXT: Parameter = Parameter::Text;
const TIME: Parameter = Parameter::Time;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::variadic("append", &[Parameter::Of(&ANY_LIST)], ANY, |execution, values| {
        let Value::List(list) = &values[0] else { return new_list(&values[1..]) };
        execution.charge(list.items().len())?;
        let mut items = list.items().to_vec();
        items.extend_from_slice(&values[1..]);
        new_list(&items)
    }),
    Function::new("base64decode", &[TEXT], |_, values| {
        let bytes = URL_SAFE.decode(values[0].text()).map_err(|error| format!("illegal base64 data: {error}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned().into())
    }),
    Function::new("base64encode", &[TEXT], |_, values| Ok(URL_SAFE.encode(values[0].text()).into())),
    Function::new("date", &[TEXT, TIME], |_, values| {
        Ok(time_layout::format(&time(&values[1..]), values[0].text()).into())
    }),
    Function::variadic("dict", &[], ANY, |_, values| dict(values)),
    Function::new("humanizeDuration", &[ANY], |_, values| Ok(humanize_duration(float_of(&values[0])?).into())),
    Function::new("join", &[TEXT, Parameter::Of(&TEXT_LIST)], |execution, values| {
        join(&values[1], values[0].text(), execution.max_bytes())
    }),
    Function::variadic("list", &[], ANY, |_, values| new_list(values)),
    texts::MATCH,
    Function::new("mustToDate", &[TEXT, TEXT], |_, values| {
        let read = time_layout::parse(values[0].text(), values[1].text())?;
        Ok(Value::Time(Arc::new(read)))
    }),
    Function::new("now", &[], |execution, _| Ok(now(execution))),
    texts::REPLACE_ALL,
    Function::new("routeLabels", &[TEXT], |execution, values| route_label(execution, values[0].text())),
    Function::new("safeHtml", &[TEXT], |_, values| safe(Safe::Html, values[0].text())),
    Function::new("safeUrl", &[TEXT], |_, values| safe(Safe::Url, values[0].text())),
    Function::new("since", &[TIME], |execution, values| {
        let nanos = i128::from(execution.host.now_ms()) * 1_000_000 - time(values).timestamp().as_nanosecond();
        Ok(Value::Duration(nanos.clamp(i64::MIN.into(), i64::MAX.into()) as i64))
    }),
    Function::variadic("stringSlice", &[], TEXT, |_, values| List::new(&TEXT_LIST, values.to_vec()).map(Value::List)),
    texts::TITLE,
    Function::new("toDate", &[TEXT, TEXT], |_, values| {
        let read = time_layout::parse(values[0].text(), values[1].text());
        Ok(Value::Time(Arc::new(read.unwrap_or_else(|_| time_layout::zero()))))
    }),
    Function::new("toJson", &[ANY], |execution, values| Ok(to_json(&values[0], execution.max_bytes())?.into())),
    texts::TO_LOWER,
    texts::TO_UPPER,
    Function::new("trimSpace", &[TEXT], |_, values| Ok(values[0].text().trim().into())),
    Function::new("tz", &[TEXT, TIME], |_, values| {
        let name = values[0].text();
        let zone = match name {
            "" | "UTC" => Ok(TimeZone::UTC),
            "Local" => Ok(TimeZone::system()),
            name => TimeZone::get(name),
        };
        let zone = zone.map_err(|_| format!("unknown time zone {name}"))?;
        Ok(Value::Time(Arc::new(time(&values[1..]).with_time_zone(zone))))
    }),
    Function::new("urlUnescape", &[TEXT], |_, values| Ok(url_unescape(values[0].text())?.into())),
];

fn now(execution: &Execution<'_>) -> Value {
    at_nanosecond(i128::from(execution.host.now_ms()) * 1_000_000)
}

fn new_list(items: &[Value]) -> Answer {
    List::new(&ANY_LIST, items.to_vec()).map(Value::List)
}

fn dict(values: &[Value]) -> Answer {
    if !values.len().is_multiple_of(2) {
        return Err("dict requires an even number of arguments".to_owned());
    }
    let mut entries = BTreeMap::new();
    for pair in values.chunks_exact(2) {
        let Value::Text(key) = &pair[0] else {
            return Err(format!("dict keys must be strings, got {}", pair[0].type_name()));
        };
        entries.insert(key.clone(), pair[1].clone());
    }
    Map::new(&ANY_MAP, entries).map(Value::Map)
}

/// Texts with another between them.
pub(super) fn join(list: &Value, separator: &str, max_bytes: usize) -> Answer {
    let mut out = Sink::new(max_bytes);
    if let Value::List(list) = list {
        for (number, item) in list.items().iter().enumerate() {
            out.push(if number > 0 { separator } else { "" })?;
            out.push(item.text())?;
        }
    }
    Ok(out.text.into())
}

/// A label of the route. It is a template of the configuration, unless it was filled in when the notification was decided.
fn route_label(execution: &mut Execution<'_>, name: &str) -> Answer {
    let Value::Struct(data) = &execution.root else { return Ok("".into()) };
    let Some(Value::Map(labels)) = data.get(ROUTE_LABELS) else { return Ok("".into()) };
    let Some(text) = labels.get(name).map(|text| text.text().to_owned()) else { return Ok("".into()) };
    if is_rendered(data) {
        return Ok(text.into());
    }
    if execution.running.iter().any(|running| running == name) {
        return Err(format!("route label {} refers to itself", model::name::quoted(name)));
    }
    let trees = execution.templates.parse("", &text).map_err(|error| error.to_string())?;
    let Some(tree) = trees.last() else { return Ok("".into()) };
    let (meter, root) = (execution.meter.clone(), execution.root.clone());
    let mut inner = Execution::new(execution.templates, tree, root.clone(), &mut *execution.host, meter, Mode::Text);
    inner.running.clone_from(&execution.running);
    inner.running.push(name.to_owned());
    let entered = inner.meter.enter();
    let made = entered.and_then(|()| inner.template(tree, &root).map_err(|error| error.to_string()));
    let (meter, output) = (inner.meter, inner.output);
    execution.meter = meter;
    made?;
    execution.meter.leave();
    Ok(output.finish().into())
}
