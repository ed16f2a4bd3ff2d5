//! Objectives of which each group of series has a budget of its own: `groupBy` of `SLOOptions`, and Pyrra's `grouping`.
//!
//! Spec files say by which labels, and the stored series say which groups there are: [`discover`] looks, and [`split`] puts an
//! objective for each in the place of the one that was written. Counting, alerts and series know nothing of it. A group is there
//! for as long as its series are stored; while there is none, the objective stands for itself and has no data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::storage::{Select, SelectError, SelectHints};
use model::{Labels, Matcher};
use query::syntax::parse_selector;

use crate::lint::fault;
use crate::spec::{
    Catalog, Component, Counted, Counter, CounterTerm, Indicator, MAX_OBJECTIVES, Objective, Options, SpecFault,
    limit_faults,
};

/// The limit `slo_groups`: how many groups of an objective have a budget.
pub const MAX_GROUPS: usize = 200;

/// The values of the labels by which an objective is grouped.
pub type Group = BTreeMap<String, String>;

/// Which groups there are, by the id of the objective that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(BTreeMap<String, Found>);

/// The groups of an objective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// At most [`MAX_GROUPS`].
    groups: BTreeSet<Group>,
    /// How many more there are.
    n_beyond: usize,
}

/// Whether what is counted can be told apart by groups: all of it is selectors.
pub(crate) fn can_be_split(indicator: &Indicator) -> bool {
    match indicator {
        Indicator::Events { counted: Counted::Exactly(_), total: Counted::Exactly(_), .. } => true,
        Indicator::Threshold { query, .. } | Indicator::Ratio { query, .. } => parse_selector(query).is_ok(),
        Indicator::Events { .. } | Indicator::Composite(_) => false,
    }
}

/// Whether any objective of a catalog has groups.
pub fn has_groups(catalog: &Catalog) -> bool {
    grouped(catalog).next().is_some()
}

fn grouped(catalog: &Catalog) -> impl Iterator<Item = &Objective> {
    catalog.objectives.values().filter(|objective| !objective.options.group_by.is_empty())
}

/// Which groups there are of series with samples from a time on. Where there are too many, those that were known stay.
///
/// # Errors
/// When the store cannot be read.
pub fn discover(catalog: &Catalog, known: &Groups, select: &dyn Select, from_ms: i64) -> Result<Groups, SelectError> {
    let hints = SelectHints { start_ms: from_ms, end_ms: i64::MAX, function: Some("series"), ..SelectHints::default() };
    let mut groups = Groups::default();
    for objective in grouped(catalog) {
        let mut all = BTreeSet::new();
        for matchers in selectors(&objective.indicator) {
            let series = select.select(&matchers, &hints)?;
            all.extend((0..series.len()).map(|index| group_of(objective, &series.labels(index))));
        }
        if !all.is_empty() {
            let before = known.0.get(&objective.id);
            groups.0.insert(objective.id.clone(), limited(all, before.map(|found| &found.groups)));
        }
    }
    Ok(groups)
}

/// No more groups than may be, those that were there before others.
fn limited(mut all: BTreeSet<Group>, before: Option<&BTreeSet<Group>>) -> Found {
    let n_beyond = all.len().saturating_sub(MAX_GROUPS);
    if n_beyond > 0 {
        let (stay, come): (Vec<Group>, Vec<Group>) =
            all.into_iter().partition(|group| before.is_some_and(|before| before.contains(group)));
        all = stay.into_iter().chain(come).take(MAX_GROUPS).collect();
    }
    Found { groups: all, n_beyond }
}

/// The selectors of all that is counted.
fn selectors(indicator: &Indicator) -> Vec<Vec<Matcher>> {
    match indicator {
        Indicator::Events { total: Counted::Exactly(total), .. } => {
            let added = total.terms.iter().filter(|term| !term.is_subtracted);
            added.map(|term| term.matchers.to_vec()).collect()
        }
        Indicator::Threshold { query, .. } | Indicator::Ratio { query, .. } => {
            parse_selector(query).into_iter().collect()
        }
        Indicator::Events { .. } | Indicator::Composite(_) => Vec::new(),
    }
}

/// A series without one of the labels is of the group in which that is empty.
fn group_of(objective: &Objective, labels: &Labels) -> Group {
    let value = |name: &String| (name.clone(), labels.get(name).unwrap_or_default().to_owned());
    objective.options.group_by.iter().map(value).collect()
}

/// A catalog with an objective for each group. What names the one that was written names all of its groups then.
pub fn split(catalog: &Catalog, groups: &Groups) -> Catalog {
    split_within(catalog, groups, MAX_OBJECTIVES)
}

fn split_within(catalog: &Catalog, groups: &Groups, max_objectives: usize) -> Catalog {
    let mut split = catalog.clone();
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, found) in &groups.0 {
        // They come in the place of one.
        if split.objectives.len() + found.groups.len() > max_objectives + 1 {
            split.errors.extend(catalog.objectives.get(id).map(|whole| unsplit(whole, max_objectives)));
            continue;
        }
        let Some(whole) = split.objectives.remove(id) else { continue };
        let parts: Vec<Objective> = found.groups.iter().map(|group| of_group(&whole, group)).collect();
        ids.insert(id.clone(), parts.iter().map(|part| part.id.clone()).collect());
        split.objectives.extend(parts.into_iter().map(|part| (part.id.clone(), part)));
        if found.n_beyond > 0 {
            split.errors.push(beyond(&whole, found.n_beyond));
        }
    }
    limit_faults(&mut split);
    for product in split.products.values_mut() {
        let components = std::mem::take(&mut product.composition.components);
        product.composition.components = components.iter().flat_map(|component| parts(component, &ids)).collect();
        rename(&mut product.informational, &ids);
    }
    split.adjustments.values_mut().for_each(|adjustment| rename(&mut adjustment.objectives, &ids));
    let leans = |objective: &&mut Objective| !objective.options.depends_on.is_empty();
    for objective in split.objectives.values_mut().filter(leans) {
        rename(&mut Arc::make_mut(&mut objective.options).depends_on, &ids);
    }
    split
}

/// A component's groups, which share its weight.
fn parts(component: &Component, ids: &BTreeMap<String, Vec<String>>) -> Vec<Component> {
    let ids = named(&component.objective, ids);
    let weight = component.weight / ids.len() as f64;
    ids.into_iter().map(|objective| Component { objective, role: component.role, weight }).collect()
}

fn rename(names: &mut Vec<String>, ids: &BTreeMap<String, Vec<String>>) {
    *names = names.iter().flat_map(|name| named(name, ids)).collect();
}

/// The ids that a name means.
fn named(name: &str, ids: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    ids.get(name).cloned().unwrap_or_else(|| vec![name.to_owned()])
}

fn beyond(whole: &Objective, n_beyond: usize) -> SpecFault {
    let n_groups = n_beyond + MAX_GROUPS;
    let message = format!("{MAX_GROUPS} of its {n_groups} groups have a budget, the others none (limit slo_groups)");
    fault(whole, &message)
}

fn unsplit(whole: &Objective, max_objectives: usize) -> SpecFault {
    let message = "its groups have one budget together: with them there were more than";
    fault(whole, &format!("{message} {max_objectives} objectives (limit slo_objectives)"))
}

/// The objective of one group: `NAME{handler="/orders"}`.
fn of_group(whole: &Objective, group: &Group) -> Objective {
    let values: Vec<&str> = group.values().map(String::as_str).filter(|value| !value.is_empty()).collect();
    let labels = Labels::from_pairs(group.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let title = if whole.title.is_empty() { &whole.id } else { &whole.title };
    Objective {
        id: format!("{}{labels}", whole.id),
        title: format!("{title}: {}", if values.is_empty() { "others".to_owned() } else { values.join(", ") }),
        indicator: indicator(&whole.indicator, group),
        options: Arc::new(Options { group: group.clone(), ..Options::clone(&whole.options) }),
        ..whole.clone()
    }
}

fn indicator(whole: &Indicator, group: &Group) -> Indicator {
    let query = |query: &String| match parse_selector(query) {
        Ok(matchers) => selector(&of(&matchers, group)),
        Err(_) => query.clone(),
    };
    match whole {
        Indicator::Events { side, counted, total } => {
            Indicator::Events { side: *side, counted: counter(counted, group), total: counter(total, group) }
        }
        Indicator::Threshold { query: of_all, comparison, value } => {
            Indicator::Threshold { query: query(of_all), comparison: *comparison, value: *value }
        }
        Indicator::Ratio { side, query: of_all } => Indicator::Ratio { side: *side, query: query(of_all) },
        Indicator::Composite(_) => whole.clone(),
    }
}

/// The query stays as it was written; what is counted are its terms.
fn counter(whole: &Counted, group: &Group) -> Counted {
    let Counted::Exactly(counter) = whole else { return whole.clone() };
    let terms = counter.terms.iter().cloned();
    let terms = terms.map(|term| CounterTerm { matchers: of(&term.matchers, group).into(), ..term });
    Counted::Exactly(Counter { text: counter.text.clone(), terms: terms.collect() })
}

fn of(matchers: &[Matcher], group: &Group) -> Vec<Matcher> {
    let of_group = group.iter().map(|(name, value)| Matcher::equal(name, value));
    matchers.iter().cloned().chain(of_group).collect()
}

fn selector(matchers: &[Matcher]) -> String {
    let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", matchers.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::test_kit::{Bench, DAY, MINUTE, labels};
    use crate::history::History;
    use crate::spec::{SpecFile, load};

    const PYRRA: &str = "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: errors, namespace: shop, labels: {pyrra.dev/product: checkout}}\nspec:\n  target: '99'\n  window: 4w\n  indicator:\n    ratio:\n      errors: {metric: 'x_total{code=\"500\"}'}\n      total: {metric: x_total}\n      grouping: [handler]\n---\napiVersion: narthex/v1\nkind: Product\nmetadata: {name: checkout}\nspec: {composition: {components: [{slo: shop-errors, weight: 3}]}}\n";

    fn loaded(text: &str) -> Catalog {
        let catalog = load(&[SpecFile { path: "a.yml".to_owned(), text: text.to_owned() }]);
        assert!(catalog.errors.is_empty(), "{:?}", catalog.errors);
        catalog
    }

    fn group(value: &str) -> Group {
        [("handler".to_owned(), value.to_owned())].into()
    }

    #[test]
    fn each_group_has_a_budget_of_its_own() {
        let (bench, catalog) = (Bench::new(), loaded(PYRRA));
        let series = |handler: &str, code: &str| labels("x_total", &[("handler", handler), ("code", code)]);
        let sell = |minute: i64, handlers: &[(&str, f64, f64)]| {
            let samples: Vec<_> = handlers
                .iter()
                .flat_map(|(handler, good, bad)| [(series(handler, "200"), *good), (series(handler, "500"), *bad)])
                .collect();
            bench.commit(minute * MINUTE, &samples);
            bench.set_now(minute * MINUTE);
        };
        sell(1, &[("/a", 0.0, 0.0), ("", 0.0, 0.0)]);
        let groups = discover(&catalog, &Groups::default(), &*bench.store, 0).unwrap();
        let parts = split(&catalog, &groups);
        let ids: Vec<&str> = parts.objectives.keys().map(String::as_str).collect();
        assert_eq!(ids, [r#"shop-errors{handler="/a"}"#, "shop-errors{}"]);
        assert_eq!(parts.objectives[ids[0]].title, "errors: /a");
        let components = parts.products["checkout"].composition.components.iter();
        let components: Vec<_> = components.map(|part| (part.objective.as_str(), part.weight)).collect();
        assert_eq!(components, [(ids[1], 1.5), (ids[0], 1.5)]);
        let counting = bench.counting();
        counting.apply(Arc::new(parts.clone())).unwrap();
        sell(2, &[("/a", 90.0, 10.0), ("", 5.0, 0.0), ("/b", 0.0, 0.0)]);
        counting.tick();
        let counted = |id: &str| {
            let counts = counting.counts(id, 0, DAY);
            (counts.bad, counts.total)
        };
        assert_eq!((counted(ids[0]), counted(ids[1])), ((10.0, 100.0), (0.0, 5.0)));
        let more = discover(&catalog, &groups, &*bench.store, 0).unwrap();
        assert_ne!(more, groups);
        counting.apply(Arc::new(split(&catalog, &more))).unwrap();
        sell(3, &[("/a", 90.0, 10.0), ("/b", 7.0, 1.0)]);
        counting.tick();
        assert_eq!(counted(r#"shop-errors{handler="/b"}"#), (1.0, 8.0));
        assert_eq!(counted(ids[0]), (10.0, 100.0));
    }

    #[test]
    fn there_are_no_more_groups_than_may_be() {
        let all: BTreeSet<Group> = (0..MAX_GROUPS + 2).map(|number| group(&format!("{number:03}"))).collect();
        let before: BTreeSet<Group> = [group("201"), group("gone")].into();
        let found = limited(all.clone(), Some(&before));
        assert_eq!((found.groups.len(), found.n_beyond), (MAX_GROUPS, 2));
        assert!(found.groups.contains(&group("201")) && !found.groups.contains(&group("200")));
        let catalog = loaded(PYRRA);
        let groups = Groups([("shop-errors".to_owned(), limited(all, None))].into());
        let told = &split(&catalog, &groups).errors[0];
        let want = "shop-errors: 200 of its 202 groups have a budget, the others none (limit slo_groups)";
        assert_eq!((told.message.as_str(), told.place.line), (want, 3));
        let together = split_within(&catalog, &groups, MAX_GROUPS - 1);
        assert!(together.objectives.keys().eq(["shop-errors"]), "{:?}", together.objectives.keys());
        let want = "shop-errors: its groups have one budget together: with them there were more than 199 objectives \
            (limit slo_objectives)";
        assert_eq!(together.errors[0].message, want);
        assert_eq!(together.products, catalog.products);
    }

    #[test]
    fn gauges_are_split_by_their_selector() {
        let text = PYRRA.replace(
            "ratio:\n      errors: {metric: 'x_total{code=\"500\"}'}\n      total: {metric: x_total}",
            "bool_gauge:\n      metric: up{job=\"a\"}",
        );
        let catalog = loaded(&text);
        let groups = Groups([("shop-errors".to_owned(), limited([group("/a")].into(), None))].into());
        let parts = split(&catalog, &groups);
        let Indicator::Threshold { query, .. } = &parts.objectives[r#"shop-errors{handler="/a"}"#].indicator else {
            panic!("{parts:?}");
        };
        let mut matchers: Vec<String> = parse_selector(query).unwrap().iter().map(ToString::to_string).collect();
        matchers.sort();
        assert_eq!(matchers, [r#"__name__="up""#, r#"handler="/a""#, r#"job="a""#]);
        assert!(!has_groups(&Catalog::default()) && has_groups(&catalog));
    }
}
