//! Labels that rules work on.

use std::borrow::Cow;

use crate::{Labels, LabelsBuilder};

/// What a rule may do to labels.
pub(super) trait Draft {
    /// The value of a label; empty where it is not set.
    fn get(&self, name: &str) -> &str;
    /// Sets a label; an empty value removes it.
    fn set(&mut self, name: &str, value: &str);
    /// Keeps only the labels whose names `keep` says yes to.
    fn retain(&mut self, keep: impl Fn(&str) -> bool);
    /// Goes through all labels, sorted by name.
    fn for_each(&self, visit: impl FnMut(&str, &str));
}

impl Draft for LabelsBuilder {
    fn get(&self, name: &str) -> &str {
        LabelsBuilder::get(self, name)
    }

    fn set(&mut self, name: &str, value: &str) {
        LabelsBuilder::set(self, name, value);
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        LabelsBuilder::retain(self, keep);
    }

    fn for_each(&self, mut visit: impl FnMut(&str, &str)) {
        self.iter().for_each(|(name, value)| visit(name, value));
    }
}

/// Labels that are only taken apart when they change.
pub(super) struct Lazy<'l> {
    labels: Cow<'l, Labels>,
    /// There once a label was set; then it stands.
    builder: Option<LabelsBuilder>,
}

impl<'l> Lazy<'l> {
    pub(super) fn new(labels: &'l Labels) -> Lazy<'l> {
        Lazy { labels: Cow::Borrowed(labels), builder: None }
    }

    /// The new labels, if they are new.
    pub(super) fn changed(self) -> Option<Labels> {
        match (self.builder, self.labels) {
            (Some(builder), _) => Some(builder.build()),
            (None, Cow::Owned(labels)) => Some(labels),
            (None, Cow::Borrowed(_)) => None,
        }
    }
}

impl Draft for Lazy<'_> {
    fn get(&self, name: &str) -> &str {
        match &self.builder {
            Some(builder) => builder.get(name),
            None => self.labels.get(name).unwrap_or_default(),
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        if self.get(name) != value {
            self.builder.get_or_insert_with(|| self.labels.to_builder()).set(name, value);
        }
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        if let Some(builder) = &mut self.builder {
            builder.retain(keep);
        } else if self.labels.iter().any(|(name, _)| !keep(name)) {
            self.labels = Cow::Owned(self.labels.without(|name| !keep(name)));
        }
    }

    fn for_each(&self, mut visit: impl FnMut(&str, &str)) {
        match &self.builder {
            Some(builder) => builder.for_each(visit),
            None => self.labels.iter().for_each(|(name, value)| visit(name, value)),
        }
    }
}
