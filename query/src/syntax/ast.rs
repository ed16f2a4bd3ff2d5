//! The tree of an expression.
//!
//! Nodes stand in one array, each behind its children, and name each other by index. So a chain of twenty thousand
//! operators is walked by a loop and dropped like any array, and nothing that reads a tree needs to recurse. Every node
//! keeps its place in the text.

use model::Matcher;

use super::function::Function;
use super::span::Span;
use super::value_type::ValueType;

/// Names a node of an [`Expr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    pub(crate) fn at(index: usize) -> NodeId {
        NodeId(u32::try_from(index).expect("an expression has fewer nodes than bytes, which are limited"))
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// An expression that is in order: parsed and type-checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
}

impl Expr {
    /// The node of the whole expression.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// What the expression evaluates to.
    pub fn value_type(&self) -> ValueType {
        self.node(self.root).value_type
    }

    /// The nodes of the expression, each before its children, children from left to right; an aggregation's parameter
    /// stands behind what it aggregates.
    pub fn walk(&self) -> Walk<'_> {
        Walk { expr: self, pending: vec![self.root] }
    }

    /// The matchers of all selectors, from left to right.
    pub fn selectors(&self) -> impl Iterator<Item = &[Matcher]> {
        self.walk().filter_map(|id| match &self.node(id).kind {
            NodeKind::VectorSelector(selector) => Some(&*selector.matchers),
            _ => None,
        })
    }
}

/// The nodes of an expression in the order of [`Expr::walk`].
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    expr: &'a Expr,
    pending: Vec<NodeId>,
}

impl Iterator for Walk<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let id = self.pending.pop()?;
        let first_child = self.pending.len();
        self.expr.node(id).kind.for_each_child(|child| self.pending.push(child));
        self.pending[first_child..].reverse();
        Some(id)
    }
}

/// One node of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its place in the text.
    pub span: Span,
    /// What it evaluates to.
    pub value_type: ValueType,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A number, or a duration in seconds.
    Number {
        /// Its value.
        value: f64,
        /// Whether it was written as a duration, and is printed as one.
        is_duration: bool,
    },
    /// A string.
    String(String),
    /// A selector of series.
    VectorSelector(Box<VectorSelector>),
    /// A selector with a range: `selector[range]`.
    MatrixSelector {
        /// A vector selector.
        selector: NodeId,
        /// How far back it reaches.
        range: Length,
    },
    /// `expr[range:step]`
    Subquery(Box<Subquery>),
    /// `sum by (…) (…)`
    Aggregate(Box<Aggregate>),
    /// `left op right`
    Binary(Box<Binary>),
    /// `function(args)`
    Call {
        /// The function.
        function: &'static Function,
        /// Its arguments.
        args: Vec<NodeId>,
    },
    /// `(expr)`
    Paren(NodeId),
    /// `-expr`, or `+expr` where `is_minus` is not set.
    Unary {
        /// The sign.
        is_minus: bool,
        /// The operand.
        expr: NodeId,
    },
    /// A part of a duration that is computed: `[5m + step()]`.
    Duration(DurationExpr),
}

impl NodeKind {
    /// Calls `visit` for each child, from left to right. Computed durations are not children.
    pub fn for_each_child(&self, mut visit: impl FnMut(NodeId)) {
        match self {
            NodeKind::Number { .. } | NodeKind::String(_) | NodeKind::VectorSelector(_) | NodeKind::Duration(_) => {}
            NodeKind::MatrixSelector { selector: expr, .. } | NodeKind::Paren(expr) | NodeKind::Unary { expr, .. } => {
                visit(*expr);
            }
            NodeKind::Subquery(subquery) => visit(subquery.expr),
            NodeKind::Aggregate(aggregate) => {
                visit(aggregate.expr);
                aggregate.param.into_iter().for_each(visit);
            }
            NodeKind::Binary(binary) => {
                visit(binary.left);
                visit(binary.right);
            }
            NodeKind::Call { args, .. } => args.iter().copied().for_each(visit),
        }
    }

    pub(super) fn value_type(&self, nodes: &[Node]) -> ValueType {
        let of = |id: NodeId| nodes[id.index()].value_type;
        match self {
            NodeKind::Number { .. } | NodeKind::Duration(_) => ValueType::Scalar,
            NodeKind::String(_) => ValueType::String,
            NodeKind::VectorSelector(_) | NodeKind::Aggregate(_) => ValueType::Vector,
            NodeKind::MatrixSelector { .. } | NodeKind::Subquery(_) => ValueType::Matrix,
            NodeKind::Binary(binary) => match (of(binary.left), of(binary.right)) {
                (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
                _ => ValueType::Vector,
            },
            NodeKind::Call { function, .. } => function.returns,
            NodeKind::Paren(expr) | NodeKind::Unary { expr, .. } => of(*expr),
        }
    }
}

/// A length of time, signed, as the text says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// In milliseconds; 0 where it is computed.
    pub millis: i64,
    /// The computation, which needs the step and the range of the query.
    pub expr: Option<NodeId>,
}

impl Length {
    /// Whether no length was written.
    pub fn is_absent(self) -> bool {
        self == Length::default()
    }

    /// A length of so many seconds.
    pub(super) fn from_secs(secs: f64) -> Length {
        // Prometheus keeps nanoseconds and cuts them when it evaluates.
        Length { millis: (secs * 1e9).round() as i64 / 1_000_000, expr: None }
    }
}

/// The time that `@` fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Milliseconds since the Unix epoch.
    Time(i64),
    /// `start()`, the first time of the query.
    Start,
    /// `end()`, the last time of the query.
    End,
}

/// How samples at the borders of a range are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Border {
    /// As they are.
    #[default]
    Plain,
    /// `anchored`: the last sample before the range counts as its first.
    Anchored,
    /// `smoothed`: interpolated at both ends.
    Smoothed,
}

/// A selector of series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VectorSelector {
    /// The metric name before the braces; empty where there is none.
    pub name: String,
    /// All conditions; the one that stands for `name` is the last.
    pub matchers: Vec<Matcher>,
    /// `offset`
    pub offset: Length,
    /// `@`
    pub at: Option<At>,
    /// `anchored` or `smoothed`
    pub border: Border,
    /// Whether it may select everything: set for the second argument of `info`.
    pub may_match_all: bool,
}

/// `expr[range:step]`
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated at each step.
    pub expr: NodeId,
    /// How far back it reaches.
    pub range: Length,
    /// The step; absent for the default.
    pub step: Length,
    /// `offset`
    pub offset: Length,
    /// `@`
    pub at: Option<At>,
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which one.
    pub op: AggregateOp,
    /// What is aggregated.
    pub expr: NodeId,
    /// The parameter of `topk` and others.
    pub param: Option<NodeId>,
    /// The labels named.
    pub grouping: Vec<String>,
    /// `without` instead of `by`.
    pub without: bool,
}

/// An operation between two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Which one.
    pub op: BinaryOp,
    /// The left side.
    pub left: NodeId,
    /// The right side.
    pub right: NodeId,
    /// `bool`: a comparison answers 0 or 1 instead of filtering.
    pub is_bool: bool,
    /// How series find each other; `None` unless both sides are vectors.
    pub matching: Option<Matching>,
}

/// How the series of two sides find each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// How many may match how many.
    pub card: Cardinality,
    /// The labels named.
    pub labels: Vec<String>,
    /// `on` instead of `ignoring`.
    pub on: bool,
    /// The labels that `group_left` or `group_right` copies from the other side.
    pub include: Vec<String>,
    /// The value of a missing series on the left.
    pub fill_left: Option<f64>,
    /// The value of a missing series on the right.
    pub fill_right: Option<f64>,
}

/// How many series may match how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cardinality {
    /// The default.
    #[default]
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
    /// Set operators.
    ManyToMany,
}

impl Cardinality {
    /// In words: `many-to-one`.
    pub fn as_str(self) -> &'static str {
        match self {
            Cardinality::OneToOne => "one-to-one",
            Cardinality::ManyToOne => "many-to-one",
            Cardinality::OneToMany => "one-to-many",
            Cardinality::ManyToMany => "many-to-many",
        }
    }
}

/// A part of a duration that is computed, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DurationExpr {
    /// What is computed.
    pub op: DurationOp,
    /// The left side, where there is one.
    pub left: Option<NodeId>,
    /// The right side or the operand, where there is one.
    pub right: Option<NodeId>,
    /// Whether it stands in parentheses.
    pub is_wrapped: bool,
}

macro_rules! operators {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As PromQL writes it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }
    };
}

operators! {
    /// An aggregation operator.
    AggregateOp {
        /// `avg`
        Avg = "avg",
        /// `bottomk`
        Bottomk = "bottomk",
        /// `count`
        Count = "count",
        /// `count_values`
        CountValues = "count_values",
        /// `group`
        Group = "group",
        /// `max`
        Max = "max",
        /// `min`
        Min = "min",
        /// `quantile`
        Quantile = "quantile",
        /// `stddev`
        Stddev = "stddev",
        /// `stdvar`
        Stdvar = "stdvar",
        /// `sum`
        Sum = "sum",
        /// `topk`
        Topk = "topk",
        /// `limitk`
        Limitk = "limitk",
        /// `limit_ratio`
        LimitRatio = "limit_ratio",
    }
}

impl AggregateOp {
    /// Whether it takes a parameter before what it aggregates.
    pub fn has_param(self) -> bool {
        use AggregateOp::{Bottomk, CountValues, LimitRatio, Limitk, Quantile, Topk};
        matches!(self, Topk | Bottomk | CountValues | Quantile | Limitk | LimitRatio)
    }

    /// Whether it must be enabled.
    pub fn is_experimental(self) -> bool {
        matches!(self, AggregateOp::Limitk | AggregateOp::LimitRatio)
    }
}

operators! {
    /// An operator between two sides.
    BinaryOp {
        /// `+`
        Add = "+",
        /// `-`
        Sub = "-",
        /// `*`
        Mul = "*",
        /// `/`
        Div = "/",
        /// `%`
        Mod = "%",
        /// `^`
        Pow = "^",
        /// `atan2`
        Atan2 = "atan2",
        /// `==`
        Equal = "==",
        /// `!=`
        NotEqual = "!=",
        /// `<`
        Less = "<",
        /// `<=`
        LessEqual = "<=",
        /// `>`
        Greater = ">",
        /// `>=`
        GreaterEqual = ">=",
        /// `</`: the part of a histogram below a value.
        TrimUpper = "</",
        /// `>/`: the part of a histogram above a value.
        TrimLower = ">/",
        /// `and`
        And = "and",
        /// `or`
        Or = "or",
        /// `unless`
        Unless = "unless",
    }
}

impl BinaryOp {
    /// Whether it is a comparison.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        matches!(self, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
    }

    /// Whether it is one of `and`, `or`, `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless)
    }

    /// Whether its result is another quantity than its operands, so that the metric name goes.
    pub fn is_arithmetic(self) -> bool {
        use BinaryOp::{Add, Atan2, Div, Mod, Mul, Pow, Sub};
        matches!(self, Add | Sub | Mul | Div | Mod | Pow | Atan2)
    }
}

operators! {
    /// What a computed duration does.
    DurationOp {
        /// `+`
        Add = "+",
        /// `-`
        Sub = "-",
        /// `*`
        Mul = "*",
        /// `/`
        Div = "/",
        /// `%`
        Mod = "%",
        /// `^`
        Pow = "^",
        /// `step()`
        Step = "step",
        /// `range()`
        Range = "range",
        /// `min_of`
        MinOf = "min_of",
        /// `max_of`
        MaxOf = "max_of",
    }
}
