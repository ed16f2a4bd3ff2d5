//! Pictures of series.
//!
//! For now the smallest one, [`sparkline`], which fits into a line of a terminal. Pictures as SVG and PNG, for mails and
//! reports, come with alerting.

mod sparkline;

pub use sparkline::sparkline;
