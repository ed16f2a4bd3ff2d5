//! Error budgets: how much unreliability users were promised to tolerate, how much of it is spent, by what, and whether the
//! next release may ship.
//!
//! [`spec`] is what spec files say, whatever format they are in. [`history`] is what was counted. Everything else reads these
//! two. [`sloth`] and [`pyrra`] read the files of others, and [`export`] writes rules for others. [`count`] counts, and
//! [`exclusion`] says which time does not. [`budget`] says what is left, with what burns ([`burn`]) and what is to be expected
//! ([`forecast`]), for objectives and for several of them together ([`product`]), over a [`window`]; `series` shows it to
//! queries. [`grouping`] makes objectives for each group of series. [`condition`] is the language of policies and gates.
//! [`notify`] says who is told of budgets.
//! [`policy`] says in which state a product is, [`gate`] answers pipelines, [`deployment`] and [`hook`] know what went out, and
//! [`ledger`] what it cost.
//! [`report`] tells people who never saw a query, [`schedule`] does so by mail again and again, and [`trial`] says what another
//! promise would have been.

pub mod budget;
pub mod burn;
pub mod condition;
pub mod count;
pub mod deployment;
pub mod draft;
pub mod exclusion;
pub mod export;
pub mod forecast;
pub mod gate;
pub mod grouping;
pub mod history;
pub mod hook;
pub mod ledger;
pub mod limits;
pub mod lint;
pub mod notify;
pub mod openslo;
pub mod policy;
pub mod product;
pub mod pyrra;
mod records;
pub mod report;
pub mod schedule;
mod series;
pub mod sloth;
pub mod spec;
#[cfg(test)]
mod suites;
pub mod trial;
pub mod window;
