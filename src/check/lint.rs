//! What is legal and unwise in a configuration.

use model::duration::PromDuration;

use crate::config::Loaded;

/// Finds what the options ask for, a list of names separated by commas.
pub(super) fn check(loaded: &Loaded, options: &str, lookback_delta: PromDuration) -> Vec<String> {
    let has = |name| options.split(',').any(|option| option.trim() == name);
    if has("none") || !(has("all") || has("too-long-scrape-interval")) {
        return Vec::new();
    }
    let too_long = loaded.scrape_configs.iter().filter(|config| config.scrape_interval >= lookback_delta);
    let found = too_long.map(|config| {
        let (job, interval) = (&config.job_name, config.scrape_interval);
        format!("too long scrape interval found, data point will be marked as stale - job: {job}, interval: {interval}")
    });
    found.collect()
}
