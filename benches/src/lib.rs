//! Benches, rivals and the side-by-side script. The benches themselves stand in `benches/`.

pub mod memory;
pub mod payload;

mod walk;
