//! Objectives taken together: composite objectives and products.

mod composed;
mod slices;

pub use composed::Composed;
pub(crate) use composed::{Composite, components_of};
pub(crate) use slices::Slices;
