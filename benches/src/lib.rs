//! Benches, rivals and the side-by-side script. The benches themselves stand in `benches/`.

pub mod disk;
pub mod memory;
pub mod past;
pub mod payload;
pub mod routes;
pub mod shop;

mod walk;
