//! Which alerts the budgets of objectives and products had over a span, for who reports on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Budgets;
use super::evaluation::product_key;
use crate::product::Composite;
use crate::spec::{Budgeting, BurnPolicy, Composition, Indicator, Objective, Product};
use crate::trial::{self, Ground, Told};
use crate::window::Span;

impl Budgets {
    /// The alerts of an objective over a span, by the conditions in force; `None` where there is no such objective, nobody is told
    /// of it, or that cannot be worked out ([`trial::told`]).
    pub(crate) fn objective_told(&self, id: &str, span: Span) -> Option<Told> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        trial::told(&self.ground(&current), objective, span)
    }

    /// The same of a product whose own budget has conditions.
    pub(crate) fn product_told(&self, name: &str, span: Span) -> Option<Told> {
        let current = self.current();
        let catalog = &current.in_force.catalog;
        let product = catalog.products.get(name)?;
        let composite = Composite::of_product(product, catalog);
        let objective = as_objective(product, product.burn.as_ref()?, &composite);
        // What components promise together changes with them, and is not kept.
        let (ground, none) = (self.ground(&current), BTreeMap::new());
        let versions = if product.target.is_some() { ground.versions } else { &none };
        trial::told(&Ground { versions, ..ground }, &objective, span)
    }
}

/// A product as a composite objective that is told of as the product is.
fn as_objective(product: &Product, burn: &Arc<BurnPolicy>, composite: &Composite<'_>) -> Objective {
    let components = composite.components().to_vec();
    let composition = Composition { method: product.composition.method, components };
    Objective {
        id: product_key(&product.name),
        name: product.name.clone(),
        title: product.title.clone(),
        description: String::new(),
        service: String::new(),
        product: Some(product.name.clone()),
        labels: BTreeMap::new(),
        percent: composite.target().percent_text(),
        target: composite.target(),
        window: product.window.clone(),
        budgeting: Budgeting::Occurrences,
        indicator: Indicator::Composite(composition),
        burn: Arc::clone(burn),
        options: Arc::default(),
        source: product.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::testkit::{Bench, DAY_MS, HOUR_MS, MINUTE_MS, catalog, composition, objective, product};
    use crate::spec::CompositionMethod;

    /// A day of a thousand events a minute, of which an hour is bad, and whom objective and product told of it.
    #[test]
    fn a_product_is_told_of_as_an_objective_is() {
        let now_ms = 20_000 * DAY_MS;
        let bench = Bench::new(now_ms);
        let orders = objective("orders", "99.9");
        let whole = composition(CompositionMethod::Events, &[("orders", 1.0)]);
        let told_of = Product { burn: Some(orders.burn.clone()), ..product("shop", Some("99.9"), whole) };
        let of_parts = Product { name: "parts".to_owned(), target: None, ..told_of.clone() };
        let quiet = Product { name: "quiet".to_owned(), burn: None, ..told_of.clone() };
        bench.apply(catalog(vec![orders], vec![told_of, of_parts, quiet]));
        for minute in 0..24 * 60 {
            let bad = if minute / 60 == 7 { 50.0 } else { 0.0 };
            bench.history.count("orders", now_ms - DAY_MS + minute * MINUTE_MS, bad, 1000.0);
        }
        let span = Span { from_ms: now_ms - 2 * DAY_MS, to_ms: now_ms };
        let told = bench.budgets.objective_told("orders", span).unwrap();
        assert_eq!((told.n_pages, told.n_tickets), (1, 0));
        let n_told =
            |product: &str| bench.budgets.product_told(product, span).map(|told| (told.n_pages, told.n_tickets));
        assert_eq!([n_told("shop"), n_told("parts")], [Some((1, 0)); 2]);
        assert_eq!((n_told("quiet"), n_told("nobody")), (None, None));
        let before = Span { to_ms: now_ms - DAY_MS + 7 * HOUR_MS, ..span };
        assert_eq!(bench.budgets.objective_told("orders", before), Some(Told::default()));
    }
}
