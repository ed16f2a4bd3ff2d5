//! How many notifications alerts would have brought, after Alertmanager's rules: each receiver that hears of resolved alerts, and
//! takes what it is sent at once.

use std::collections::{BTreeMap, BTreeSet};

use model::Labels;

use super::History;
use crate::route::{RouteOptions, RouteTree};

/// How many notifications, to all receivers together.
pub(super) fn n_notifications(histories: &[History], routes: &RouteTree, end_ms: i64) -> usize {
    let mut groups: BTreeMap<(usize, Labels), Vec<Firing>> = BTreeMap::new();
    for (alert, history) in histories.iter().enumerate() {
        for route in routes.matching(&history.labels) {
            let key = (route.index, route.options.group_by.labels_of(&history.labels));
            let firing = history.firing();
            let firing = firing.map(|one| Firing { alert, start_ms: one.start_ms, end_ms: one.end_ms });
            groups.entry(key).or_default().extend(firing);
        }
    }
    groups.into_iter().map(|((route, _), firing)| told(firing, &routes.routes()[route].options, end_ms)).sum()
}

/// An alert that fires for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Firing {
    start_ms: i64,
    end_ms: i64,
    alert: usize,
}

/// What a group has told last.
#[derive(Debug, Default)]
struct Told {
    at_ms: i64,
    firing: BTreeSet<usize>,
    resolved: BTreeSet<usize>,
}

/// How many notifications a group sends until a time.
fn told(mut all: Vec<Firing>, options: &RouteOptions, end_ms: i64) -> usize {
    all.sort_unstable();
    let (mut last, mut n_told, mut next) = (None::<Told>, 0, 0);
    // The alerts of the group, and when it tells next; without alerts there is no group.
    let mut group: BTreeMap<usize, Firing> = BTreeMap::new();
    let mut flush_ms = 0;
    loop {
        if group.is_empty() {
            let Some(first) = all.get(next) else { return n_told };
            flush_ms = first.start_ms + options.group_wait_ms;
        }
        if flush_ms >= end_ms {
            return n_told;
        }
        while let Some(firing) = all.get(next).filter(|firing| firing.start_ms <= flush_ms) {
            group.insert(firing.alert, *firing);
            next += 1;
        }
        let of = |is_firing: bool| -> BTreeSet<usize> {
            let those = group.values().filter(|one| (one.end_ms > flush_ms) == is_firing);
            those.map(|one| one.alert).collect()
        };
        let (firing, resolved) = (of(true), of(false));
        if is_news(&firing, &resolved, last.as_ref(), flush_ms - options.repeat_interval_ms) {
            n_told += 1;
            last = Some(Told { at_ms: flush_ms, firing, resolved });
        }
        group.retain(|_, one| one.end_ms > flush_ms);
        flush_ms += options.group_interval_ms.max(1);
    }
}

/// Alertmanager's decision, in its order.
fn is_news(firing: &BTreeSet<usize>, resolved: &BTreeSet<usize>, last: Option<&Told>, repeat_before_ms: i64) -> bool {
    match last {
        None => !firing.is_empty(),
        Some(last) if !firing.is_subset(&last.firing) => true,
        Some(last) if firing.is_empty() => !last.firing.is_empty(),
        Some(last) => !resolved.is_subset(&last.resolved) || last.at_ms < repeat_before_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::GroupBy;

    #[test]
    fn groups_tell_what_is_new() {
        let options = RouteOptions {
            group_by: GroupBy::All,
            group_wait_ms: 30,
            group_interval_ms: 300,
            repeat_interval_ms: 1000,
            ..RouteOptions::default()
        };
        let check = |alerts: &[(usize, i64, i64)], want: usize| {
            let firing = alerts.iter().map(|(alert, start_ms, end_ms)| Firing {
                alert: *alert,
                start_ms: *start_ms,
                end_ms: *end_ms,
            });
            assert_eq!(told(firing.collect(), &options, 100_000), want, "{alerts:?}");
        };
        check(&[], 0);
        // Over before anybody is told.
        check(&[(0, 0, 20)], 0);
        check(&[(0, 0, 200)], 2);
        // Two at once are told at once, and each as resolved.
        check(&[(0, 0, 200), (1, 10, 200)], 2);
        check(&[(0, 0, 200), (1, 10, 400)], 3);
        // A late one waits for the next time.
        check(&[(0, 0, 2000), (1, 100, 2000)], 4);
        // 30, and again at 1230 and 2430.
        check(&[(0, 0, 3000)], 4);
        // Over and back between two looks: nothing was seen.
        check(&[(0, 0, 100), (0, 200, 400)], 2);
        // A group that begins anew waits again.
        check(&[(0, 0, 200), (0, 5000, 5200)], 4);
        // Nobody knows what comes after the end.
        check(&[(0, 99_980, 100_000)], 0);
        check(&[(0, 99_000, 100_000)], 1);
    }
}
