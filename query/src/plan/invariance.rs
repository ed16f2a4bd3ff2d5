//! What is the same at all times of a query: selectors with `@`, and what is made of them and of numbers alone.

use crate::syntax::{Expr, Function, Node, NodeId, NodeKind};

/// Whether a node is the same at all times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Invariance {
    /// It is.
    pub(super) is_invariant: bool,
    /// It is, and it is worth evaluating once instead of at each time.
    pub(super) is_worth_it: bool,
}

/// Functions of the time at which they are evaluated.
const FUNCTIONS_OF_TIME: [&str; 11] = [
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "hour",
    "minute",
    "month",
    "predict_linear",
    "time",
    "timestamp",
    "year",
];

/// The invariance of all nodes, each of which stands behind its children.
pub(super) fn invariance(expr: &Expr) -> Vec<Invariance> {
    let mut found: Vec<Invariance> = Vec::with_capacity(expr.nodes.len());
    for node in &expr.nodes {
        let of = |id: NodeId| found[id.index()];
        found.push(match &node.kind {
            NodeKind::Number { .. } | NodeKind::String(_) => Invariance { is_invariant: true, is_worth_it: false },
            NodeKind::VectorSelector(selector) => both(selector.at.is_some()),
            NodeKind::MatrixSelector { selector, .. } => Invariance { is_worth_it: false, ..of(*selector) },
            NodeKind::Subquery(subquery) => both(subquery.at.is_some()),
            // Prometheus forgets the parameter, so that all steps have that of the first one.
            NodeKind::Aggregate(aggregate) if aggregate.param.is_some_and(|param| !of(param).is_invariant) => {
                both(false)
            }
            NodeKind::Aggregate(aggregate) => of(aggregate.expr),
            NodeKind::Binary(binary) => both(of(binary.left).is_invariant && of(binary.right).is_invariant),
            NodeKind::Paren(inner) | NodeKind::Unary { expr: inner, .. } => of(*inner),
            NodeKind::Call { function, args } => call(expr, function, args, &found),
            NodeKind::Duration(_) => Invariance::default(),
        });
    }
    found
}

fn both(is_invariant: bool) -> Invariance {
    Invariance { is_invariant, is_worth_it: is_invariant }
}

fn call(expr: &Expr, function: &Function, args: &[NodeId], found: &[Invariance]) -> Invariance {
    if is_settled_by_query(function) {
        return Invariance { is_invariant: true, is_worth_it: false };
    }
    let are_args_invariant = args.iter().all(|arg| found[arg.index()].is_invariant);
    let is_timestamp_of_selector = function.name == "timestamp"
        && args.iter().all(|&arg| matches!(unwrapped(expr, arg).kind, NodeKind::VectorSelector(_)));
    let depends_on_time = FUNCTIONS_OF_TIME.contains(&function.name) && !is_timestamp_of_selector;
    both(are_args_invariant && !depends_on_time)
}

/// Functions whose value the query's times alone decide: they are numbers.
pub(super) fn is_settled_by_query(function: &Function) -> bool {
    matches!(function.name, "start" | "end" | "range" | "step")
}

/// A node without the parentheses around it.
pub(super) fn unwrapped(expr: &Expr, id: NodeId) -> &Node {
    expr.node(unwrapped_id(expr, id))
}

/// The id of a node without the parentheses around it.
pub(super) fn unwrapped_id(expr: &Expr, mut id: NodeId) -> NodeId {
    while let NodeKind::Paren(inner) = expr.node(id).kind {
        id = inner;
    }
    id
}
