//! What is promised as a whole: products, their services, and what is agreed about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{BurnPolicy, Share, SourcePlace, Window};

/// A service.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What it is, in words.
    pub description: String,
    /// The product that it belongs to: its label `product`.
    pub product: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Where it was written.
    pub source: SourcePlace,
}

/// A product.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Its name.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// Addresses of those who answer for the product.
    pub product_owners: Vec<String>,
    /// Addresses of those who build it.
    pub engineering_owners: Vec<String>,
    /// Its own target and how that was written in percent; `None` where only its objectives have one.
    pub target: Option<(Share, String)>,
    /// Over which time.
    pub window: Window,
    /// What makes its budget.
    pub composition: Composition,
    /// Ids of objectives that are shown and do not count.
    pub informational: Vec<String>,
    /// When its own budget tells, beside those of its objectives; `None` for never.
    pub burn: Option<Arc<BurnPolicy>>,
    /// The name of its error-budget policy.
    pub policy: Option<String>,
    /// Where it was written.
    pub source: SourcePlace,
}

/// Objectives taken together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Composition {
    /// How.
    pub method: CompositionMethod,
    /// Which.
    pub components: Vec<Component>,
}

/// How objectives are taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompositionMethod {
    /// Bad events of all over events of all.
    Events,
    /// A slice of time is bad where any component's is.
    AnyBad,
    /// The components' burn rates, each by its weight.
    WeightedBurn,
    /// A user needs all of them one after the other: 1 - ∏(1 - e) in each slice.
    #[default]
    Series,
}

/// One of the objectives taken together.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its id.
    pub objective: String,
    /// Whose it is.
    pub role: Role,
    /// How much it weighs.
    pub weight: f64,
}

/// Whose an objective is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// The product's own.
    #[default]
    Own,
    /// Somebody's that the product leans on.
    Upstream,
}

/// Time and events that do not count: agreed maintenance, or what was measured wrongly.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    /// Its name.
    pub name: String,
    /// Ids of the objectives.
    pub objectives: Vec<String>,
    /// When it first begins, with its zone.
    pub first: jiff::Zoned,
    /// How long each lasts, in milliseconds.
    pub length_ms: i64,
    /// How it repeats (RFC 5545); `None` for once.
    pub rrule: Option<String>,
    /// Why.
    pub reason: String,
    /// Where it was written.
    pub source: SourcePlace,
}
