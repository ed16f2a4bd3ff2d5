//! The interpreter: walks through a tree, and writes.
//!
//! It recurses over blocks, parentheses and calls of templates, all of which `template_depth` counts together.

use std::fmt::Display;

use model::name::quoted;

use super::builtins::missing;
use super::error::ExecError;
use super::function::{Function, Parameter};
use super::host::Host;
use super::limits::{Limits, Meter};
use super::node::{Branch, BranchKind, Command, Node, Pipe, Tree, Word, WordKind};
use super::output::Output;
use super::templates::{MissingKey, Mode, Templates};
use super::value::{Element, Value};

/// One execution of a template.
pub(super) struct Execution<'e> {
    pub(super) templates: &'e Templates,
    pub(super) host: &'e mut dyn Host,
    pub(super) meter: Meter,
    /// What the outermost template was given.
    pub(super) root: Value,
    /// The texts that are being executed as templates of their own: none may come back to itself.
    pub(super) running: Vec<String>,
    pub(super) output: Output,
    tree: &'e Tree,
    /// Names with their `$`, and values; the last of a name is the one that is seen.
    variables: Vec<(String, Value)>,
    /// What is being evaluated, for errors.
    here: (usize, &'e dyn Display),
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// How many bytes of text that go through a function count as a step.
const BYTES_A_STEP: u64 = 256;

type Outcome<T> = Result<T, ExecError>;

/// Fills in a tree.
pub(super) fn execute<'e>(
    templates: &'e Templates,
    tree: &'e Tree,
    data: &Value,
    host: &'e mut dyn Host,
    mode: Mode,
    limits: Limits,
) -> Outcome<String> {
    let meter = Meter::new(limits);
    let mut execution = Execution::new(templates, tree, data.clone(), host, meter, mode);
    execution.template(tree, data)?;
    Ok(execution.output.finish())
}

impl<'e> Execution<'e> {
    pub(super) fn new(
        templates: &'e Templates,
        tree: &'e Tree,
        root: Value,
        host: &'e mut dyn Host,
        meter: Meter,
        mode: Mode,
    ) -> Execution<'e> {
        let output = Output::new(mode, meter.limits.output_bytes);
        let variables = Vec::new();
        let running = Vec::new();
        Execution { templates, host, meter, root, running, output, tree, variables, here: (0, &"") }
    }

    /// How long a text may be that is made.
    pub(super) fn max_bytes(&self) -> usize {
        self.meter.limits.output_bytes
    }

    /// Counts the copying of so many values as steps.
    pub(super) fn charge(&mut self, n_values: usize) -> Result<(), String> {
        self.meter.step(n_values as u64 / 16)
    }

    /// Executes a template of the set into a text of its own.
    pub(super) fn apart(&mut self, name: &str, data: &Value) -> Outcome<String> {
        let tree = self.templates.tree(name).ok_or_else(|| ExecError::NoTemplate(name.to_owned()))?;
        let output = Output::new(self.output.mode(), self.max_bytes());
        let outer = std::mem::replace(&mut self.output, output);
        self.template(tree, data)?;
        Ok(std::mem::replace(&mut self.output, outer).finish())
    }

    /// Executes a tree with variables of its own.
    pub(super) fn template(&mut self, tree: &'e Tree, data: &Value) -> Outcome<()> {
        let variables = std::mem::replace(&mut self.variables, vec![("$".to_owned(), data.clone())]);
        let outer = std::mem::replace(&mut self.tree, tree);
        let entered = self.meter.enter();
        self.placed(entered)?;
        self.body(data, &tree.body)?;
        self.meter.leave();
        (self.variables, self.tree) = (variables, outer);
        Ok(())
    }

    fn fail<T>(&self, reason: impl Into<String>) -> Outcome<T> {
        let (at, code) = self.here;
        let (place, template) = (self.tree.place(at), self.tree.name.clone());
        Err(ExecError::At { place, template, code: code.to_string(), reason: reason.into() })
    }

    fn placed<T>(&self, result: Result<T, String>) -> Outcome<T> {
        result.or_else(|reason| self.fail(reason))
    }

    fn step(&mut self) -> Outcome<()> {
        let step = self.meter.step(1);
        self.placed(step)
    }

    fn body(&mut self, dot: &Value, body: &'e [Node]) -> Outcome<Flow> {
        for node in body {
            self.step()?;
            let flow = self.node(dot, node)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, dot: &Value, node: &'e Node) -> Outcome<Flow> {
        match node {
            Node::Text(text) => {
                let pushed = self.output.text(text);
                self.placed(pushed)?;
            }
            Node::Action(pipe) => {
                self.here = (pipe.at, node);
                let value = self.pipe(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.here = (pipe.at, node);
                    let pushed = self.output.value(&value);
                    self.placed(pushed)?;
                }
            }
            Node::Branch(branch) => {
                self.here = (branch.pipe.at, branch);
                let n_variables = self.variables.len();
                let entered = self.meter.enter();
                self.placed(entered)?;
                let flow = match branch.kind {
                    BranchKind::Range => self.range(dot, branch)?,
                    _ => self.condition(dot, branch)?,
                };
                self.meter.leave();
                self.variables.truncate(n_variables);
                return Ok(flow);
            }
            Node::Template { at, name, pipe } => {
                self.here = (*at, node);
                let Some(tree) = self.templates.tree(name) else {
                    return self.fail(format!("template {} not defined", quoted(name)));
                };
                let data = match pipe {
                    Some(pipe) => self.pipe(dot, pipe)?,
                    None => Value::Nil,
                };
                self.template(tree, &data)?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn condition(&mut self, dot: &Value, branch: &'e Branch) -> Outcome<Flow> {
        let value = self.pipe(dot, &branch.pipe)?;
        if value.is_true() {
            let dot = if branch.kind == BranchKind::With { &value } else { dot };
            return self.body(dot, &branch.body);
        }
        match &branch.otherwise {
            Some(otherwise) => self.body(dot, otherwise),
            None => Ok(Flow::Next),
        }
    }

    fn range(&mut self, dot: &Value, branch: &'e Branch) -> Outcome<Flow> {
        let value = self.pipe(dot, &branch.pipe)?;
        let has_two = branch.pipe.variables.len() > 1;
        let mut n_turns = 0u64;
        match &value {
            Value::Int(_) | Value::Uint(_) | Value::Duration(_) if has_two => {
                let text = self.placed(super::format::printed(&value, 100))?;
                return self.fail(format!("can't use {text} to iterate over more than one variable"));
            }
            Value::Int(n_wanted) | Value::Duration(n_wanted) => {
                while i64::try_from(n_turns).is_ok_and(|turn| turn < *n_wanted) {
                    let item = Value::Int(n_turns as i64);
                    n_turns += 1;
                    if !self.turn(branch, Value::Nil, &item)? {
                        break;
                    }
                }
            }
            Value::Uint(n_wanted) => {
                while n_turns < *n_wanted {
                    let item = Value::Uint(n_turns);
                    n_turns += 1;
                    if !self.turn(branch, Value::Nil, &item)? {
                        break;
                    }
                }
            }
            Value::List(list) => {
                for item in list.items() {
                    n_turns += 1;
                    if !self.turn(branch, Value::Int(n_turns as i64 - 1), item)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, item) in map.entries() {
                    n_turns += 1;
                    if !self.turn(branch, Value::Text(key.clone()), item)? {
                        break;
                    }
                }
            }
            Value::Nil => {}
            _ => {
                let text = self.placed(super::format::printed(&value, 1000))?;
                return self.fail(format!("range can't iterate over {text}"));
            }
        }
        match &branch.otherwise {
            Some(otherwise) if n_turns == 0 => self.body(dot, otherwise),
            _ => Ok(Flow::Next),
        }
    }

    /// One turn of a loop; whether it goes on.
    fn turn(&mut self, branch: &'e Branch, index: Value, item: &Value) -> Outcome<bool> {
        self.step()?;
        let n_variables = self.variables.len();
        match branch.pipe.variables.as_slice() {
            [] => {}
            [name] => self.set_in_turn(name, item.clone(), branch.pipe.is_assignment)?,
            [index_name, name, ..] => {
                self.set_in_turn(index_name, index, branch.pipe.is_assignment)?;
                self.set_in_turn(name, item.clone(), branch.pipe.is_assignment)?;
            }
        }
        let flow = self.body(item, &branch.body)?;
        self.variables.truncate(n_variables);
        Ok(flow != Flow::Break)
    }

    fn set_in_turn(&mut self, name: &str, value: Value, is_assignment: bool) -> Outcome<()> {
        if is_assignment {
            return self.assign(name, value);
        }
        self.variables.push((name.to_owned(), value));
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Value) -> Outcome<()> {
        match self.variables.iter_mut().rev().find(|(own, _)| own == name) {
            Some((_, own)) => {
                *own = value;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {name}")),
        }
    }

    fn pipe(&mut self, dot: &Value, pipe: &'e Pipe) -> Outcome<Value> {
        self.here = (pipe.at, pipe);
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?);
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.variables {
            if pipe.is_assignment {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        Ok(value)
    }

    /// A command, with the value of the one before it as its last argument.
    fn command(&mut self, dot: &Value, command: &'e Command, last: Option<Value>) -> Outcome<Value> {
        self.step()?;
        let Some((first, rest)) = command.words.split_first() else { return Ok(Value::Nil) };
        match &first.kind {
            WordKind::Function(name) => return self.function(dot, name, first, (command.at, command), rest, last),
            WordKind::Field(_) | WordKind::Chain(..) => return self.fields(dot, first, rest, last),
            WordKind::Variable(_, fields) if !fields.is_empty() => return self.fields(dot, first, rest, last),
            _ => {}
        }
        self.here = (first.at, first);
        if !rest.is_empty() || last.is_some() {
            return self.fail(format!("can't give argument to non-function {first}"));
        }
        match &first.kind {
            WordKind::Nil => self.fail("nil is not a command"),
            _ => self.constant(dot, first),
        }
    }

    /// The value of a word that stands for itself.
    fn constant(&mut self, dot: &Value, word: &'e Word) -> Outcome<Value> {
        self.here = (word.at, word);
        match &word.kind {
            WordKind::Bool(value) => Ok(Value::Bool(*value)),
            WordKind::Dot => Ok(dot.clone()),
            WordKind::Nil => Ok(Value::Nil),
            WordKind::Text { text, .. } => Ok(Value::from(text.as_str())),
            WordKind::Number(number) => match (number.float, number.int) {
                (Some(float), _) if number.is_float => Ok(Value::Float(float)),
                (_, Some(int)) => Ok(Value::Int(int)),
                _ => self.fail(format!("{} overflows int", number.text)),
            },
            WordKind::Function(name) => self.function(dot, name, word, (word.at, word), &[], None),
            WordKind::Pipe(pipe) => {
                let entered = self.meter.enter();
                self.placed(entered)?;
                let value = self.pipe(dot, pipe)?;
                self.meter.leave();
                Ok(value)
            }
            WordKind::Field(_) | WordKind::Variable(..) | WordKind::Chain(..) => self.fields(dot, word, &[], None),
        }
    }

    /// A value and fields of it; the last of them, where it is a method, gets the arguments.
    fn fields(&mut self, dot: &Value, word: &'e Word, arguments: &'e [Word], last: Option<Value>) -> Outcome<Value> {
        self.here = (word.at, word);
        let (mut value, fields) = match &word.kind {
            WordKind::Field(fields) => (dot.clone(), fields),
            WordKind::Variable(name, fields) => {
                let own = self.variables.iter().rev().find(|(own, _)| own == name);
                match own {
                    Some((_, value)) => (value.clone(), fields),
                    None => return self.fail(format!("undefined variable: {name}")),
                }
            }
            WordKind::Chain(inner, fields) => (self.constant(dot, inner)?, fields),
            _ => return self.constant(dot, word),
        };
        let Some((name, before)) = fields.split_last() else { return Ok(value) };
        let mut is_any = false;
        for field in before {
            (value, is_any) = self.field(dot, value, is_any, field, word, &[], None)?;
        }
        Ok(self.field(dot, value, is_any, name, word, arguments, last)?.0)
    }

    /// A field, an entry or what a method answers; and whether it comes from where anything could stand: its type is that then.
    #[expect(clippy::too_many_arguments, reason = "what a call needs, and the value of which it is a field")]
    fn field(
        &mut self,
        dot: &Value,
        value: Value,
        is_any: bool,
        name: &str,
        word: &'e Word,
        arguments: &'e [Word],
        last: Option<Value>,
    ) -> Outcome<(Value, bool)> {
        if matches!(value, Value::Nil) {
            return match (is_any, self.templates.missing_key()) {
                (true, _) => self.fail(format!("nil pointer evaluating interface {{}}.{name}")),
                (false, MissingKey::Error) => self.fail(format!("nil data; no entry for key {}", quoted(name))),
                (false, _) => Ok((Value::Nil, false)),
            };
        }
        let methods = value.type_of().map_or(&[][..], |of| of.methods);
        if let Some(method) = methods.iter().find(|method| method.name == name) {
            let called = self.call(dot, method, Some(value), (word.at, word), arguments, last)?;
            return Ok((called, false));
        }
        let has_arguments = !arguments.is_empty() || last.is_some();
        match &value {
            Value::Struct(fields) => {
                if let Some(field) = fields.get(name) {
                    if has_arguments {
                        return self.fail(format!("{name} has arguments but cannot be invoked as function"));
                    }
                    return Ok((field.clone(), false));
                }
            }
            Value::Map(_) if has_arguments => return self.fail(format!("{name} is not a method but has arguments")),
            Value::Map(map) => {
                return match (map.get(name), self.templates.missing_key()) {
                    (Some(entry), _) => Ok((entry.clone(), map.of.element == Element::Any)),
                    (None, MissingKey::Default) => Ok((Value::Nil, false)),
                    (None, MissingKey::Zero) => {
                        let zero = missing(map.of.element);
                        let is_nil = matches!(zero, Value::Nil);
                        Ok((zero, is_nil))
                    }
                    (None, MissingKey::Error) => self.fail(format!("map has no entry for key {}", quoted(name))),
                };
            }
            _ => {}
        }
        let of = if is_any { "interface {}" } else { value.type_name() };
        self.fail(format!("can't evaluate field {name} in type {of}"))
    }

    fn function(
        &mut self,
        dot: &Value,
        name: &str,
        word: &'e Word,
        whole: (usize, &'e dyn Display),
        arguments: &'e [Word],
        last: Option<Value>,
    ) -> Outcome<Value> {
        self.here = (word.at, word);
        match self.templates.function(name) {
            Some(function) => self.call(dot, function, None, whole, arguments, last),
            None => self.fail(format!("{} is not a defined function", quoted(name))),
        }
    }

    /// Calls a function, or a method of a receiver.
    fn call(
        &mut self,
        dot: &Value,
        function: &'static Function,
        receiver: Option<Value>,
        whole: (usize, &'e dyn Display),
        arguments: &'e [Word],
        last: Option<Value>,
    ) -> Outcome<Value> {
        let n_arguments = arguments.len() + usize::from(last.is_some());
        self.placed(function.check_count(n_arguments, arguments.len()))?;
        if receiver.is_none() && (function.name == "and" || function.name == "or") {
            return self.junction(dot, function.name == "or", arguments, last);
        }
        let mut values: Vec<Value> = Vec::with_capacity(n_arguments + 1);
        values.extend(receiver);
        for (number, word) in arguments.iter().enumerate() {
            let value = self.argument(dot, function.parameter(number), word)?;
            values.push(value);
        }
        if let Some(last) = last {
            values.push(self.placed(function.parameter(arguments.len()).check(last))?);
        }
        if function.name == "call" && !matches!(values.first(), Some(Value::Nil) | None) {
            self.here = whole;
            let name = arguments.first().map_or_else(|| "value".to_owned(), ToString::to_string);
            let of = values[0].type_name();
            return self.fail(format!("error calling call: non-function {name} of type {of}"));
        }
        self.charge_texts(&values)?;
        match (function.body)(self, &values) {
            Ok(value) => {
                self.charge_texts(std::slice::from_ref(&value))?;
                Ok(value)
            }
            Err(reason) => {
                self.here = whole;
                self.fail(format!("error calling {}: {reason}", function.name))
            }
        }
    }

    /// Counts long texts, which cost time, as steps.
    fn charge_texts(&mut self, values: &[Value]) -> Outcome<()> {
        let n_bytes: usize = values.iter().map(|value| value.text().len()).sum();
        let step = self.meter.step(n_bytes as u64 / BYTES_A_STEP);
        self.placed(step)
    }

    /// `and` and `or`: the first argument that decides.
    fn junction(&mut self, dot: &Value, is_or: bool, arguments: &'e [Word], last: Option<Value>) -> Outcome<Value> {
        let mut value = Value::Nil;
        for word in arguments {
            value = self.argument(dot, Parameter::Reflected, word)?;
            if value.is_true() == is_or {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// An argument, as the parameter takes it.
    fn argument(&mut self, dot: &Value, parameter: Parameter, word: &'e Word) -> Outcome<Value> {
        self.step()?;
        self.here = (word.at, word);
        let name = parameter.name();
        match (&word.kind, parameter) {
            (WordKind::Nil, _) if parameter.can_be_nil() => Ok(Value::Nil),
            (WordKind::Nil, _) => self.fail(format!("cannot assign nil to {name}")),
            (WordKind::Bool(_) | WordKind::Number(_) | WordKind::Text { .. }, _) => {
                self.constant_as(dot, parameter, word)
            }
            _ => {
                let value = self.constant(dot, word)?;
                self.placed(parameter.check(value))
            }
        }
    }

    /// A constant, whose type is that of the parameter where it fits.
    fn constant_as(&mut self, dot: &Value, parameter: Parameter, word: &'e Word) -> Outcome<Value> {
        match (&word.kind, parameter) {
            (_, Parameter::Any | Parameter::Reflected) => self.constant(dot, word),
            (WordKind::Text { .. }, Parameter::Text) => self.constant(dot, word),
            (_, Parameter::Text) => self.fail(format!("expected string; found {word}")),
            (WordKind::Number(number), Parameter::Int | Parameter::Duration) => match (number.int, parameter) {
                (Some(int), Parameter::Int) => Ok(Value::Int(int)),
                (Some(int), _) => Ok(Value::Duration(int)),
                (None, _) => self.fail(format!("expected integer; found {word}")),
            },
            (_, Parameter::Int | Parameter::Duration) => self.fail(format!("expected integer; found {word}")),
            _ => self.fail(format!("can't handle {word} for arg of type {}", parameter.name())),
        }
    }
}
