//! Budgets as series: our names, and Sloth's and Pyrra's for dashboards that know those.

mod others;
mod placed;
mod pyrra;
mod rows;
mod source;
#[cfg(test)]
mod suite;
mod table;
mod writer;

pub(crate) use placed::PartRows;
pub(crate) use rows::{alert_rows, is_of_budget, product_rows, value};
pub(crate) use source::At;
pub(crate) use table::Table;
pub(crate) use writer::Writer;
