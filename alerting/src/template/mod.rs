//! Go's text/template, with the functions of Prometheus's rules and of Alertmanager's notifications.
//!
//! Users' files must work unchanged, so the language is Go's down to the texts of its errors. A text becomes tokens
//! (`lexer`), a tree (`parser`, `node`), and is filled in by an interpreter (`execution`) over values that know their Go
//! type and methods (`value`, `time_type`, `notification`). `format` is Go's `fmt`. In HTML mode what actions say is
//! escaped for the place where it stands (`html`), as html/template does.
//!
//! What Go does not have are limits (`limits`): labels are written by strangers. What is rendered is never executed again.
//!
//! Absent: complex numbers, functions as values, and texts that are no UTF-8.

mod alertmanager;
mod builtins;
mod compare;
mod duration;
mod error;
mod escape;
mod execution;
mod format;
mod function;
mod host;
mod html;
mod json;
mod lexer;
mod limits;
mod literal;
mod node;
mod notification;
mod number_text;
mod output;
mod parser;
mod prometheus;
mod templates;
mod texts;
mod time_layout;
mod time_type;
mod value;

#[cfg(test)]
mod suite;

pub(crate) use duration::duration_text;
pub use error::{ExecError, ParseError, TextError};
pub use host::{Host, Sample, SampleValue};
pub(crate) use json::float as json_float;
pub use limits::Limits;
pub(crate) use literal::unquote_utf8;
pub use notification::{AlertData, NotificationData};
pub use prometheus::{RULE_VARIABLES, rule_data, sample, table_link};
pub use templates::{Dialect, MissingKey, Mode, Templates};
pub use value::{ANY_LIST, ANY_MAP, Element, Field, List, Map, Safe, Struct, TEXT_LIST, TEXT_MAP, Type, Value};
