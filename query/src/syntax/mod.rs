//! The language: from texts to checked trees, and back.
//!
//! `lexer` makes tokens of bytes, `grammar` a tree (`ast`) of tokens, and `check` sees that its types fit. Errors
//! are Prometheus's to the letter, all of them, in its order; `tokens` says how. Trees are printed by `print`, broken
//! into lines by `pretty`, and shown to the query page by `json`.

mod ast;
mod check;
mod error;
mod function;
mod grammar;
mod json;
mod lexer;
mod number;
mod parse;
mod pretty;
mod print;
mod quote;
pub mod series;
mod span;
mod state;
mod token;
mod tokens;
mod value_type;

pub use ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Border, Cardinality, DurationExpr, DurationOp, Expr, Length,
    Matching, Node, NodeId, NodeKind, Subquery, VectorSelector, Walk,
};
pub(crate) use number::percent_g;

pub use error::{ParseError, ParseErrors};
pub use function::{Function, Variadic};
pub use parse::{MAX_TEXT_BYTES, Options, parse, parse_bytes, parse_selector};
pub use pretty::{DEFAULT_WIDTH, FormatError, MAX_FORMATTED_BYTES};
pub use span::{Position, Span};
pub use state::MAX_DEPTH;
pub use value_type::ValueType;
