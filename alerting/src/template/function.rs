//! Functions and methods: what they are called, what they take, and what they do.

use super::execution::Execution;
use super::value::{Safe, Type, Value};

/// What a function answers: a value, or why there is none.
pub(super) type Answer = Result<Value, String>;

/// A function that templates can call; also a method, whose first argument is then the value that has it.
pub struct Function {
    /// As templates call it.
    pub(super) name: &'static str,
    /// What it takes, without the receiver of a method.
    pub(super) parameters: &'static [Parameter],
    /// What follows these, any number of them.
    pub(super) rest: Option<Parameter>,
    pub(super) body: fn(&mut Execution<'_>, &[Value]) -> Answer,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Function").field(&self.name).finish()
    }
}

impl Function {
    pub(super) const fn new(
        name: &'static str,
        parameters: &'static [Parameter],
        body: fn(&mut Execution<'_>, &[Value]) -> Answer,
    ) -> Function {
        Function { name, parameters, rest: None, body }
    }

    pub(super) const fn variadic(
        name: &'static str,
        parameters: &'static [Parameter],
        rest: Parameter,
        body: fn(&mut Execution<'_>, &[Value]) -> Answer,
    ) -> Function {
        Function { name, parameters, rest: Some(rest), body }
    }

    /// The type of an argument by its number.
    pub(super) fn parameter(&self, number: usize) -> Parameter {
        self.parameters.get(number).copied().or(self.rest).unwrap_or(Parameter::Any)
    }

    /// Whether it takes so many arguments; otherwise why not, `n_written` of which stand at the call.
    pub(super) fn check_count(&self, n_arguments: usize, n_written: usize) -> Result<(), String> {
        let (name, n_wanted) = (self.name, self.parameters.len());
        if self.rest.is_some() && n_arguments < n_wanted {
            return Err(format!("wrong number of args for {name}: want at least {n_wanted} got {n_written}"));
        }
        if self.rest.is_none() && n_arguments != n_wanted {
            return Err(format!("wrong number of args for {name}: want {n_wanted} got {n_arguments}"));
        }
        Ok(())
    }
}

/// What an argument must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parameter {
    /// `interface {}`
    Any,
    /// `reflect.Value`, which is also anything.
    Reflected,
    Int,
    Text,
    Duration,
    Time,
    /// A list, map or struct of a type.
    Of(&'static Type),
}

impl Parameter {
    /// As Go names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Parameter::Any => "interface {}",
            Parameter::Reflected => "reflect.Value",
            Parameter::Int => "int",
            Parameter::Text => "string",
            Parameter::Duration => "time.Duration",
            Parameter::Time => "time.Time",
            Parameter::Of(of) => of.name,
        }
    }

    /// Whether nil is one of its values.
    pub(super) fn can_be_nil(self) -> bool {
        match self {
            Parameter::Any | Parameter::Reflected => true,
            Parameter::Of(of) => of.name.starts_with(['[', '*']) || of.name.starts_with("map["),
            _ => false,
        }
    }

    /// The value as this parameter takes it, or why it does not.
    pub(super) fn check(self, value: Value) -> Result<Value, String> {
        let is_right = match (self, &value) {
            (Parameter::Any | Parameter::Reflected, _) => true,
            (_, Value::Nil) if self.can_be_nil() => true,
            (_, Value::Nil) => return Err(format!("invalid value; expected {}", self.name())),
            (Parameter::Int, Value::Int(_)) => true,
            (Parameter::Text, Value::Text(_)) => true,
            (Parameter::Duration, Value::Duration(_)) => true,
            (Parameter::Time, Value::Time(_)) => true,
            (Parameter::Of(of), _) => value.type_of().is_some_and(|own| is_assignable(own.name, of.name)),
            _ => false,
        };
        if is_right {
            return Ok(value);
        }
        Err(format!("wrong type for value; expected {}; got {}", self.name(), value.type_name()))
    }
}

/// Whether a value of one type can be handed over as another: of the same name, through a pointer, or of a type whose name
/// is only another word for it.
fn is_assignable(from: &str, to: &str) -> bool {
    let from = from.strip_prefix('*').unwrap_or(from);
    let to = to.strip_prefix('*').unwrap_or(to);
    let plain = |name| if name == "template.KV" { "map[string]string" } else { name };
    from == to || plain(from) == plain(to)
}

/// A text that is safe for something.
pub(super) fn safe(safe: Safe, text: &str) -> Answer {
    Ok(Value::Safe(safe, text.into()))
}
