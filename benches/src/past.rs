//! What was stored of a shop before anybody promised anything: counters that are functions of time, made up when they are read.

use std::collections::HashMap;
use std::sync::Arc;

use model::storage::{
    LabelRequest, Listing, Select, SelectError, SelectHints, SeriesReader, SeriesSet, TILE_SAMPLES, Tile,
};
use model::{Labels, MatchOp, Matcher};

use crate::shop::STEP_MS;

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
    /// The past between two times, in milliseconds since the Unix epoch, of nobody yet.
    pub fn new(begin_ms: i64, end_ms: i64) -> Past {
        Past { begin_ms, end_ms, ..Past::default() }
    }

    /// Adds a target, which was scraped all the time.
    pub fn add_target(&mut self, instance: &str) {
        let labels = Labels::from_pairs([("__name__", "up"), ("job", "shop"), ("instance", instance)]);
        self.ups.push(Arc::new(Old { labels, step_ms: STEP_MS, per_s: 0.0 }));
    }

    /// Adds a counter of a target and a route, with other labels, that grows by so much in a second and has a sample in each step.
    pub fn add_counter(&mut self, (instance, route): (&str, &str), others: &[(&str, &str)], per_s: f64, step_ms: i64) {
        let own = [("__name__", "http_requests_total"), ("job", "shop"), ("instance", instance), ("route", route)];
        let labels = Labels::from_pairs(own.into_iter().chain(others.iter().copied()));
        self.by_route.entry(route.to_owned()).or_default().push(Arc::new(Old { labels, step_ms, per_s }));
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
        let step_ms = self.found.series[series].step_ms;
        self.series = series;
        self.next_ms = (start_ms.max(self.found.begin_ms) + step_ms - 1).div_euclid(step_ms) * step_ms;
    }

    fn next_tile(&mut self, tile: &mut Tile) -> Result<bool, SelectError> {
        let Found { series, begin_ms, end_ms } = self.found;
        let Old { step_ms, per_s, .. } = *series[self.series];
        tile.clear();
        while self.next_ms <= *end_ms && tile.timestamps.len() < TILE_SAMPLES {
            let grown = ((self.next_ms - begin_ms) as f64 / 1000.0 * per_s).floor();
            tile.timestamps.push(self.next_ms);
            tile.values.push(if per_s > 0.0 { grown } else { 1.0 });
            self.next_ms += step_ms;
        }
        Ok(!tile.timestamps.is_empty())
    }
}
