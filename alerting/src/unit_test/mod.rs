//! Tests of rules: what promtool's `test rules` reads, does and says.
//!
//! A file ([`TestFile`]) names rule files and has test groups. Each group gets an empty store of its own; its series come in as
//! time goes on, all rules are evaluated at every interval, and what fires and what expressions give is compared with what
//! is expected ([`run`]). The words of failures are promtool's.
//!
//! Nothing here opens files or stores: the caller reads what is named, and hands in stores ([`TestStore`]).

mod diff;
mod expected;
mod file;
mod group;
mod series;
#[cfg(test)]
mod tests;

pub use file::{AlertTest, ExpectedAlert, ExpectedSample, ExprTest, InputSeries, StartTime, TestFile, TestGroup};
pub use group::{Outcome, Setting, TestStore, run};
