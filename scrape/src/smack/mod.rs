//! Native collectors: systems that say what there is to know, but not in an exposition format.
//!
//! Each turns a body into series without I/O; the scrape loop does not know them apart from text. So far Mesos, whose
//! `/metrics/snapshot` is scraped like any other target.

pub mod mesos;
