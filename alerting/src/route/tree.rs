//! The tree and its nodes.

use std::fmt::Write;

use model::{Labels, name};

use super::options::RouteOptions;
use crate::config::RouteConfig;
use crate::matcher::Matchers;

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its place in [`RouteTree::routes`].
    pub index: usize,
    /// What it says, or has from its parent.
    pub options: RouteOptions,
    /// Which alerts are for it, sorted.
    pub matchers: Matchers,
    /// Whether its siblings are asked too.
    pub is_continued: bool,
    /// The matchers of the nodes from the root to this one: `{}/{team="a"}`. Other nodes may have the same. Where a node has a key
    /// of its own, that stands in their place.
    pub key: String,
    /// The key with each node's place among its siblings: `{}/{team="a"}/0`. No other node has the same.
    pub id: String,
    children: Vec<usize>,
}

impl Route {
    /// The group of an alert, as Alertmanager writes it: `{}/{team="a"}:{alertname="x"}`.
    pub fn group_key(&self, group_labels: &Labels) -> String {
        let mut key = format!("{}:{{", self.key);
        for (i, (name, value)) in group_labels.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(key, "{separator}{name}={}", name::quoted(value)).unwrap_or_default();
        }
        key.push('}');
        key
    }
}

/// All routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTree {
    /// Each before its children, which come in the order of the file. The first is the root.
    routes: Vec<Route>,
}

impl RouteTree {
    /// The tree of a configuration that has been checked.
    pub fn new(config: &RouteConfig) -> RouteTree {
        let mut tree = RouteTree { routes: Vec::new() };
        tree.add(config, None);
        tree
    }

    /// Adds a node and what is below it. Nodes are no deeper than YAML may be.
    fn add(&mut self, config: &RouteConfig, parent: Option<(usize, usize)>) -> usize {
        let index = self.routes.len();
        let matchers = config.all_matchers();
        let default = RouteOptions::default();
        let (options, key, id) = match parent {
            None => (default.inherited_by(config), matchers.to_string(), matchers.to_string()),
            Some((parent, place)) => {
                let Route { options, key, id, .. } = &self.routes[parent];
                let options = options.inherited_by(config);
                match &config.key {
                    Some(own) => (options, format!("{key}/{{{own}}}"), format!("{id}/{{{own}}}")),
                    None => (options, format!("{key}/{matchers}"), format!("{id}/{matchers}/{place}")),
                }
            }
        };
        let is_continued = config.is_continued;
        self.routes.push(Route { index, options, matchers, is_continued, key, id, children: Vec::new() });
        // Those with keys of their own have no places, so that they change no other's id.
        let places = config.routes.iter().scan(0, |next, child| {
            let place = *next;
            *next += usize::from(child.key.is_none());
            Some((place, child))
        });
        let children = places.map(|(place, child)| self.add(child, Some((index, place)))).collect();
        self.routes[index].children = children;
        index
    }

    /// All routes, each before its children. The first is the root.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The children of a route, in the order of the file.
    pub fn children(&self, route: &Route) -> impl Iterator<Item = &Route> {
        route.children.iter().map(|child| &self.routes[*child])
    }

    /// The routes that an alert with these labels takes, in the order of the file.
    pub fn matching(&self, labels: &Labels) -> Vec<&Route> {
        let mut found = Vec::new();
        if let Some(root) = self.routes.first().filter(|root| root.matchers.matches(labels)) {
            self.descend(root, labels, &mut found);
        }
        found
    }

    /// Goes on from a node that matches.
    fn descend<'t>(&'t self, route: &'t Route, labels: &Labels, found: &mut Vec<&'t Route>) {
        let n_before = found.len();
        for child in self.children(route) {
            if child.matchers.matches(labels) {
                self.descend(child, labels, found);
                if !child.is_continued {
                    break;
                }
            }
        }
        if found.len() == n_before {
            found.push(route);
        }
    }
}
