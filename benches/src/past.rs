//! What was stored of a shop before anybody promised anything: counters that are functions of time, made up when they are read.

#![expect(clippy::unwrap_used, reason = "a bench stops when it cannot go on")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use model::storage::{
    LabelRequest, Listing, Select, SelectError, SelectHints, SeriesReader, SeriesSet, TILE_SAMPLES, Tile,
};
use model::{Labels, MatchOp, Matcher};
use tsdb::import::{Importer, Origin, Samples, Written, place_of_target, window_for};

use crate::routes::{ROUTES_PER_TARGET, SERIES_PER_ROUTE, grown, instance, labels, per_s};
use crate::shop::STEP_MS;

/// Samples of what is not there with all of them are so far apart.
pub const SPARSE_MS: i64 = 300_000;

/// How far samples of a route are apart if there are all of the first `n_whole`.
pub fn step_ms(route: usize, n_whole: usize) -> i64 {
    if route < n_whole { STEP_MS } else { SPARSE_MS }
}

/// A past.
#[derive(Debug, Default)]
pub struct Past {
    begin_ms: i64,
    end_ms: i64,
    by_route: HashMap<String, Vec<Arc<Old>>>,
    ups: Vec<Arc<Old>>,
}

/// A series of it.
#[derive(Debug)]
struct Old {
    labels: Labels,
    step_ms: i64,
    /// How much it grows by in a second; a series that does not grow stays 1.
    per_s: f64,
}

impl Past {
    /// The past of routes between two times, in milliseconds since the Unix epoch, as they begin with nothing. Of the first
    /// `n_whole` and their targets there is a sample in each scrape, of the others one every [`SPARSE_MS`].
    pub fn of_routes(n_routes: usize, n_whole: usize, begin_ms: i64, end_ms: i64) -> Past {
        let mut past = Past { begin_ms, end_ms, ..Past::default() };
        let step_ms = |route| step_ms(route, n_whole);
        for first in (0..n_routes).step_by(ROUTES_PER_TARGET) {
            let instance = instance(first / ROUTES_PER_TARGET);
            let labels = Labels::from_pairs([("__name__", "up"), ("job", "shop"), ("instance", instance.as_str())]);
            past.ups.push(Arc::new(Old { labels, step_ms: step_ms(first), per_s: 0.0 }));
        }
        for route in 0..n_routes {
            for code in 0..SERIES_PER_ROUTE {
                let labels = labels(route, code);
                let labels = Labels::from_pairs(labels.iter().map(|(name, value)| (*name, value.as_str())));
                past.add_counter(labels, per_s(route, code), step_ms(route));
            }
        }
        past
    }

    /// Adds a counter that grows by so much in a second and has a sample in each step.
    pub fn add_counter(&mut self, labels: Labels, per_s: f64, step_ms: i64) {
        let route = labels.get("route").unwrap_or_default().to_owned();
        self.by_route.entry(route).or_default().push(Arc::new(Old { labels, step_ms, per_s }));
    }

    /// Writes the series that have a sample in each scrape into a data directory, as blocks.
    ///
    /// # Panics
    /// When the directory cannot be used.
    pub fn import(&self, disk: &Arc<dyn Disk>, data: &Path) -> Written {
        let importer = Importer::open(disk, data).unwrap();
        let all = self.ups.iter().chain(self.by_route.values().flatten());
        let mut whole: Vec<&Old> = all.map(|old| &**old).filter(|old| old.step_ms == STEP_MS).collect();
        whole.sort_by_cached_key(|old| (place_of_target(&old.labels), old.labels.clone()));
        let mut windows = importer.begin(Origin::new(self.end_ms, &[]), window_for(self.begin_ms, self.end_ms));
        let mut samples = Samples::default();
        for old in whole {
            samples.clear();
            for at_ms in (old.first_ms(self.begin_ms)..=self.end_ms).step_by(STEP_MS as usize) {
                samples.push(at_ms, 0, old.value(at_ms - self.begin_ms).to_bits());
            }
            windows.series(&old.labels, &samples).unwrap();
        }
        windows.finish().unwrap()
    }
}

impl Old {
    /// The time of its first sample from a time on.
    fn first_ms(&self, from_ms: i64) -> i64 {
        (from_ms + self.step_ms - 1).div_euclid(self.step_ms) * self.step_ms
    }

    /// What it says so long after it began.
    fn value(&self, since_ms: i64) -> f64 {
        if self.per_s > 0.0 { grown(since_ms, self.per_s) } else { 1.0 }
    }
}

impl Select for Past {
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        let of = |name: &str| {
            matchers.iter().find(|matcher| matcher.name() == name && matcher.op() == MatchOp::Equal).map(Matcher::value)
        };
        let among = match (of("__name__"), of("route")) {
            (Some("up"), _) => Some(&self.ups),
            (_, Some(route)) => self.by_route.get(route),
            _ => None,
        };
        let is_asked = |old: &&Arc<Old>| matchers.iter().all(|matcher| matcher.matches_labels(&old.labels));
        let series = among.into_iter().flatten().filter(is_asked).cloned().collect();
        Ok(Box::new(Found { series, begin_ms: self.begin_ms, end_ms: self.end_ms.min(hints.end_ms) }))
    }

    fn label_names(&self, _: &LabelRequest) -> Result<Listing, SelectError> {
        Ok(Listing::default())
    }

    fn label_values(&self, _: &str, _: &LabelRequest) -> Result<Listing, SelectError> {
        Ok(Listing::default())
    }
}

#[derive(Debug)]
struct Found {
    series: Vec<Arc<Old>>,
    begin_ms: i64,
    end_ms: i64,
}

impl SeriesSet for Found {
    fn len(&self) -> usize {
        self.series.len()
    }

    fn labels(&self, series: usize) -> Labels {
        self.series[series].labels.clone()
    }

    fn reader(&self) -> Box<dyn SeriesReader + '_> {
        Box::new(Reader { found: self, series: 0, next_ms: self.begin_ms })
    }
}

struct Reader<'f> {
    found: &'f Found,
    series: usize,
    next_ms: i64,
}

impl SeriesReader for Reader<'_> {
    fn seek(&mut self, series: usize, start_ms: i64) {
        self.series = series;
        self.next_ms = self.found.series[series].first_ms(start_ms.max(self.found.begin_ms));
    }

    fn next_tile(&mut self, tile: &mut Tile) -> Result<bool, SelectError> {
        let Found { series, begin_ms, end_ms } = self.found;
        let old = &*series[self.series];
        tile.clear();
        while self.next_ms <= *end_ms && tile.timestamps.len() < TILE_SAMPLES {
            tile.timestamps.push(self.next_ms);
            tile.values.push(old.value(self.next_ms - begin_ms));
            self.next_ms += old.step_ms;
        }
        Ok(!tile.timestamps.is_empty())
    }
}
