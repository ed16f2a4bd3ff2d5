//! What fuzz targets share.

pub mod exposition;
