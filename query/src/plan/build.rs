//! From the tree of an expression to the nodes of a plan.

use model::storage::{Grouping, SelectHints};

use super::invariance::unwrapped_id;
use super::lengths::Lengths;
use super::places::{Place, Places, at_ms};
use super::{AggregateOf, Grid, MapOp, Op, Plan, PlanNode, QueryTimes, Selection, Slot};
use crate::engine::QueryError;
use crate::syntax::{
    Aggregate, AggregateOp, Binary, Expr, Length, Node, NodeId, NodeKind, Span, ValueType, VectorSelector,
};

/// Plans an expression for the times of a query.
///
/// # Errors
/// When it cannot be evaluated whatever the data.
pub(crate) fn plan(
    expr: &Expr,
    times: QueryTimes,
    lookback_ms: i64,
    default_subquery_step_ms: i64,
) -> Result<Plan, QueryError> {
    let lengths = Lengths::new(expr, times);
    let places = Places::of(expr, times, default_subquery_step_ms, &lengths).map_err(QueryError::Invalid)?;
    let parents = parents(expr);
    let mut builder = Builder {
        expr,
        times,
        lookback_ms,
        lengths: &lengths,
        places,
        parents,
        absorbed: vec![false; expr.nodes.len()],
        slots: vec![None; expr.nodes.len()],
        nodes: Vec::new(),
    };
    builder.absorb_arguments();
    for at in 0..expr.nodes.len() {
        if let (Some(place), false) = (builder.places[at], builder.absorbed[at]) {
            builder.build(NodeId::at(at), place)?;
        }
    }
    Ok(Plan { nodes: builder.nodes, grid: times.grid(), is_ordered: is_ordered(expr) })
}

pub(super) struct Builder<'a> {
    pub(super) expr: &'a Expr,
    pub(super) times: QueryTimes,
    lookback_ms: i64,
    lengths: &'a Lengths<'a>,
    places: Vec<Option<Place>>,
    parents: Vec<Option<NodeId>>,
    /// Nodes that are part of the one around them.
    absorbed: Vec<bool>,
    slots: Vec<Option<Slot>>,
    nodes: Vec<PlanNode>,
}

impl<'a> Builder<'a> {
    pub(super) fn node(&self, id: NodeId) -> &'a Node {
        self.expr.node(id)
    }

    /// A node without the parentheses around it.
    pub(super) fn bare(&self, id: NodeId) -> &'a Node {
        self.expr.node(unwrapped_id(self.expr, id))
    }

    /// The id of a node without the parentheses around it.
    pub(super) fn bare_id(&self, id: NodeId) -> NodeId {
        unwrapped_id(self.expr, id)
    }

    /// The slot of a node that was built.
    pub(super) fn slot(&self, id: NodeId) -> Slot {
        self.slots[id.index()].expect("a node is built before those around it")
    }

    /// The times at which the result of a node is wanted.
    pub(super) fn grid_wanted(&self, id: NodeId) -> Grid {
        let place = self.places[id.index()];
        place.map_or(Grid { start_ms: 0, step_ms: 1, n_steps: 0 }, |place| place.spread.unwrap_or(place.grid))
    }

    pub(super) fn push(&mut self, id: NodeId, grid: Grid, op: Op) -> Slot {
        self.nodes.push(PlanNode { id, span: self.node(id).span, grid, op });
        self.nodes.len() - 1
    }

    fn build(&mut self, id: NodeId, place: Place) -> Result<(), QueryError> {
        let grid = place.grid;
        let slot = match &self.node(id).kind {
            NodeKind::Number { value, .. } => self.push(id, grid, Op::Number(*value)),
            NodeKind::String(text) => self.push(id, grid, Op::Text(text.clone())),
            NodeKind::VectorSelector(selector) => {
                let selection = self.selection(id, selector, None, grid)?;
                self.push(id, grid, Op::Select(selection))
            }
            NodeKind::MatrixSelector { selector, range } => {
                let selection = self.range_selection(id, *selector, *range, grid)?;
                self.push(id, grid, Op::SelectRange(selection))
            }
            NodeKind::Subquery(subquery) => {
                let input = self.slot(subquery.expr);
                self.push(id, grid, Op::SubqueryRange { input })
            }
            NodeKind::Aggregate(aggregate) => {
                let op = self.aggregate(id, aggregate)?;
                self.push(id, grid, op)
            }
            NodeKind::Binary(binary) => {
                let op = self.binary(binary);
                self.push(id, grid, op)
            }
            NodeKind::Call { function, args } => self.call(id, function, args, grid)?,
            NodeKind::Paren(inner) => self.slot(*inner),
            NodeKind::Unary { is_minus: false, expr } => self.slot(*expr),
            NodeKind::Unary { is_minus: true, expr } => {
                let input = self.slot(*expr);
                let op = match self.node(*expr).value_type {
                    ValueType::Scalar => Op::NegateScalars { input },
                    _ => Op::Map { map: MapOp::Negate, input, scalars: Vec::new() },
                };
                self.push(id, grid, op)
            }
            NodeKind::Duration(_) => return Ok(()),
        };
        let slot = match place.spread {
            Some(wanted) => self.push(id, wanted, Op::Spread { input: slot }),
            None => slot,
        };
        self.slots[id.index()] = Some(slot);
        Ok(())
    }

    fn binary(&self, binary: &Binary) -> Op {
        let (left, right) = (self.slot(binary.left), self.slot(binary.right));
        let is_scalar = |id: NodeId| self.node(id).value_type == ValueType::Scalar;
        let map = |is_swapped| MapOp::Scalar { op: binary.op, is_swapped, is_bool: binary.is_bool };
        match (is_scalar(binary.left), is_scalar(binary.right)) {
            (true, true) => Op::Scalars { op: binary.op, left, right },
            (true, false) => Op::Map { map: map(true), input: right, scalars: vec![left] },
            (false, true) => Op::Map { map: map(false), input: left, scalars: vec![right] },
            (false, false) => Op::Binary {
                op: binary.op,
                is_bool: binary.is_bool,
                matching: binary.matching.clone().unwrap_or_default(),
                left,
                right,
            },
        }
    }

    fn aggregate(&self, id: NodeId, aggregate: &Aggregate) -> Result<Op, QueryError> {
        let mut labels = aggregate.grouping.clone();
        let mut value_label = None;
        let mut param = None;
        if let Some(id) = aggregate.param {
            match &self.bare(id).kind {
                NodeKind::String(label) if aggregate.op == AggregateOp::CountValues => {
                    if label.is_empty() {
                        return Err(QueryError::Execution("invalid label name \"\"".to_owned()));
                    }
                    if !aggregate.without {
                        labels.push(label.clone());
                    }
                    value_label = Some(label.clone());
                }
                _ => param = Some((self.slot(id), self.bare(id).span)),
            }
        }
        labels.sort_unstable();
        labels.dedup();
        Ok(Op::Aggregate(Box::new(AggregateOf {
            op: aggregate.op,
            input: self.slot(aggregate.expr),
            span: self.node(id).span,
            input_span: self.bare(aggregate.expr).span,
            param,
            value_label,
            grouping: Grouping { labels, by: !aggregate.without },
        })))
    }

    /// What a selector reads where it is evaluated at the times of `grid`.
    pub(super) fn selection(
        &self,
        id: NodeId,
        selector: &VectorSelector,
        range: Option<(Length, Span)>,
        grid: Grid,
    ) -> Result<Selection, QueryError> {
        let invalid = QueryError::Invalid;
        let (function, grouping) = self.around(id);
        let mut selection = Selection {
            matchers: selector.matchers.clone(),
            hints: SelectHints { function, grouping, ..SelectHints::default() },
            at_ms: at_ms(selector.at, self.times),
            offset_ms: self.lengths.signed(selector.offset).map_err(invalid)?,
            range_ms: range.map_or(Ok(0), |(range, _)| self.lengths.positive(range)).map_err(invalid)?,
            border: selector.border,
            span: range.map_or(self.node(id).span, |(_, span)| span),
        };
        selection.set_interval(grid, self.lookback_ms);
        Ok(selection)
    }

    /// What a range selector reads.
    pub(super) fn range_selection(
        &self,
        id: NodeId,
        selector: NodeId,
        range: Length,
        grid: Grid,
    ) -> Result<Selection, QueryError> {
        let NodeKind::VectorSelector(vector) = &self.node(selector).kind else {
            return Err(QueryError::Invalid("ranges only allowed for vector selectors".to_owned()));
        };
        self.selection(selector, vector, Some((range, self.node(id).span)), grid)
    }

    /// The offset, range and fixed time of a subquery.
    pub(super) fn subquery_window(&self, id: NodeId) -> Result<(Slot, Option<i64>, i64, i64), QueryError> {
        let NodeKind::Subquery(subquery) = &self.node(id).kind else {
            return Err(QueryError::Invalid("not a subquery".to_owned()));
        };
        let offset_ms = self.lengths.signed(subquery.offset).map_err(QueryError::Invalid)?;
        let range_ms = self.lengths.positive(subquery.range).map_err(QueryError::Invalid)?;
        Ok((self.slot(subquery.expr), at_ms(subquery.at, self.times), offset_ms, range_ms))
    }

    pub(super) fn lookback_ms(&self) -> i64 {
        self.lookback_ms
    }

    /// A length that has been computed before without an error.
    pub(super) fn signed(&self, length: Length) -> i64 {
        self.lengths.signed(length).unwrap_or(0)
    }

    /// The function or aggregation around a selector, and the grouping where an aggregation is directly around it.
    fn around(&self, id: NodeId) -> (Option<&'static str>, Option<Grouping>) {
        let mut grouping = None;
        let mut is_direct = true;
        let mut current = id;
        while let Some(parent) = self.parents[current.index()] {
            match &self.node(parent).kind {
                NodeKind::Call { function, .. } => return (Some(function.name), grouping),
                NodeKind::Aggregate(aggregate) => {
                    if is_direct {
                        let labels = aggregate.grouping.clone();
                        grouping = Some(Grouping { labels, by: !aggregate.without });
                    }
                    return (Some(aggregate.op.as_str()), grouping);
                }
                NodeKind::Binary(_) => return (None, None),
                _ => is_direct = false,
            }
            current = parent;
        }
        (None, None)
    }

    /// Marks what is no value of its own but part of the node around it.
    fn absorb_arguments(&mut self) {
        for at in (0..self.expr.nodes.len()).rev() {
            match &self.expr.nodes[at].kind {
                NodeKind::MatrixSelector { selector, .. } => self.absorbed[selector.index()] = true,
                NodeKind::Aggregate(aggregate) if aggregate.op == AggregateOp::CountValues => {
                    aggregate.param.into_iter().for_each(|param| self.absorb(param));
                }
                NodeKind::Call { function, args } => {
                    for (position, &arg) in args.iter().enumerate() {
                        let is_part = match &self.bare(arg).kind {
                            NodeKind::String(_) | NodeKind::MatrixSelector { .. } | NodeKind::Subquery(_) => true,
                            NodeKind::VectorSelector(_) => {
                                matches!(function.name, "timestamp" | "start_timestamp")
                                    || (function.name == "info" && position == 1)
                            }
                            _ => false,
                        };
                        if is_part {
                            self.absorb(arg);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Marks a node and the parentheses around it.
    fn absorb(&mut self, mut id: NodeId) {
        self.absorbed[id.index()] = true;
        while let NodeKind::Paren(inner) = self.node(id).kind {
            id = inner;
            self.absorbed[id.index()] = true;
        }
    }
}

fn parents(expr: &Expr) -> Vec<Option<NodeId>> {
    let mut parents = vec![None; expr.nodes.len()];
    for (at, node) in expr.nodes.iter().enumerate() {
        node.kind.for_each_child(|child| parents[child.index()] = Some(NodeId::at(at)));
    }
    parents
}

/// Whether a query says in which order its series are: where a sorting function or `topk` is changed by nothing that
/// forgets it.
fn is_ordered(expr: &Expr) -> bool {
    let mut id = expr.root();
    loop {
        id = match &expr.node(id).kind {
            NodeKind::Paren(inner) | NodeKind::Unary { expr: inner, .. } => *inner,
            NodeKind::Aggregate(aggregate) => {
                return matches!(aggregate.op, AggregateOp::Topk | AggregateOp::Bottomk);
            }
            NodeKind::Call { function, .. } if function.name.starts_with("sort") => return true,
            NodeKind::Call { args, .. } => match args.first() {
                Some(&arg) if expr.node(arg).value_type == ValueType::Vector => arg,
                _ => return false,
            },
            NodeKind::Binary(binary) if !binary.op.is_set() => {
                let is_scalar = |id: NodeId| expr.node(id).value_type == ValueType::Scalar;
                match (is_scalar(binary.left), is_scalar(binary.right)) {
                    (true, false) => binary.right,
                    (false, true) => binary.left,
                    _ => return false,
                }
            }
            _ => return false,
        };
    }
}
