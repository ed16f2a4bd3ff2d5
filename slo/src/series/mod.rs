//! Budgets as series: our names, and Sloth's and Pyrra's for dashboards that know those.

mod pyrra;
mod rows;
#[cfg(test)]
mod suite;
mod writer;

pub(crate) use rows::{Row, alert_rows, product_rows, rows, value, windows_ms};
pub(crate) use writer::Writer;
