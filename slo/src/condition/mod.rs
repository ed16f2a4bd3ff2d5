//! The little language of policies and gates: `remaining <= 25% or forecast.exhaustion < 3d`.
//!
//! A [`Condition`] compares facts with values and joins comparisons by `and`, `or`, `not` and brackets. A fact may be unknown,
//! and then so is what hangs on it: `unknown or true` is true, `unknown and true` is unknown (Kleene's logic), because a gate has
//! to tell "no" from "nobody knows". `docs/gates.md` lists the facts.
//! [`in_words`] says it as a sentence, for those who read no formulas. Deliberately absent: arithmetic, and anything that
//! could loop.

mod evaluate;
mod facts;
mod lexer;
mod parse;
mod reason;
mod sentence;
mod tree;

pub use evaluate::Truth;
pub(crate) use facts::duration_text;
pub use facts::{Facts, Kind, Quantity, Word};
pub use parse::{ConditionError, MAX_CONDITION_BYTES, MAX_CONDITION_DEPTH};
pub use reason::in_words;
pub use tree::Condition;
