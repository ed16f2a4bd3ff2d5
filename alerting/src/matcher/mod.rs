//! Matchers as Alertmanager reads, compares and writes them.
//!
//! There are two grammars: the classic one, which is lax about quotes and braces and knows only ASCII label names, and the
//! one that takes any UTF-8, for which all that is special stands in double quotes. Where both read a text differently the
//! classic reading stands, because that is what old files mean ([`Grammar::Fallback`], Alertmanager's default).

mod classic;
mod error;
mod grammar;
mod label_matcher;
mod lexer;
mod parser;

#[cfg(test)]
mod suite;

pub use error::MatcherError;
pub use grammar::Grammar;
pub use label_matcher::{Matcher, Matchers, op};
