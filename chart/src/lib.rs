//! Pictures of series.
//!
//! [`sparkline`] fits into a line of a terminal. A [`Chart`] is drawn as SVG by plotters ([`svg`]), on a grid that is eight
//! times finer than its pixels, because plotters knows whole ones only. Its text stays text; [`png`] has resvg make pixels
//! of both, with fonts of our own and the system's (`fonts`), in a palette of 256 colours, for mails, which show no SVG.
//! How it looks is said by the tokens in `theme`. Absent: legends that can be clicked, and everything else that moves.

mod chart;
mod draw;
mod fonts;
mod overlay;
mod palette;
mod png;
mod scale;
mod sparkline;
mod theme;
mod unit;

#[cfg(test)]
mod tests;

pub use chart::{Band, Chart, Fill, Look, MAX_NAME_CHARS, MAX_SERIES, Mark, MarkKind, Series, Span, Threshold};
pub use draw::{DrawError, svg};
pub use png::{PngError, png};
pub use sparkline::sparkline;
pub use theme::Theme;
pub use unit::Unit;
