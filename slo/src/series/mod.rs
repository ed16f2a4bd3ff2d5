//! Budgets as series: our names, and Sloth's and Pyrra's for dashboards that know those.

mod pyrra;
mod rows;
#[cfg(test)]
mod suite;
mod table;
mod writer;

pub(crate) use rows::{alert_rows, product_rows, value};
pub(crate) use table::Table;
pub(crate) use writer::{Rows, Writer};
