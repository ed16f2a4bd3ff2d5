//! PromQL: lexer, grammar, types, plan, columnar engine, functions, formatting.
//!
//! A text becomes a tree ([`syntax`]), the tree becomes a plan (`plan`: durations computed, selectors told what to read),
//! and the plan is evaluated over a store (`eval`) as columns: one series over all steps at a time (`column`), never all
//! series at one step. [`Engine`] is the way in.
//!
//! The room sees storage only through `model`'s `Select`. It does no I/O and writes no log.
//!
//! Deliberately absent so far: arithmetic on native histograms, which answers that it is not supported yet.

mod column;
mod engine;
mod eval;
mod plan;
pub mod syntax;

pub use engine::{
    Annotations, AnswerMemory, Cancel, Engine, EngineOptions, ErrorKind, Level, Limits, NodeStatistics, Outcome,
    QueryError, QueryOptions, Series, Statistics, Timings, Value, VectorSample,
};
