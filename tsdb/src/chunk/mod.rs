//! Chunks: runs of samples of one series, compressed.

pub(crate) mod bits;
pub(crate) mod gorilla;
