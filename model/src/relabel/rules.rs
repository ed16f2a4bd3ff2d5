//! Rules, ready to run.

use std::borrow::Cow;
use std::sync::LazyLock;

use md5::{Digest, Md5};

use super::config::{Action, DEFAULT_PATTERN, RelabelConfig, RelabelError};
use super::draft::{Draft, Lazy};
use super::letters;
use crate::name::ValidationScheme;
use crate::regex::{GoRegex, Template};
use crate::{Labels, LabelsBuilder};

/// Rules in their order, checked.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

/// What rules made of a set of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relabelled {
    /// The labels as they were.
    Unchanged,
    /// Other labels.
    Changed(Labels),
    /// Nothing: the set is to be left out.
    Dropped,
}

/// What one rule made of the labels that the rules before it left.
#[derive(Clone, Debug)]
pub struct Step<'r> {
    /// The rule.
    pub rule: &'r RelabelConfig,
    /// The labels behind it; none once the set is dropped.
    pub output: Labels,
    /// Whether the set is still there.
    pub keep: bool,
}

impl Rules {
    /// Checks rules and makes them ready.
    ///
    /// # Errors
    /// When one cannot be used.
    pub fn new(configs: &[RelabelConfig], scheme: ValidationScheme) -> Result<Rules, RelabelError> {
        let rules = configs.iter().map(|config| Rule::new(config, scheme)).collect::<Result<_, _>>()?;
        Ok(Rules { rules })
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Applies all rules to a finished set of labels. Cheap where none of them changes it.
    pub fn apply(&self, labels: &Labels) -> Relabelled {
        let mut draft = Lazy::new(labels);
        if !self.rules.iter().all(|rule| rule.apply(&mut draft)) {
            return Relabelled::Dropped;
        }
        draft.changed().map_or(Relabelled::Unchanged, Relabelled::Changed)
    }

    /// Applies all rules to labels in the making; `false` says that the set is to be left out.
    pub fn apply_to_builder(&self, labels: &mut LabelsBuilder) -> bool {
        self.rules.iter().all(|rule| rule.apply(labels))
    }

    /// Applies the rules one by one and tells what each did.
    pub fn steps(&self, labels: &Labels) -> Vec<Step<'_>> {
        let mut draft = labels.to_builder();
        let mut keep = true;
        let step = |rule: &'_ Rule| -> (Labels, bool) {
            keep = keep && rule.apply(&mut draft);
            (if keep { draft.build() } else { Labels::empty() }, keep)
        };
        let outcomes: Vec<_> = self.rules.iter().map(step).collect();
        let rules = self.rules.iter().map(|rule| &rule.config);
        rules.zip(outcomes).map(|(rule, (output, keep))| Step { rule, output, keep }).collect()
    }
}

/// One rule.
#[derive(Clone, Debug)]
struct Rule {
    config: RelabelConfig,
    action: Action,
    regex: GoRegex,
    target: Template,
    replacement: Template,
    scheme: ValidationScheme,
}

impl Rule {
    fn new(config: &RelabelConfig, scheme: ValidationScheme) -> Result<Rule, RelabelError> {
        static DEFAULT: LazyLock<GoRegex> =
            LazyLock::new(|| GoRegex::anchored(DEFAULT_PATTERN).expect("a correct pattern"));
        config.validate(scheme)?;
        let regex = config.regex.as_ref().unwrap_or(&DEFAULT).clone();
        Ok(Rule {
            config: config.clone(),
            action: config.action.ok_or(RelabelError::NoAction)?,
            target: Template::new(&config.target_label, &regex),
            replacement: Template::new(&config.replacement, &regex),
            regex,
            scheme,
        })
    }

    /// Does what the rule says; `false` says that the set is to be left out.
    fn apply(&self, labels: &mut impl Draft) -> bool {
        let target = self.config.target_label.as_str();
        match self.action {
            Action::Keep => return self.regex.is_match(&self.source(labels)),
            Action::Drop => return !self.regex.is_match(&self.source(labels)),
            Action::KeepEqual => return labels.get(target) == self.source(labels),
            Action::DropEqual => return labels.get(target) != self.source(labels),
            Action::Replace => self.replace(labels),
            Action::HashMod => {
                let hash = hash(&self.source(labels)) % self.config.modulus;
                labels.set(target, &hash.to_string());
            }
            Action::Lowercase => {
                let value = letters::lowercase(&self.source(labels));
                labels.set(target, &value);
            }
            Action::Uppercase => {
                let value = letters::uppercase(&self.source(labels));
                labels.set(target, &value);
            }
            Action::LabelMap => self.map_labels(labels),
            Action::LabelDrop => labels.retain(|name| !self.regex.is_match(name)),
            Action::LabelKeep => labels.retain(|name| self.regex.is_match(name)),
        }
        true
    }

    /// The values of the source labels, joined.
    fn source<'d>(&self, labels: &'d impl Draft) -> Cow<'d, str> {
        let Some((first, rest)) = self.config.source_labels.as_deref().unwrap_or_default().split_first() else {
            return Cow::Borrowed("");
        };
        let mut source = Cow::Borrowed(labels.get(first));
        for name in rest {
            let source = source.to_mut();
            source.push_str(&self.config.separator);
            source.push_str(labels.get(name));
        }
        source
    }

    fn replace(&self, labels: &mut impl Draft) {
        let source = self.source(labels);
        let Some(captures) = self.regex.captures(&source) else { return };
        let expand = |template: &Template| {
            let mut text = String::new();
            template.expand(&captures, &mut text);
            text
        };
        let target = match self.target.as_text() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(expand(&self.target)),
        };
        if !self.scheme.is_label_name(&target) {
            return;
        }
        let value = expand(&self.replacement);
        labels.set(&target, &value);
    }

    fn map_labels(&self, labels: &mut impl Draft) {
        let mut copies = Vec::new();
        labels.for_each(|name, value| {
            if let Some(captures) = self.regex.captures(name) {
                let mut copy = String::new();
                self.replacement.expand(&captures, &mut copy);
                copies.push((copy, value.to_owned()));
            }
        });
        for (name, value) in copies {
            labels.set(&name, &value);
        }
    }
}

/// The last eight bytes of the MD5 of a text.
fn hash(text: &str) -> u64 {
    let digest: [u8; 16] = Md5::digest(text.as_bytes()).into();
    let (_, low) = digest.split_at(8);
    low.iter().fold(0, |hash, &byte| hash << 8 | u64::from(byte))
}
