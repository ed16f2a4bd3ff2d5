//! The tree of a text.

use std::sync::Arc;

use super::fault::{DisplayPath, Fault, Step};
use super::problem::Problem;

/// Bytes of a text: from, and up to but without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

impl Span {
    /// The same bytes of a text that has `offset` more of them in front.
    pub(super) fn shifted(self, offset: usize) -> Span {
        Span { start: self.start + offset, end: self.end + offset }
    }
}

/// Aliases may let a document have more keys than its text; after these, no more are visited.
const MAX_VISITED_KEYS: usize = 1_000_000;

/// A node's place in [`Document::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(pub(super) usize);

/// A text, read. An alias is the node that it means, so that a document is no larger than its text.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub(super) nodes: Arc<Vec<Node>>,
    /// `None` for a text without content.
    pub(super) root: Option<NodeId>,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) content: Content,
    /// Where the node stands. A node that aliases mean stands where it was defined.
    pub(super) parent: Option<(NodeId, Step)>,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A scalar whose text may mean something else than a text.
    Plain(String),
    /// A scalar in quotes, in a block, or tagged as a string.
    Text(String),
    /// What a `!!binary` held, where that is not a text.
    Bytes(Vec<u8>),
    List(Vec<NodeId>),
    Map {
        entries: Vec<Entry>,
        /// Keys that were there already.
        repeated: Vec<NodeId>,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: NodeId,
    pub(super) value: NodeId,
}

impl Document {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The nodes of a document that is being made.
    pub(super) fn nodes_mut(&mut self) -> &mut Vec<Node> {
        Arc::make_mut(&mut self.nodes)
    }

    /// The text of a key.
    pub(super) fn key_text(&self, key: NodeId) -> Option<&str> {
        match &self.node(key).content {
            Content::Plain(text) | Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn path_of(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some((parent, step)) = &self.node(at).parent {
            steps.push(step.clone());
            at = *parent;
        }
        steps.reverse();
        DisplayPath(&steps).to_string()
    }

    /// The elements of a list that is the whole document, each as a document of its own whose places are those of the whole.
    pub fn elements(&self) -> Option<Vec<Document>> {
        let Content::List(elements) = &self.node(self.root?).content else { return None };
        Some(elements.iter().map(|id| Document { nodes: Arc::clone(&self.nodes), root: Some(*id) }).collect())
    }

    /// Whether there is nothing but comments.
    pub fn is_empty(&self) -> bool {
        self.root
            .is_none_or(|root| matches!(&self.node(root).content, Content::Plain(text) if matches!(&**text, "" | "~")))
    }

    /// The text of the scalar at the end of a path, as it was written.
    pub fn text_at(&self, path: &[Step]) -> Option<&str> {
        let (id, _, n_taken) = self.follow(path)?;
        if n_taken == path.len() { self.key_text(id) } else { None }
    }

    /// The entry of a key in the map at the end of a path, with the value's and the key's bytes.
    pub fn find(&self, path: &[Step]) -> Option<(Span, Span)> {
        let (id, key, n_taken) = self.follow(path)?;
        let value = self.node(id).span;
        (n_taken == path.len()).then(|| (value, key.map_or(value, |key| self.node(key).span)))
    }

    /// The keys of the map at the end of a path, with their bytes, in the order of the text.
    pub fn keys(&self, path: &[Step]) -> Vec<(&str, Span)> {
        let Some((id, _, n_taken)) = self.follow(path) else { return Vec::new() };
        match &self.node(id).content {
            Content::Map { entries, .. } if n_taken == path.len() => {
                let text = |entry: &Entry| Some((self.key_text(entry.key)?, self.node(entry.key).span));
                entries.iter().filter_map(text).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Goes through all keys, those of a section before those within it. `visit` is given the path, the key's bytes and
    /// the text of its value where that is a scalar; it says whether what stands within is of interest too.
    pub fn visit_keys(&self, visit: &mut impl FnMut(&[Step], Span, Option<&str>) -> bool) {
        let mut budget = MAX_VISITED_KEYS;
        if let Some(root) = self.root {
            self.visit_keys_in(root, &mut Vec::new(), &mut budget, visit);
        }
    }

    fn visit_keys_in(
        &self,
        id: NodeId,
        path: &mut Vec<Step>,
        budget: &mut usize,
        visit: &mut impl FnMut(&[Step], Span, Option<&str>) -> bool,
    ) {
        match &self.node(id).content {
            Content::List(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    path.push(Step::Index(index));
                    self.visit_keys_in(*element, path, budget, visit);
                    path.pop();
                }
            }
            Content::Map { entries, .. } => {
                for entry in entries {
                    *budget = budget.saturating_sub(1);
                    path.push(Step::Key(self.key_text(entry.key).unwrap_or_default().to_owned()));
                    let is_of_interest = visit(path, self.node(entry.key).span, self.key_text(entry.value));
                    if is_of_interest && *budget > 0 {
                        self.visit_keys_in(entry.value, path, budget, visit);
                    }
                    path.pop();
                }
            }
            Content::Plain(_) | Content::Text(_) | Content::Bytes(_) => {}
        }
    }

    /// A mistake that was found by a check, at its place. Of what is missing, the place is where it should be.
    pub fn locate(&self, fault: &Fault) -> Problem {
        let place = self.follow(&fault.path);
        let span = place.map_or(Span::default(), |(id, key, _)| {
            let node = self.node(id);
            match (&node.content, key) {
                // A whole section is shown by its name.
                (Content::List(_) | Content::Map { .. }, Some(key)) => self.node(key).span,
                (Content::Map { entries, .. }, None) => {
                    entries.first().map_or(node.span, |entry| self.node(entry.key).span)
                }
                // So is what has no bytes of its own.
                (_, Some(key)) if node.span.start == node.span.end => self.node(key).span,
                _ => node.span,
            }
        });
        let path = DisplayPath(&fault.path).to_string();
        Problem { span, path, message: fault.message.clone(), help: None }
    }

    /// As far as there are nodes: the last, its key if it has one, and how many steps that were.
    fn follow(&self, path: &[Step]) -> Option<(NodeId, Option<NodeId>, usize)> {
        let mut at = (self.root?, None, 0);
        for (i, step) in path.iter().enumerate() {
            let next = match (&self.node(at.0).content, step) {
                (Content::List(elements), Step::Index(index)) => elements.get(*index).map(|id| (*id, None)),
                (Content::Map { entries, .. }, Step::Key(key)) => {
                    let entry = entries.iter().find(|entry| self.key_text(entry.key) == Some(key));
                    entry.map(|entry| (entry.value, Some(entry.key)))
                }
                _ => None,
            };
            let Some((id, key)) = next else { break };
            at = (id, key, i + 1);
        }
        Some(at)
    }
}
