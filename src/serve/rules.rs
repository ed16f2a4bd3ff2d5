//! Rules at work in the server: made of the configuration, opened over the store, and told which targets have been scraped.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use alerting::rules::{Freshness, Group, GroupDefaults, ReadOptions, Rules, RulesOptions};
use anyhow::Context;
use journal::OsDisk;
use model::rng::{Rng, SeededRng};
use model::storage::{Append, Select};
use model::{Clock, Labels};
use net::url::Url;
use parking_lot::Mutex;
use query::Engine;
use query::syntax::Options as ParseOptions;
use scrape::Scraper;
use scrape::pool::ActiveTarget;

use crate::cli::flags::Flags;
use crate::config::{Diagnostic, Loaded, RuleSource, Source};

/// How often is looked whether targets have been scraped, in milliseconds.
const LOOK_EVERY_MS: i64 = 100;
/// For how long discovery may take to find the first target, in milliseconds.
const SETTLE_MS: i64 = 5_000;

/// How rule files are read, for these flags and this configuration.
pub(super) fn read_options(parse: ParseOptions, loaded: &Loaded) -> ReadOptions {
    ReadOptions { parse, scheme: loaded.config.global.validation_scheme(), ignore_unknown_fields: false }
}

/// What was read of rule files.
pub(super) struct ReadRules {
    pub(super) groups: Vec<Group>,
    pub(super) sources: Vec<Arc<Source>>,
}

/// The groups of all rule files that a configuration names.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn groups(loaded: &Loaded, parse: ParseOptions) -> Result<ReadRules, Vec<Diagnostic>> {
    let global = &loaded.config.global;
    let defaults = GroupDefaults {
        interval_ms: global.evaluation_interval.as_millis(),
        query_offset_ms: global.rule_query_offset.as_millis(),
        parse,
    };
    let (mut groups, mut sources, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for file in RuleSource::all(&loaded.config.rule_files, read_options(parse, loaded)) {
        match file {
            Ok(RuleSource { source, file }) => {
                let path = source.path.display().to_string();
                for group in &file.groups {
                    match Group::new(&path, group, &defaults) {
                        Ok(group) => groups.push(group),
                        Err(error) => errors.push(Diagnostic::of_file(format_args!("{path}: {error}"))),
                    }
                }
                sources.push(source);
            }
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(ReadRules { groups, sources }) } else { Err(errors) }
}

/// What rules at work are opened over.
pub(super) struct Over {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) engine: Arc<Engine>,
    pub(super) select: Arc<dyn Select>,
    pub(super) append: Arc<dyn Append>,
    pub(super) scraper: Arc<Scraper>,
}

/// Opens the state of alerts in a data directory.
pub(super) fn open(flags: &Flags, data: &Path, external_url: &Url, over: Over) -> anyhow::Result<Arc<Rules>> {
    let mut rng = SeededRng::from_entropy().context("the operating system gives no random numbers")?;
    let ms = |name| i64::try_from(flags.duration(name).as_millis()).unwrap_or(i64::MAX);
    let freshness = Arc::new(Scraped::new(over.scraper, Arc::clone(&over.clock)));
    let rules = Rules::open(RulesOptions {
        disk: Arc::new(OsDisk),
        dir: data.join("alerting").join("rules"),
        salt: (rng.next_u64() >> 32) as u32,
        clock: over.clock,
        engine: over.engine,
        select: over.select,
        append: over.append,
        freshness,
        external_url: external_url.to_string().trim_end_matches('/').to_owned(),
        resend_delay_ms: ms("rules.alert.resend-delay"),
        outage_tolerance_ms: ms("rules.alert.for-outage-tolerance"),
    })?;
    Ok(Arc::new(rules))
}

/// Knows since when the targets have been scraped in this run.
#[derive(Debug)]
struct Scraped {
    scraper: Arc<Scraper>,
    clock: Arc<dyn Clock>,
    start_ms: i64,
    /// From then on all are fresh; `i64::MAX` until that is known.
    all_fresh_ms: AtomicI64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    looked_ms: i64,
    /// By job and instance, since when there are samples of this run; `i64::MAX` where there are none yet.
    since_ms: HashMap<(String, String), i64>,
}

impl Scraped {
    fn new(scraper: Arc<Scraper>, clock: Arc<dyn Clock>) -> Scraped {
        let start_ms = clock.now_ms();
        Scraped { scraper, clock, start_ms, all_fresh_ms: AtomicI64::new(i64::MAX), seen: Mutex::default() }
    }

    /// Looks which targets have been scraped since the last look.
    fn look(&self, seen: &mut Seen) {
        let now_ms = self.clock.now_ms();
        if (now_ms - seen.looked_ms).abs() < LOOK_EVERY_MS {
            return;
        }
        seen.looked_ms = now_ms;
        for target in self.scraper.status().into_iter().flat_map(|pool| pool.active) {
            let label = |name| target.labels.get(name).unwrap_or_default().to_owned();
            let since_ms = seen.since_ms.entry((label("job"), label("instance"))).or_insert(i64::MAX);
            *since_ms = (*since_ms).min(self.fresh_ms(&target));
        }
        // Where discovery finds its targets late, there are none for a while.
        if seen.since_ms.values().all(|since_ms| *since_ms <= now_ms) && !seen.since_ms.is_empty() {
            let newest_ms = seen.since_ms.values().copied().max().unwrap_or(self.start_ms);
            self.all_fresh_ms.store(newest_ms, Ordering::Relaxed);
        }
    }

    /// Since when there are samples of this run of a target, or would be if it answered.
    fn fresh_ms(&self, target: &ActiveTarget) -> i64 {
        let longest = i64::try_from((target.interval + target.timeout).as_millis()).unwrap_or(i64::MAX);
        let waited_ms = self.start_ms.saturating_add(longest);
        let scraped_ms = target.state.last_scrape_ms.filter(|scraped_ms| *scraped_ms >= self.start_ms);
        // A scrape has the time at which it began, and its samples are there when it is reported.
        scraped_ms.map_or(waited_ms, |scraped_ms| scraped_ms.min(waited_ms))
    }
}

impl Freshness for Scraped {
    fn is_fresh(&self, labels: &Labels, at_ms: i64) -> bool {
        if self.all_fresh_ms.load(Ordering::Relaxed) <= at_ms {
            return true;
        }
        let mut seen = self.seen.lock();
        self.look(&mut seen);
        let (job, instance) = (labels.get("job"), labels.get("instance"));
        let is_of = |(of_job, of_instance): &(String, String)| {
            job.is_none_or(|job| job == of_job) && instance.is_none_or(|instance| instance == of_instance)
        };
        let mut of_alert = seen.since_ms.iter().filter(|(key, _)| is_of(key)).peekable();
        match of_alert.peek() {
            Some(_) => of_alert.all(|(_, since_ms)| *since_ms <= at_ms),
            // What came from no target is waited for like everything there is.
            None if seen.since_ms.is_empty() => self.start_ms + SETTLE_MS <= at_ms,
            None => seen.since_ms.values().all(|since_ms| *since_ms <= at_ms),
        }
    }
}
