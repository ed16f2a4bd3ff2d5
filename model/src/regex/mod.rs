//! Regular expressions in Go's syntax (RE2), on Rust's engine.
//!
//! A pattern is read by `parse` into a tree (`node`). Of that, `shape` finds out what needs no automaton; the rest is
//! compiled by `regex-automata`, within limits. Matching takes time linear in the text, whatever the pattern.
//!
//! Where an expression is anchored, `.` matches a newline too, as in Prometheus's matchers and relabelling rules.

mod captures;
mod class;
mod cursor;
mod error;
mod escape;
mod fold;
mod go_regex;
mod node;
mod parse;
mod shape;
mod shared;
mod template;
mod texts;

pub use captures::Captures;
pub use error::RegexError;
pub use go_regex::GoRegex;
pub use template::Template;

/// The limit `regex_size`: how large the automaton of one expression may become.
pub const SIZE_LIMIT_BYTES: usize = 10 << 20;

/// The limit `regex_groups`: how large the table may become in which the engine keeps groups while it looks for them.
pub const GROUPS_LIMIT_BYTES: usize = 64 << 20;
