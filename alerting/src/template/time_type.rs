//! `time.Time` and `time.Duration`, and their methods.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::duration::duration_text;
use super::function::{Answer, Function, Parameter};
use super::time_layout;
use super::value::{Element, Type, Value};

pub(super) static TIME: Type = Type {
    name: "time.Time",
    element: Element::Any,
    methods: &[
        Function::new("Add", &[Parameter::Duration], |_, values| {
            let (time, nanos) = (time(values), nanos(&values[1]));
            let sum = time.checked_add(SignedDuration::from_nanos(nanos)).map_err(|error| error.to_string())?;
            Ok(Value::Time(Arc::new(sum)))
        }),
        Function::new("AddDate", &[Parameter::Int, Parameter::Int, Parameter::Int], |_, values| add_date(values)),
        Function::new("After", &[Parameter::Time], |_, values| Ok((time(values) > time(&values[1..])).into())),
        Function::new("Before", &[Parameter::Time], |_, values| Ok((time(values) < time(&values[1..])).into())),
        Function::new("Day", &[], |_, values| int(time(values).day())),
        Function::new("Equal", &[Parameter::Time], |_, values| Ok((time(values) == time(&values[1..])).into())),
        Function::new("Format", &[Parameter::Text], |_, values| {
            Ok(time_layout::format(&time(values), values[1].text()).into())
        }),
        Function::new("Hour", &[], |_, values| int(time(values).hour())),
        Function::new("IsZero", &[], |_, values| Ok((time(values) == time_layout::zero()).into())),
        Function::new("Minute", &[], |_, values| int(time(values).minute())),
        Function::new("Month", &[], |_, values| {
            Ok(Value::Opaque(&MONTH, time_layout::format(&time(values), "January").into()))
        }),
        Function::new("Nanosecond", &[], |_, values| int(time(values).subsec_nanosecond())),
        Function::new("Second", &[], |_, values| int(time(values).second())),
        Function::new("String", &[], |_, values| Ok(time_layout::time_text(&time(values)).into())),
        Function::new("Sub", &[Parameter::Time], |_, values| {
            let (one, other) = (time(values).timestamp(), time(&values[1..]).timestamp());
            let nanos = one.as_nanosecond() - other.as_nanosecond();
            Ok(Value::Duration(nanos.clamp(i64::MIN.into(), i64::MAX.into()) as i64))
        }),
        Function::new("UTC", &[], |_, values| Ok(Value::Time(Arc::new(time(values).with_time_zone(TimeZone::UTC))))),
        Function::new("Unix", &[], |_, values| {
            int(time(values).timestamp().as_nanosecond().div_euclid(1_000_000_000) as i64)
        }),
        Function::new("UnixMicro", &[], |_, values| {
            int(time(values).timestamp().as_nanosecond().div_euclid(1_000) as i64)
        }),
        Function::new("UnixMilli", &[], |_, values| {
            int(time(values).timestamp().as_nanosecond().div_euclid(1_000_000) as i64)
        }),
        Function::new("UnixNano", &[], |_, values| int(time(values).timestamp().as_nanosecond() as i64)),
        Function::new("Weekday", &[], |_, values| {
            Ok(Value::Opaque(&WEEKDAY, time_layout::format(&time(values), "Monday").into()))
        }),
        Function::new("Year", &[], |_, values| int(time(values).year())),
        Function::new("YearDay", &[], |_, values| int(time(values).day_of_year())),
    ],
};

pub(super) static DURATION: Type = Type {
    name: "time.Duration",
    element: Element::Any,
    methods: &[
        Function::new("Abs", &[], |_, values| Ok(Value::Duration(nanos(&values[0]).saturating_abs()))),
        Function::new("Hours", &[], |_, values| Ok((nanos(&values[0]) as f64 / 3.6e12).into())),
        Function::new("Microseconds", &[], |_, values| int(nanos(&values[0]) / 1_000)),
        Function::new("Milliseconds", &[], |_, values| int(nanos(&values[0]) / 1_000_000)),
        Function::new("Minutes", &[], |_, values| Ok((nanos(&values[0]) as f64 / 6e10).into())),
        Function::new("Nanoseconds", &[], |_, values| int(nanos(&values[0]))),
        Function::new("Round", &[Parameter::Duration], |_, values| Ok(Value::Duration(rounded(values)))),
        Function::new("Seconds", &[], |_, values| Ok(seconds(nanos(&values[0])).into())),
        Function::new("String", &[], |_, values| Ok(duration_text(nanos(&values[0])).into())),
        Function::new("Truncate", &[Parameter::Duration], |_, values| {
            let (nanos, unit) = (nanos(&values[0]), nanos(&values[1]));
            Ok(Value::Duration(if unit > 0 { nanos - nanos % unit } else { nanos }))
        }),
    ],
};

static MONTH: Type = Type { name: "time.Month", element: Element::Any, methods: TEXT_METHODS };
static WEEKDAY: Type = Type { name: "time.Weekday", element: Element::Any, methods: TEXT_METHODS };

/// What has a text and nothing else.
pub(super) const TEXT_METHODS: &[Function] = &[Function::new("String", &[], |_, values| match &values[0] {
    Value::Opaque(_, text) => Ok(Value::Text(text.clone())),
    other => Err(format!("{} has no text", other.type_name())),
})];

/// The time that is the first of the values; the zero time where it is none.
pub(super) fn time(values: &[Value]) -> Zoned {
    match values.first() {
        Some(Value::Time(time)) => Zoned::clone(time),
        _ => time_layout::zero(),
    }
}

fn nanos(value: &Value) -> i64 {
    match value {
        Value::Duration(nanos) | Value::Int(nanos) => *nanos,
        _ => 0,
    }
}

fn int(value: impl Into<i64>) -> Answer {
    Ok(Value::Int(value.into()))
}

/// Whole seconds and what is left are added apart, as Go does.
pub(super) fn seconds(nanos: i64) -> f64 {
    (nanos / 1_000_000_000) as f64 + (nanos % 1_000_000_000) as f64 / 1e9
}

/// To the nearest multiple; halfway away from zero.
fn rounded(values: &[Value]) -> i64 {
    let (value, unit) = (i128::from(nanos(&values[0])), i128::from(nanos(&values[1])));
    if unit <= 0 {
        return value as i64;
    }
    let rounded = (value.abs() + unit / 2) / unit * unit * value.signum();
    rounded.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// Years, months and days, in which the thirty-first of a short month is the first of the next.
fn add_date(values: &[Value]) -> Answer {
    let time = time(values);
    let [years, months, days] = [1, 2, 3].map(|number| nanos(&values[number]));
    let added = || -> Option<Zoned> {
        let months = years.checked_mul(12)?.checked_add(months)?.checked_add(i64::from(time.month()) - 1)?;
        let year = i16::try_from(i64::from(time.year()).checked_add(months.div_euclid(12))?).ok()?;
        let first = time.with().year(year).month(months.rem_euclid(12) as i8 + 1).day(1).build().ok()?;
        let days = days.checked_add(i64::from(time.day()) - 1)?;
        first.checked_add(Span::new().try_days(days).ok()?).ok()
    };
    added().map(|time| Value::Time(Arc::new(time))).ok_or_else(|| "time out of range".to_owned())
}

/// A time in UTC, of nanoseconds since the epoch; the zero time where that is none.
pub(super) fn at_nanosecond(nanos: i128) -> Value {
    let timestamp = Timestamp::from_nanosecond(nanos);
    Value::Time(Arc::new(timestamp.map_or_else(|_| time_layout::zero(), |timestamp| timestamp.to_zoned(TimeZone::UTC))))
}
