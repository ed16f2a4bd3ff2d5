//! A set of templates that may call one another.

use std::collections::BTreeMap;

use super::builtins::BUILTINS;
use super::error::{ExecError, ParseError, TextError};
use super::execution::execute;
use super::function::Function;
use super::host::Host;
use super::limits::Limits;
use super::node::Tree;
use super::parser::parse;
use super::value::Value;
use super::{alertmanager, prometheus};

/// Whose functions templates may call, besides Go's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Rule files.
    Prometheus,
    /// Notifications.
    Alertmanager,
}

impl Dialect {
    fn functions(self) -> &'static [Function] {
        match self {
            Dialect::Prometheus => prometheus::FUNCTIONS,
            Dialect::Alertmanager => alertmanager::FUNCTIONS,
        }
    }

    fn function(self, name: &str) -> Option<&'static Function> {
        self.functions().iter().chain(BUILTINS).find(|function| function.name == name)
    }
}

/// What a key gives that a map does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// Nothing, printed as `<no value>`.
    Default,
    /// The zero of what the map holds: an empty text among labels. Both Prometheus and Alertmanager have it so.
    #[default]
    Zero,
    /// An error.
    Error,
}

/// How what actions say is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As it is.
    Text,
    /// Escaped for the place of the HTML where it stands.
    Html,
}

/// Templates by name.
#[derive(Clone, Debug)]
pub struct Templates {
    dialect: Dialect,
    missing_key: MissingKey,
    trees: BTreeMap<String, Tree>,
}

impl Templates {
    /// No templates yet.
    pub fn new(dialect: Dialect) -> Templates {
        Templates { dialect, missing_key: MissingKey::default(), trees: BTreeMap::new() }
    }

    /// The same with another answer to missing keys.
    #[must_use]
    pub fn with_missing_key(mut self, missing_key: MissingKey) -> Templates {
        self.missing_key = missing_key;
        self
    }

    /// Reads a text: what is outside of its definitions becomes the template `name`. A template that is defined again is
    /// replaced, unless the new one is empty.
    ///
    /// # Errors
    /// Where the text is no template, or calls a function that does not exist.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), ParseError> {
        for tree in self.parse(name, text)? {
            let is_empty = tree.is_empty();
            let entry = self.trees.entry(tree.name.clone());
            match entry {
                std::collections::btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(tree);
                }
                std::collections::btree_map::Entry::Occupied(mut occupied) => {
                    if !is_empty || occupied.get().is_empty() {
                        occupied.insert(tree);
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn parse(&self, name: &str, text: &str) -> Result<Vec<Tree>, ParseError> {
        parse(name, text, &|name| self.dialect.function(name).is_some())
    }

    /// The names of the templates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.trees.keys().map(String::as_str)
    }

    /// Fills in the template of a name.
    ///
    /// # Errors
    /// Where there is none, where something in it fails, and where a limit is exceeded.
    pub fn execute(
        &self,
        name: &str,
        data: &Value,
        host: &mut dyn Host,
        mode: Mode,
        limits: Limits,
    ) -> Result<String, ExecError> {
        let tree = self.tree(name).ok_or_else(|| ExecError::NoTemplate(name.to_owned()))?;
        execute(self, tree, data, host, mode, limits)
    }

    /// Fills in a text, which may call the templates of this set and define others for itself.
    ///
    /// # Errors
    /// Where the text is no template, something in it fails, or a limit is exceeded.
    pub fn execute_text(
        &self,
        text: &str,
        data: &Value,
        host: &mut dyn Host,
        mode: Mode,
        limits: Limits,
    ) -> Result<String, TextError> {
        let trees = self.parse("", text)?;
        if let [tree] = trees.as_slice() {
            return Ok(execute(self, tree, data, host, mode, limits)?);
        }
        let mut templates = self.clone();
        templates.add("", text)?;
        Ok(templates.execute("", data, host, mode, limits)?)
    }

    pub(super) fn tree(&self, name: &str) -> Option<&Tree> {
        self.trees.get(name)
    }

    pub(super) fn function(&self, name: &str) -> Option<&'static Function> {
        self.dialect.function(name)
    }

    pub(super) fn missing_key(&self) -> MissingKey {
        self.missing_key
    }
}
