//! Evaluating plans.
//!
//! [`evaluation`] goes through the nodes of a plan, each behind its inputs, so that nothing recurses. Vectors come as
//! [`pipeline`]s: columns that are made, changed and handed on one by one, by several threads where there is enough to
//! do. What needs all series at once ([`matching`], sorting, histograms) collects them; aggregations
//! ([`aggregate`]) do not.

mod absent;
mod aggregate;
mod arithmetic;
mod buckets;
mod classic;
mod date;
mod evaluation;
mod info;
mod kahan;
mod labels;
mod map;
mod matching;
mod order;
mod pipeline;
mod quantile;
mod ranges;
mod samples;
mod select;
mod smooth;
mod window;
mod worker;

pub(crate) use evaluation::{Evaluated, Evaluation};
