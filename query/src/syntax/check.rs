//! The second pass: types, numbers of arguments, and which modifiers go with which operators.
//!
//! The order in which errors come is Prometheus's: mostly children first. A stack of tasks instead of recursion walks
//! expressions of any length.

use model::labels::METRIC_NAME;
use model::name::quoted;

use super::ast::{AggregateOp, BinaryOp, Cardinality, Node, NodeId, NodeKind};
use super::error::ParseError;
use super::function::{Function, Variadic};
use super::span::{Lines, Span};
use super::value_type::ValueType;

/// Checks a tree that the grammar has made, settles what its operators match by, and answers what is wrong.
pub(super) fn check(nodes: &mut [Node], root: NodeId, source: &[u8]) -> Vec<ParseError> {
    let mut checker = Checker { nodes, source, lines: None, errors: Vec::new(), tasks: vec![Task::Enter(root)] };
    while let Some(task) = checker.tasks.pop() {
        checker.run(task);
    }
    checker.errors
}

struct Checker<'a> {
    nodes: &'a mut [Node],
    source: &'a [u8],
    /// Made for the first error.
    lines: Option<Lines>,
    errors: Vec<ParseError>,
    /// What is to be done, the next thing last.
    tasks: Vec<Task>,
}

#[derive(Clone, Copy)]
enum Task {
    /// Check what comes before the children, and plan the rest.
    Enter(NodeId),
    /// Check what comes behind the children.
    Leave(NodeId),
    /// Check the type of an argument or parameter behind its own check.
    Expect { node: NodeId, wanted: ValueType, role: Role },
}

/// What a node is to the one above it.
#[derive(Clone, Copy)]
enum Role {
    Aggregated,
    Parameter,
    Argument(&'static Function),
}

impl Checker<'_> {
    fn run(&mut self, task: Task) {
        match task {
            Task::Enter(id) => self.enter(id),
            Task::Leave(id) => self.leave(id),
            Task::Expect { node, wanted, role } => self.expect(node, wanted, role),
        }
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    fn type_of(&self, id: NodeId) -> ValueType {
        self.node(id).value_type
    }

    fn error(&mut self, span: Span, message: String) {
        let position = self.lines.get_or_insert_with(|| Lines::of(self.source)).position(span.start);
        self.errors.push(ParseError { span, position, message, expected: Default::default() });
    }

    fn enter(&mut self, id: NodeId) {
        match &self.node(id).kind {
            NodeKind::Number { .. } | NodeKind::String(_) | NodeKind::Duration(_) => {}
            NodeKind::VectorSelector(_) => self.check_selector(id),
            &(NodeKind::Paren(expr) | NodeKind::MatrixSelector { selector: expr, .. }) => {
                self.tasks.push(Task::Enter(expr));
            }
            &NodeKind::Unary { expr, .. } => self.tasks.extend([Task::Leave(id), Task::Enter(expr)]),
            NodeKind::Subquery(subquery) => {
                let expr = subquery.expr;
                self.tasks.extend([Task::Leave(id), Task::Enter(expr)]);
            }
            NodeKind::Binary(binary) => {
                let (left, right) = (binary.left, binary.right);
                self.tasks.extend([Task::Leave(id), Task::Enter(right), Task::Enter(left)]);
            }
            NodeKind::Aggregate(_) => self.enter_aggregate(id),
            NodeKind::Call { .. } => self.enter_call(id),
        }
    }

    fn leave(&mut self, id: NodeId) {
        let span = self.node(id).span;
        match &self.node(id).kind {
            &NodeKind::Unary { expr, .. } => {
                let found = self.type_of(expr);
                if !is_scalar_or_vector(found) {
                    let message = format!(
                        "unary expression only allowed on expressions of type scalar or instant vector, got \"{found}\""
                    );
                    self.error(span, message);
                }
            }
            NodeKind::Subquery(subquery) => {
                let found = self.type_of(subquery.expr);
                if found != ValueType::Vector {
                    let found = found.as_str();
                    self.error(span, format!("subquery is only allowed on instant vector, got {found} instead"));
                }
            }
            NodeKind::Binary(_) => self.check_binary(id),
            _ => {}
        }
    }

    fn expect(&mut self, id: NodeId, wanted: ValueType, role: Role) {
        let found = self.type_of(id);
        if found == wanted {
            return;
        }
        let message = match role {
            Role::Aggregated => format!("expected type {wanted} in aggregation expression, got {found}"),
            Role::Parameter => format!("expected type {wanted} in aggregation parameter, got {found}"),
            Role::Argument(function) => {
                format!("expected type {wanted} in call to function \"{}\", got {found}", function.name)
            }
        };
        self.error(self.node(id).span, message);
    }

    fn enter_aggregate(&mut self, id: NodeId) {
        let NodeKind::Aggregate(aggregate) = &self.node(id).kind else { return };
        let (op, expr, param) = (aggregate.op, aggregate.expr, aggregate.param);
        if let Some(param) = param {
            let wanted = if op == AggregateOp::CountValues { ValueType::String } else { ValueType::Scalar };
            self.tasks.push(Task::Expect { node: param, wanted, role: Role::Parameter });
            self.tasks.push(Task::Enter(param));
        }
        self.tasks.push(Task::Expect { node: expr, wanted: ValueType::Vector, role: Role::Aggregated });
        self.tasks.push(Task::Enter(expr));
    }

    fn enter_call(&mut self, id: NodeId) {
        let Node { span, kind: NodeKind::Call { function, args }, .. } = self.node(id) else { return };
        let (span, function, args) = (*span, *function, args.clone());
        self.check_n_args(span, function, args.len());
        if function.name == "info" && args.len() > 1 {
            self.check_info_selector(span, function, args[1]);
        }
        let n_checked =
            if function.variadic == Variadic::No { function.args.len().min(args.len()) } else { args.len() };
        for (at, &node) in args[..n_checked].iter().enumerate().rev() {
            let wanted = function.args[at.min(function.args.len() - 1)];
            self.tasks.push(Task::Expect { node, wanted, role: Role::Argument(function) });
            self.tasks.push(Task::Enter(node));
        }
    }

    fn check_n_args(&mut self, span: Span, function: &Function, n_args: usize) {
        let (name, n_listed) = (function.name, function.args.len());
        let n_least = n_listed.saturating_sub(1);
        let bound = match function.variadic {
            Variadic::No if n_args != n_listed => format!("{n_listed}"),
            Variadic::No => return,
            _ if n_args < n_least => format!("at least {n_least}"),
            Variadic::UpTo(n_more) if n_args > n_least + n_more => format!("at most {}", n_least + n_more),
            _ => return,
        };
        self.error(span, format!("expected {bound} argument(s) in call to \"{name}\", got {n_args}"));
    }

    /// The second argument of `info` looks like a selector, but only its labels count.
    fn check_info_selector(&mut self, call: Span, function: &Function, arg: NodeId) {
        let found = self.type_of(arg);
        if found != ValueType::Vector {
            let wanted = ValueType::Vector;
            let message = format!("expected type {wanted} in call to function \"{}\", got {found}", function.name);
            self.error(call, message);
        }
        let node = &mut self.nodes[arg.index()];
        let span = node.span;
        match &mut node.kind {
            NodeKind::VectorSelector(selector) if selector.name.is_empty() => selector.may_match_all = true,
            NodeKind::VectorSelector(_) => {
                self.error(span, "expected label selectors only, got vector selector instead".to_owned());
            }
            _ => self.error(span, "expected label selectors only".to_owned()),
        }
    }

    fn check_selector(&mut self, id: NodeId) {
        let Node { span, kind: NodeKind::VectorSelector(selector), .. } = self.node(id) else { return };
        let span = *span;
        if selector.name.is_empty() {
            let selects_all = selector.matchers.iter().all(model::Matcher::matches_empty);
            if selects_all && !selector.may_match_all {
                self.error(span, "vector selector must contain at least one non-empty matcher".to_owned());
            }
            return;
        }
        let in_braces = &selector.matchers[..selector.matchers.len() - 1];
        let name = quoted(&selector.name);
        let repeated = in_braces.iter().filter(|matcher| matcher.name() == METRIC_NAME);
        let messages: Vec<String> = repeated
            .map(|matcher| format!("metric name must not be set twice: {name} or {}", quoted(matcher.value())))
            .collect();
        for message in messages {
            self.error(span, message);
        }
    }

    fn check_binary(&mut self, id: NodeId) {
        let Node { span, kind: NodeKind::Binary(binary), .. } = self.node(id) else { return };
        let (span, op, is_bool) = (*span, binary.op, binary.is_bool);
        let (left, right) = (self.node(binary.left), self.node(binary.right));
        let (left_span, right_span) = (left.span, right.span);
        let (left_type, right_type) = (left.value_type, right.value_type);
        let operator_span = self.operator_span(left_span, right_span);
        let are_vectors = left_type == ValueType::Vector && right_type == ValueType::Vector;

        if is_bool && !op.is_comparison() {
            self.error(operator_span, "bool modifier can only be used on comparison operators".to_owned());
        }
        let are_scalars = left_type == ValueType::Scalar && right_type == ValueType::Scalar;
        if op.is_comparison() && !is_bool && are_scalars {
            self.error(operator_span, "comparisons between scalars must use BOOL modifier".to_owned());
        }
        self.check_matching_labels(id, operator_span);
        for (side, found) in [(left_span, left_type), (right_span, right_type)] {
            if !is_scalar_or_vector(found) {
                let message = "binary expression must contain only scalar and instant vector types";
                self.error(side, message.to_owned());
            }
        }
        if !are_vectors {
            self.refuse_matching(id, span);
        } else if op.is_set() {
            self.check_set_operator(id, span, op);
        }
        if op.is_set() && (left_type == ValueType::Scalar || right_type == ValueType::Scalar) {
            let op = op.as_str();
            self.error(span, format!("set operator \"{op}\" not allowed in binary scalar expression"));
        }
    }

    /// The operator and its modifiers, from the first character that is not blank to the last one, without that.
    fn operator_span(&self, left: Span, right: Span) -> Span {
        let is_blank = |at: u32| matches!(self.source.get(at as usize), Some(b' ' | b'\t' | b'\n' | b'\r'));
        let mut start = left.end;
        while is_blank(start) {
            start += 1;
        }
        let mut end = right.start.saturating_sub(1);
        while end > 0 && is_blank(end) {
            end -= 1;
        }
        Span { start, end }
    }

    fn check_matching_labels(&mut self, id: NodeId, operator_span: Span) {
        let NodeKind::Binary(binary) = &mut self.nodes[id.index()].kind else { return };
        let Some(matching) = &mut binary.matching else { return };
        if binary.op.is_set() && matching.card == Cardinality::OneToOne {
            matching.card = Cardinality::ManyToMany;
        }
        let mut repeated = Vec::new();
        for label in &matching.labels {
            let n_times = matching.include.iter().filter(|included| matching.on && *included == label).count();
            let message = format!("label {} must not occur in ON and GROUP clause at once", quoted(label));
            repeated.extend(std::iter::repeat_n(message, n_times));
        }
        for message in repeated {
            self.error(operator_span, message);
        }
    }

    /// Where one side is no vector there is nothing to match.
    fn refuse_matching(&mut self, id: NodeId, span: Span) {
        let NodeKind::Binary(binary) = &mut self.nodes[id.index()].kind else { return };
        let Some(matching) = binary.matching.take() else { return };
        if !matching.labels.is_empty() {
            self.error(span, "vector matching only allowed between instant vectors".to_owned());
        }
        if matching.fill_left.is_some() || matching.fill_right.is_some() {
            self.error(span, "filling in missing series only allowed between instant vectors".to_owned());
        }
    }

    fn check_set_operator(&mut self, id: NodeId, span: Span, op: BinaryOp) {
        let NodeKind::Binary(binary) = &self.node(id).kind else { return };
        let Some(matching) = &binary.matching else { return };
        let is_grouped = matches!(matching.card, Cardinality::OneToMany | Cardinality::ManyToOne);
        let is_filled = matching.fill_left.is_some() || matching.fill_right.is_some();
        if is_grouped {
            self.error(span, format!("no grouping allowed for \"{}\" operation", op.as_str()));
            self.error(span, "set operations must always be many-to-many".to_owned());
        }
        if is_filled {
            self.error(span, "filling in missing series not allowed for set operators".to_owned());
        }
    }
}

fn is_scalar_or_vector(found: ValueType) -> bool {
    matches!(found, ValueType::Scalar | ValueType::Vector)
}
