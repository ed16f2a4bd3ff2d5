//! The routing tree: to whom an alert is told, and with which others.
//!
//! A [`RouteTree`] is made of `route` in the configuration. An alert goes from the root to the first child that it matches,
//! and so on; where a child says `continue`, its siblings are asked too. Where no child matches, the node itself is the
//! answer. A node that does not say something has it from its parent, but for its matchers and its intervals.

mod options;
mod tree;

#[cfg(test)]
mod suite;

pub use options::{GroupBy, RouteOptions};
pub use tree::{Route, RouteTree};
