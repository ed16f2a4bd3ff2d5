//! A configuration that can be put into force.

use std::path::PathBuf;
use std::sync::Arc;

use super::AlertmanagerConfig;
use crate::inhibit::Rules;
use crate::interval::Intervals;
use crate::route::RouteTree;
use crate::template::{Dialect, ParseError, Templates};

/// A file that `templates` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// Its path.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// A configuration, and what is made of it. Nothing that is left can fail.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What was written, checked and filled in.
    pub config: AlertmanagerConfig,
    /// Who is told what.
    pub tree: RouteTree,
    /// Which alerts keep which others quiet.
    pub inhibitor: Arc<Rules>,
    /// When routes are quiet.
    pub intervals: Intervals,
    /// Templates of the user's own, in the order in which they are read. Each can be parsed.
    pub templates: Vec<TemplateFile>,
}

/// A file with templates that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", .path.display())]
pub struct TemplateFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub error: ParseError,
}

impl Loaded {
    /// Makes a configuration ready.
    ///
    /// # Errors
    /// When a file with templates cannot be parsed.
    pub fn new(config: AlertmanagerConfig, templates: Vec<TemplateFile>) -> Result<Loaded, TemplateFileError> {
        let mut parsed = Templates::new(Dialect::Alertmanager);
        for TemplateFile { path, text } in &templates {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            parsed.add(name, text).map_err(|error| TemplateFileError { path: path.clone(), error })?;
        }
        let named = config.mute_time_intervals.iter().chain(&config.time_intervals);
        let intervals = Intervals::new(named.map(|named| (named.name.clone(), named.time_intervals.clone())));
        let rules = config.inhibit_rules.iter().map(super::InhibitRuleConfig::to_rule).collect();
        let tree = RouteTree::new(&config.route.clone().unwrap_or_default());
        Ok(Loaded { config, tree, inhibitor: Arc::new(Rules(rules)), intervals, templates })
    }

    /// What is in force where there is no configuration.
    pub fn builtin() -> Loaded {
        Loaded::new(AlertmanagerConfig::builtin(), Vec::new())
            .unwrap_or_else(|error| unreachable!("what is built in: {error}"))
    }
}
